"""What judging promises on every store: a look is whole or not there, and a cause is one whoever looks at it too.

A test class derives from `JudgeContract`, `JudgeKillContract` or both and gives the fixture `url`: a database that is
empty, or not there. Kills take their time and are journeys.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from contracts.entries import all_entries
from contracts.judge import LABELLED_AS_A_RIVAL, NOW, OURS, RIGHT, World, open_world, world_on
from contracts.judge_hands import HANDS, assert_told, audited, look_often
from contracts.killing import assert_all_or_nothing
from haoma.errors import Conflict
from haoma.guard.judge import Limits, Severity, check, tables
from haoma.guard.judge.model import Act, SourceKind, Verdict
from haoma.guard.judge.outbox import Sent, send_due
from haoma.guard.judge.review import decide, hold_next, waiting
from haoma.guard.model import Belongs, Mention
from haoma.lineage.tables import facts
from haoma.storage import Store

AT_ONCE = Limits(1, 1)
CHANNELS = {"ops": Severity.LOW}
TABLES = (tables.checked, tables.looks, tables.votes, tables.incidents, tables.steps, tables.messages)


def look_once(store: Store, n: int) -> None:
    """Look number n opens an incident on a source of its own."""
    world = world_on(store, AT_ONCE, CHANNELS)
    world.looked, world.clock[0] = n, NOW + timedelta(days=n)
    world.look(*LABELLED_AS_A_RIVAL, source=f"source-{n}")


def check_look(store: Store, n: int, acknowledged: bool) -> None:
    """The look, its vote with the fact, its incident, its news and its entries are there, or none of them is."""
    source = f"source-{n}"
    c, looks, votes = tables.incidents.c, tables.looks.c, tables.votes.c
    with store.read() as tx:
        incidents = tx.scalars(sa.select(c.incident_id).where(c.source == source)).all()
        counts = [
            len(tx.execute(sa.select(column).where(column.startswith(f"{source}/"))).all())
            for column in (tables.checked.c.place, looks.place, votes.place)
        ]
        facts_of = tx.execute(sa.select(facts.c.fact_id).join(tables.votes, votes.fact_id == facts.c.fact_id))
        told = tx.scalars(sa.select(tables.messages.c.payload)).all()
        every = tx.scalar(sa.select(sa.func.count()).select_from(tables.votes))
        assert len(facts_of.all()) == every
    said = [entry for entry in all_entries(store) if entry.body.get("incident") in incidents and incidents]
    news = sum(f'"source":"{source}"' in one for one in told)
    assert {len(incidents), *counts, len(said), news} in ({0}, {1})
    assert incidents or not acknowledged


class JudgeContract:
    """Holds on SQLite and on PostgreSQL."""

    @pytest.fixture
    def world(self, url: str) -> Iterator[World]:
        world = open_world(url, AT_ONCE, CHANNELS)
        with world.store:
            yield world
            audited(world)

    def test_one_snapshot_that_many_judge_at_once_is_counted_once(self, world: World) -> None:
        seen = world.seen()
        with ThreadPoolExecutor(8) as pool:
            done = list(pool.map(lambda _: check(world.desk, seen, LABELLED_AS_A_RIVAL), range(8)))
        assert sorted(one.new for one in done) == [False] * 7 + [True]
        assert [len(world.rows(table)) for table in TABLES] == [1] * len(TABLES)

    def test_pages_of_a_source_that_many_judge_at_once_open_one_incident(self, world: World) -> None:
        pages = [world.seen(url=f"https://map.example/{n}") for n in range(12)]
        with ThreadPoolExecutor(6) as pool:
            done = list(pool.map(lambda seen: check(world.desk, seen, LABELLED_AS_A_RIVAL), pages))
        assert sum(len(one.opened) for one in done) == 1
        assert len(world.incidents()) == 1
        assert len(world.rows(tables.looks)) == 12

    def test_it_closes_when_the_last_page_is_right_whoever_sees_it(self, world: World) -> None:
        pages = [world.seen(url=f"https://map.example/{n}") for n in range(6)]
        for seen in pages:
            check(world.desk, seen, LABELLED_AS_A_RIVAL)
        later = [replace(seen, snapshot=f"later-{n}", at=seen.at + timedelta(days=1)) for n, seen in enumerate(pages)]
        with ThreadPoolExecutor(6) as pool:
            done = list(pool.map(lambda seen: check(world.desk, seen, RIGHT), later))
        assert sum(len(one.closed) for one in done) == 1
        assert [one.state for one in world.incidents()] == ["closed"]

    def test_one_question_is_held_by_one_and_decided_once(self, world: World) -> None:
        doubt = replace(LABELLED_AS_A_RIVAL[0], organisation=Belongs.UNSURE, owner=None)
        people = [f"0cc00000-0000-4000-8000-00000000000{n}" for n in range(6)]
        world.look(doubt)
        at = world.clock[0]

        def hold(by: str) -> bool:
            return world.desk.store.write(lambda tx: hold_next(tx, [OURS], by, at)) is not None

        def say(by: str) -> bool:
            act = Act("asked", at + timedelta(hours=1), by)
            try:
                world.desk.store.write(lambda tx: decide(tx, world.desk, asked.id, Verdict.STALE, act))
            except Conflict:
                return False
            return True

        with ThreadPoolExecutor(6) as pool:
            assert sum(pool.map(hold, people)) == 1
            (asked,) = world.ask(lambda tx: waiting(tx, [OURS], at + timedelta(hours=1)))
            assert sum(pool.map(say, people)) == 1
        assert [row.voice for row in world.rows(tables.votes)].count("human") == 1

    def test_news_is_told_once_where_many_processes_tell_it(self, world: World) -> None:
        for n in range(5):
            world.look(*LABELLED_AS_A_RIVAL, source=f"s{n}", kind=SourceKind.PLATFORM)
        heard = list[str]()

        class Ear:
            def send(self, message_id: str, news: object, at: object) -> None:
                heard.append(message_id)

        with ThreadPoolExecutor(4) as pool:
            done = list(pool.map(lambda _: send_due(world.desk, {"ops": Ear()}), range(4)))
        assert sum(one.done for one in done) + send_due(world.desk, {"ops": Ear()}).done == 5
        assert len(set(heard)) == len(heard) == 5

    def test_news_that_was_heard_and_not_noted_is_told_again_under_its_id(self, world: World) -> None:
        world.look(*LABELLED_AS_A_RIVAL)
        heard = list[str]()

        class Killed(BaseException):
            """As a signal ends a process."""

        class Ear:
            def send(self, message_id: str, news: object, at: object) -> None:
                heard.append(message_id)
                if len(heard) == 1:
                    raise Killed

        with pytest.raises(Killed):
            send_due(world.desk, {"ops": Ear()})
        assert send_due(world.desk, {"ops": Ear()}) == Sent(1, 0, 0)
        assert heard == [heard[0]] * 2

    def test_many_numbers_on_one_page_are_one_transaction(self, world: World) -> None:
        shown = [_shown(n) for n in range(60)]
        done = world.look(*shown)
        assert len(done.opened) == len(world.incidents()) == 60
        assert len(world.look(*RIGHT).closed) == 60

    def test_what_a_hand_changed_is_told(self, world: World) -> None:
        world.desk = replace(world.desk, limits=Limits())
        assert_told(look_often(world), HANDS)


class JudgeKillContract:
    """All or nothing, wherever the process is killed."""

    def test_a_look_is_whole_or_not_there_under_kills(self, url: str) -> None:
        open_world(url, AT_ONCE, CHANNELS).store.close()
        assert assert_all_or_nothing(url, look_once, check_look) > 15


def _shown(n: int) -> Mention:
    one = LABELLED_AS_A_RIVAL[0]
    uri = f"tel:400777{n:04};phone-context=+86"
    return replace(one, organisation=Belongs.TARGET, uri=uri, digits=f"400777{n:04}", text=f"400777{n:04}")
