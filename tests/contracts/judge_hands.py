"""What a hand could do to the tables of judging, and that the audit of incidents tells of each."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

import pytest
import sqlalchemy as sa

from contracts.judge import LABELLED_AS_A_RIVAL, NOW, RIGHT, World
from haoma.errors import Tampered
from haoma.guard.judge import tables
from haoma.guard.judge.audit import Audited, audit_incidents

__all__ = ["AN", "HANDS", "assert_told", "audited", "look_often"]

AN = "0cc00000-0000-4000-8000-000000000001"


def look_often(world: World) -> World:
    """An incident that was opened and closed, and is seen again."""
    for mentions in (LABELLED_AS_A_RIVAL, LABELLED_AS_A_RIVAL, RIGHT, RIGHT, LABELLED_AS_A_RIVAL):
        world.look(*mentions)
    return world


def audited(world: World) -> Audited:
    return world.ask(lambda tx: audit_incidents(tx, world.desk.commitments, world.clock[0]))


class Undone(Exception):
    """Takes a change back."""


def assert_told(world: World, hands: Iterable[sa.Executable]) -> None:
    """The audit tells of each of these statements, and of nothing when it is taken back."""
    for by_hand in hands:

        def work(tx: sa.Connection, by_hand: sa.Executable = by_hand) -> None:
            assert tx.execute(by_hand).rowcount, by_hand
            try:
                audit_incidents(tx, world.desk.commitments, world.clock[0])
            except Tampered:
                raise Undone from None
            pytest.fail(f"nobody noticed {by_hand.compile().params}: {by_hand}")

        with pytest.raises(Undone):
            world.desk.store.write(work)
    audited(world)


_e, _l, _k = tables.evidence, tables.looks, tables.checked
_OF_K = [one for one in _k.c if one.name not in {"check_id", "snapshot"}]
_OF_E = [one for one in _e.c if one.name not in {"evidence_id", "cause"}]
_OF_L = [one for one in _l.c if one.name != "place"]


def made_up(table: sa.Table, key: sa.Column[int], like: int, number: int) -> sa.Insert:
    """Another row of this number, like one that there is."""
    rest = [one for one in table.c if one is not key]
    return sa.insert(table).from_select([key, *rest], sa.select(sa.literal(number), *rest).where(key == like))


HANDS = (
    sa.delete(tables.steps).where(tables.steps.c.step_id == 2),
    sa.update(tables.steps).where(tables.steps.c.step_id == 2).values(why="because"),
    sa.update(tables.steps).where(tables.steps.c.step_id == 1).values(entry_id=1),
    sa.update(tables.incidents).values(state="open"),
    sa.update(tables.votes).where(tables.votes.c.vote_id == 1).values(verdict="match"),
    sa.update(tables.votes).where(tables.votes.c.vote_id == 2).values(fact_id=1),
    sa.update(tables.votes).where(tables.votes.c.vote_id == 2).values(fact_id=99_999),
    sa.update(tables.votes).where(tables.votes.c.vote_id == 2).values(hotline=AN),
    sa.update(tables.votes).where(tables.votes.c.vote_id == 2).values(at=NOW),
    sa.delete(tables.votes).where(tables.votes.c.vote_id == 2),
    sa.delete(tables.votes),
    made_up(tables.votes, tables.votes.c.vote_id, 1, 99),
    sa.update(tables.votes).where(tables.votes.c.vote_id == 2).values(token="another"),
    sa.update(tables.votes).where(tables.votes.c.vote_id == 2).values(by=AN),
    sa.update(tables.votes).where(tables.votes.c.vote_id == 2).values(snapshot="another"),
    sa.update(tables.votes).where(tables.votes.c.vote_id == 2).values(vote_id=99),
    sa.update(_e).where(_e.c.role == "newest").values(url="https://elsewhere.example/"),
    sa.update(_e).where(_e.c.role == "opening").values(digest="0" * 64),
    sa.update(_e).where(_e.c.role == "first").values(screenshot="0" * 64),
    sa.update(_e).where(_e.c.role == "right").values(hidden=True),
    sa.update(_e).where(_e.c.role == "newest").values(personal=True),
    sa.update(_e).where(_e.c.role == "newest").values(role="another"),
    sa.update(_e).where(_e.c.role == "newest").values(entry_id=1),
    sa.delete(_e).where(_e.c.role == "first"),
    sa.delete(_e),
    sa.insert(_e).from_select([*_OF_E, "cause"], sa.select(*_OF_E, sa.literal("0" * 64)).where(_e.c.role == "newest")),
    sa.update(_l).where(_l.c.verdict != "match").values(bad=0),
    sa.update(_l).where(_l.c.verdict != "match").values(good=0, alert=True),
    sa.update(_l).where(_l.c.verdict != "match").values(quiet_until=NOW + timedelta(days=9_999)),
    sa.update(_l).where(_l.c.verdict != "match").values(verdict="match"),
    sa.update(_l).where(_l.c.verdict == "match").values(verdict="stale"),
    sa.update(_l).where(_l.c.verdict == "match").values(place="map/another"),
    sa.delete(_l).where(_l.c.verdict == "match"),
    sa.delete(_l),
    sa.insert(_l).from_select(
        [*_OF_L, "place"], sa.select(*_OF_L, sa.literal("map/another")).where(_l.c.verdict == "match")
    ),
    sa.update(tables.incidents).values(severity="low"),
    sa.update(tables.incidents).values(shown="4008001235"),
    sa.update(tables.incidents).values(kind="platform"),
    sa.update(tables.incidents).values(first_seen_at=NOW),
    sa.update(tables.incidents).values(hotline=AN),
    sa.update(tables.incidents).values(source="poi"),
    sa.update(tables.incidents).values(verdict="stale"),
    sa.update(tables.incidents).values(token="another"),
    sa.update(tables.incidents).values(opened_at=NOW),
    sa.update(tables.incidents).values(closed_at=NOW),
    sa.update(tables.steps).where(tables.steps.c.step_id == 1).values(at=NOW),
    sa.update(_k).where(_k.c.check_id == 1).values(entry_id=99_999),
    sa.update(_k).where(_k.c.check_id == 1).values(snapshot="another"),
    sa.update(_k).where(_k.c.check_id == 1).values(place="map/another"),
    sa.update(_k).where(_k.c.check_id == 1).values(at=NOW),
    sa.update(_k).where(_k.c.check_id == 1).values(kept_until=NOW),
    sa.delete(_k).where(_k.c.check_id == 1),
    sa.insert(_k).from_select([*_OF_K, "snapshot"], sa.select(*_OF_K, sa.literal("another")).where(_k.c.check_id == 1)),
)
"""By hand in what `look_often` leaves."""
