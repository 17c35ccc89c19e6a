from __future__ import annotations

from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from contracts.judge import LABELLED_AS_A_RIVAL, NOBODYS, NOW, OURS, RIGHT, World, shows
from haoma.consent.webhook import RETRIES_S
from haoma.errors import Tampered
from haoma.guard.judge import Verdict, review, tables, tickets
from haoma.guard.judge.audit import Audited, audit_incidents
from haoma.guard.judge.model import Act
from haoma.guard.judge.outbox import again, send_due
from haoma.guard.judge.platforms import read_platforms
from haoma.guard.model import Belongs

AN = "0cc00000-0000-4000-8000-000000000001"


@pytest.fixture
def looked(world: World) -> World:
    for mentions in (LABELLED_AS_A_RIVAL, LABELLED_AS_A_RIVAL, RIGHT, RIGHT, LABELLED_AS_A_RIVAL):
        world.look(*mentions)
    return world


def test_what_was_recorded_holds(looked: World) -> None:
    assert looked.ask(audit_incidents) == Audited(
        5, 3, incidents=1, steps=2, tickets=0, reviews=0, messages=4, drawings=0
    )


@pytest.fixture
def handled(world: World) -> World:
    """Two incidents with tickets, one sent and reminded of; a doubt that was decided; news heard and given up."""
    desk, owner = world.desk, read_platforms()["site-owner"]
    for source in ("map", "map", "poi", "poi"):
        world.look(*LABELLED_AS_A_RIVAL, source=source)
    made, act = dict[str, str](), Act("", world.clock[0], AN)
    for one in world.incidents():
        filed = desk.store.write(lambda tx, one=one: tickets.make(tx, desk, one.id, owner, act))
        made[one.source] = filed.id
    desk.store.write(lambda tx: tickets.sent(tx, desk, made["map"], owner, "K-1", act))
    world.clock[0] += timedelta(days=30)
    desk.store.write(lambda tx: tickets.remind(tx, desk, {}, world.clock[0]))
    for _ in range(2):
        world.look(*RIGHT, source="map")
    world.look(shows(NOBODYS, Belongs.UNSURE), source="forum")
    (doubt,) = world.ask(lambda tx: review.waiting(tx, [OURS], world.clock[0]))
    said = Act("called-and-asked", world.clock[0], AN)
    desk.store.write(lambda tx: review.decide(tx, desk, doubt.id, Verdict.CANNOT_TELL, said))
    for _ in range(len(RETRIES_S) + 2):
        send_due(desk, {"ops": Heard()})
        world.clock[0] += timedelta(days=1)
    return world


class Heard:
    def send(self, message_id: str, news: object, at: datetime) -> None:
        """Hear it."""


def test_tickets_questions_and_news_hold_also_when_an_incident_comes_back(handled: World) -> None:
    found = handled.ask(audit_incidents)
    assert (found.tickets, found.reviews, found.messages > 4) == (2, 1, True)
    states = {row.state for row in handled.rows(tables.messages)}
    assert states == {"done", "failed"}
    for _ in range(2):
        handled.look(*LABELLED_AS_A_RIVAL, source="map")
    (back,) = [one for one in handled.incidents() if one.source == "map"]
    act = Act("", handled.clock[0], AN)
    owner = read_platforms()["site-owner"]
    handled.desk.store.write(lambda tx: tickets.make(tx, handled.desk, back.id, owner, act))
    handled.desk.store.write(lambda tx: again(tx, handled.clock[0]) and None)
    handled.desk.store.write(lambda tx: tx.execute(sa.delete(tables.messages).where(_m.state == "done")) and None)
    assert handled.ask(audit_incidents).tickets == 2


_m, _t, _r = tables.messages.c, tables.tickets.c, tables.reviews.c


BY_HAND = (
    sa.delete(tables.tickets).where(_t.state == "fixed"),
    sa.update(tables.tickets).where(_t.state == "fixed").values(state="dropped"),
    sa.update(tables.tickets).where(_t.state == "fixed").values(sent_at=None),
    sa.update(tables.tickets).where(_t.state == "made").values(closed_at=NOW, state="fixed"),
    sa.update(tables.tickets).where(_t.state == "made").values(platform="baidu"),
    sa.update(tables.tickets).values(made_at=NOW),
    sa.update(tables.tickets).values(reminders=0),
    sa.delete(tables.reviews),
    sa.update(tables.reviews).values(decided="match"),
    sa.update(tables.reviews).values(state="waiting"),
    sa.update(tables.messages).where(_m.state == "done").values(state="due"),
    sa.update(tables.messages).where(_m.state == "failed").values(state="done"),
    sa.update(tables.messages).where(_m.state == "done").values(told_at=NOW),
    sa.delete(tables.messages).where(_m.state == "failed"),
)


class Undone(Exception):
    """Takes a change back."""


def test_what_a_hand_did_with_tickets_questions_and_news_is_told(handled: World) -> None:
    for by_hand in BY_HAND:

        def work(tx: sa.Connection, by_hand: sa.Executable = by_hand) -> None:
            assert tx.execute(by_hand).rowcount
            with pytest.raises(Tampered):
                audit_incidents(tx)
            raise Undone

        with pytest.raises(Undone):
            handled.desk.store.write(work)
    handled.ask(audit_incidents)


def test_news_that_nobody_has_heard_yet_does_not_go_without_a_trace(looked: World) -> None:
    for by_hand in (
        sa.delete(tables.messages),
        sa.update(tables.messages).values(message_id=sa.func.upper(_m.channel)),
    ):
        which = by_hand.where(_m.message_id == sa.select(sa.func.min(_m.message_id)).scalar_subquery())

        def work(tx: sa.Connection, by_hand: sa.Executable = which) -> None:
            assert tx.execute(by_hand).rowcount == 1
            with pytest.raises(Tampered):
                audit_incidents(tx)
            raise Undone

        with pytest.raises(Undone):
            looked.desk.store.write(work)


def test_news_that_was_made_by_hand_is_told(looked: World) -> None:
    at = looked.clock[0]
    row = {"message_id": AN, "channel": "ops", "payload": "{}", "state": "due", "attempts": 0, "due_at": at}
    looked.desk.store.write(lambda tx: tx.execute(sa.insert(tables.messages).values(**row)) and None)
    with pytest.raises(Tampered, match=AN):
        looked.ask(audit_incidents)


def made_up(table: sa.Table, key: sa.Column[int], like: int, number: int) -> sa.Insert:
    """Another row of this number, like one that there is."""
    rest = [one for one in table.c if one is not key]
    return sa.insert(table).from_select([key, *rest], sa.select(sa.literal(number), *rest).where(key == like))


@pytest.mark.parametrize(
    "by_hand",
    [
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
        sa.update(tables.incidents).values(severity="low"),
        sa.update(tables.incidents).values(hotline=AN),
        sa.update(tables.incidents).values(source="poi"),
        sa.update(tables.incidents).values(verdict="stale"),
        sa.update(tables.incidents).values(token="another"),
        sa.update(tables.incidents).values(opened_at=NOW),
        sa.update(tables.incidents).values(closed_at=NOW),
        sa.update(tables.steps).where(tables.steps.c.step_id == 1).values(at=NOW),
        sa.update(tables.checked).where(tables.checked.c.check_id == 1).values(entry_id=99_999),
    ],
)
def test_what_a_hand_changed_is_told(looked: World, by_hand: sa.Executable) -> None:
    looked.desk.store.write(lambda tx: tx.execute(by_hand) and None)
    with pytest.raises(Tampered):
        looked.ask(audit_incidents)
