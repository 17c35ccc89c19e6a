"""What the watch promises on every store, and what its tests stand on: made-up counts, and a clock that is turned.

A test class derives from `WatchContract` or `WatchKillContract` and gives the fixture `url`: an empty database. Kills
take their time and are journeys. All counts are simulated.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
import sqlalchemy as sa

from contracts.entries import all_entries
from contracts.killing import assert_all_or_nothing
from contracts.lineage import Keys
from contracts.made import made
from haoma import lineage
from haoma.access import Gate
from haoma.access.tables import tenants
from haoma.errors import Conflict, Tampered
from haoma.guard.crawl import tables as crawl
from haoma.guard.crawl.entries import ENTRY_TYPES as CRAWL_TYPES
from haoma.guard.crawl.model import Kind, Source
from haoma.guard.crawl.sources import add
from haoma.guard.judge import ENTRY_TYPES as JUDGE_TYPES
from haoma.guard.judge import Desk
from haoma.guard.judge.audit import audit_incidents
from haoma.guard.judge.evidence import gather
from haoma.guard.judge.incidents import Incident, close_by_hand, incidents
from haoma.guard.judge.kept import Crawled, KeptRegistry
from haoma.guard.judge.model import Act
from haoma.guard.judge.pack import html_of
from haoma.guard.judge.platforms import platform_for, read_platforms
from haoma.guard.judge.tickets import letter as written
from haoma.guard.judge.tickets import make
from haoma.guard.registry import tables as registry
from haoma.ledger.entry import Entry
from haoma.ledger.service import Ledger
from haoma.storage import Store, open_store
from haoma.watch.calendar import Calendar
from haoma.watch.counts.merging import Buckets, merge
from haoma.watch.counts.months import Months
from haoma.watch.counts.series import series_of
from haoma.watch.model import Budget, Tuning, minute_of, moment_of
from haoma.watch.running import states, tables
from haoma.watch.running.alerts import Alert, alerts
from haoma.watch.running.audit import Audited, audit_alerts
from haoma.watch.running.entries import ENTRY_TYPES
from haoma.watch.running.history import Manner
from haoma.watch.running.runner import LEADER, Ran, Runner
from haoma.watch.running.sights import Sights
from haoma.watch.running.status import status
from haoma.watch.simulate import Traffic, divert
from haoma.watch.simulate import World as Made

HOUR, DAY = 60, 1440
LEARNED, SHORT = 4 * DAY, 14 * HOUR
FIRST = minute_of(datetime.fromisoformat("2026-08-31T00:00:00+08:00"))  # a Monday
NOON = FIRST + LEARNED + 12 * HOUR
AN_HOUR = 3_000.0
TENANT, OURS, THEIRS, CARE, RETIRED, FOREIGN = (f"0aa00000-0000-4000-8000-00000000000{n}" for n in range(1, 7))
PERSON = "0cc00000-0000-4000-8000-000000000001"
OFFICIAL, SHOP, RIVAL = "https://ours.example/", "https://ours.example/shop", "https://theirs.example/"
TYPES = [*lineage.ENTRY_TYPES, *CRAWL_TYPES, *JUDGE_TYPES, *ENTRY_TYPES]
MANNER = Manner(Tuning(budget=Budget(hotline=1.0, fleet=1_000.0, hotlines=2)))


@dataclass
class World:
    """A watched store; `clock` is what its runner takes for now."""

    desk: Desk
    clock: list[datetime]

    @property
    def store(self) -> Store:
        return self.desk.store

    def runner(self) -> Runner:
        return Runner(self.desk, MANNER)

    def at(self, minute: int) -> datetime:
        """Turn the clock such that this minute is the last one that is due."""
        self.clock[0] = moment_of(minute + 1 + MANNER.tuning.grace_min)
        return self.clock[0]

    def ran(self, runner: Runner, minute: int) -> Ran:
        self.at(minute)
        done = runner.once()
        assert done is not None
        return done

    def put(self, name: str, since: int, counts: np.ndarray, tenant: str = TENANT) -> None:
        """Write down counts, minutes by signals, from a minute on, as of now; NaN is left out."""
        put(self.store, tenant, name, since, counts, self.clock[0])

    def alerts(self) -> list[Alert]:
        with self.store.read() as tx:
            return sorted(alerts(tx), key=lambda one: (one.opened, one.hotline))

    def incidents(self) -> list[Incident]:
        with self.store.read() as tx:
            return incidents(tx)

    def entries(self, type_: str) -> list[Entry]:
        return [one for one in all_entries(self.store) if one.type == type_]

    def rows(self, table: sa.Table) -> list[sa.Row]:
        with self.store.read() as tx:
            return list(tx.execute(sa.select(table)))

    def audited(self) -> Audited:
        with self.store.read() as tx:
            return audit_alerts(tx)

    def due(self) -> dict[str, datetime | None]:
        """When each source is visited next."""
        with self.store.read() as tx:
            rows = tx.execute(sa.select(crawl.sources.c.url, crawl.sources.c.next_at))
            return {row.url: row.next_at for row in rows}


def put(store: Store, tenant: str, name: str, since: int, counts: np.ndarray, now: datetime) -> None:
    """Write down counts of a hotline, minutes by signals, from a minute on."""
    minutes = np.arange(since, since + len(counts))
    Months(store).ensure({int(one) // DAY * DAY for one in minutes}, now)

    def work(tx: sa.Connection) -> None:
        ids = np.full(len(counts), series_of(tx, tenant, [name])[name])
        said = ~np.isnan(counts)
        merge(tx, Buckets(ids, minutes, [*range(counts.shape[1])], np.nan_to_num(counts), said, 0), now)

    store.write(work)


def calls(minutes: int, seed: int = 1, an_hour: float = AN_HOUR) -> np.ndarray:
    """Made-up minutes: those that are learned from, which are quarters of an hour spread out, and those behind them."""
    source, rng = Made(Traffic(an_hour, level_sd=0.02), 1, FIRST, seed), np.random.default_rng(seed)
    quarters = source.quarters(LEARNED // 15)[:, 0].astype(int)
    each = [rng.multinomial(quarters[:, signal], [1 / 15] * 15).reshape(-1) for signal in range(2)]
    behind = np.array([one.counts[0] for one in source.minutes(minutes)]).reshape(-1, 2)
    return np.concatenate([np.stack(each, axis=-1).astype(np.float64), behind])


def diverted(counts: np.ndarray, since: int, until: int, p: float = 0.9, q: float = 0.1) -> np.ndarray:
    """The same with a share of calls gone between two minutes."""
    told = counts.copy()
    part = slice(since - FIRST, until - FIRST)
    told[part] = divert(told[part], p, q, np.random.default_rng(5))
    return told


@contextmanager
def watched(url: str) -> Iterator[World]:
    """A store with a company and its hotlines, one of another tenant, and three sources that are visited later."""
    with open_store(made(url)) as store:
        world = world_on(store)
        log, clock = world.desk.log, world.clock
        store.write(registered)
        for kind, address, whose in (
            (Kind.OFFICIAL, OFFICIAL, OURS),
            (Kind.SHOPPER, SHOP, OURS),
            (Kind.PAGE, RIVAL, THEIRS),
        ):
            source = Source(str(uuid.uuid4()), kind, address, "客服中心", "", whose)
            store.write(lambda tx, one=source: add(tx, log, one, clock[0]) and None)
        c = crawl.sources.c
        away = sa.update(crawl.sources).where(c.next_at.is_not(None)).values(next_at=clock[0] + timedelta(days=60))
        store.write(lambda tx: tx.execute(away) and None)
        yield world


def world_on(store: Store) -> World:
    """The world on a store as it is."""
    clock = [moment_of(FIRST)]
    log = Ledger(store, TYPES, lambda: clock[0])
    held = Crawled(log, lambda: clock[0])
    return World(Desk(store, log, Keys(), KeptRegistry(), lambda: clock[0], hold=held), clock)


def registered(tx: sa.Connection) -> None:
    """Rows of the registry, as changes would have left them."""
    since = moment_of(FIRST) - timedelta(days=999)
    for tenant, name, organisation, called in (
        (TENANT, "acme", OURS, "安心基金管理有限公司"),
        (THEIRS, "rival", THEIRS, "平川基金管理有限公司"),
    ):
        tx.execute(sa.insert(tenants).values(tenant_id=tenant, name=name, created_at=since))
        row = {"organisation_id": organisation, "tenant_id": tenant, "name": called, "aliases": "[]", "domains": "[]"}
        tx.execute(sa.insert(registry.organisations).values(**row, version=1, fact_id=1))
    for uid, whose, number, until in (
        (CARE, OURS, "4008001234", None),
        (RETIRED, OURS, "4008005678", since + timedelta(days=9)),
        (FOREIGN, THEIRS, "4006009999", None),
    ):
        uri = f"tel:{number};phone-context=+86"
        same = {"purposes": '["客服"]', "channels": "[]", "owner": "", "shared": False, "mobile": False, "version": 1}
        same |= {"number_fact": 1, "fact_id": 1, "valid_from": since, "valid_until": until, "live_uri": None}
        tx.execute(sa.insert(registry.hotlines).values(hotline_id=uid, organisation_id=whose, uri=uri, **same))


def stretches(every: list[Alert]) -> list[tuple[int, int | None, str, str]]:
    """When alerts stood, and what raised and ended them."""
    return [(one.opened, one.closed, one.channel, str(one.state)) for one in every]


class WatchContract:
    """Holds on SQLite and on PostgreSQL."""

    @pytest.fixture
    def world(self, url: str) -> Iterator[World]:
        with watched(url) as world:
            yield world

    @pytest.mark.slow
    def test_a_diversion_is_an_alert_an_incident_and_a_crawl_and_all_of_it_is_over_when_callers_are_back(
        self, world: World
    ) -> None:
        runner = world.runner()
        world.put(CARE, FIRST, diverted(calls(2 * DAY), NOON, NOON + 60))
        world.ran(runner, NOON + 5)
        (alert,) = world.alerts()
        assert NOON <= alert.opened <= NOON + 5
        (incident,) = world.incidents()
        assert (incident.state, incident.verdict, incident.hotline, incident.shown) == (
            "open", "unusual-counts", CARE, "4008001234",
        )  # fmt: skip
        assert alert.incident == incident.id
        now = world.clock[0]
        assert world.due() == {OFFICIAL: now, SHOP: None, RIVAL: moment_of(FIRST) + timedelta(days=60)}
        (told,) = world.entries("watch.alerted")
        assert (told.body["alert"], told.body["evidence"], told.body["late"]) == (alert.id, alert.digest, False)
        world.ran(runner, NOON + 12 * HOUR)
        (alert,) = world.alerts()
        assert (alert.state, alert.closed is not None) == ("recovered", True)
        assert [one.state for one in world.incidents()] == ["closed"]
        assert [one.body["why"] for one in world.entries("watch.recovered")] == ["recovered"]
        assert [one.body["to"] for one in world.entries("guard.incident")] == ["opened", "closed"]
        assert world.audited() == Audited(1, 2)

    @pytest.mark.slow
    def test_minute_by_minute_restarted_in_between_or_at_once_it_is_the_same_and_told_once(self, world: World) -> None:
        world.put(CARE, FIRST, diverted(calls(SHORT), NOON, NOON + 60))
        runner = world.runner()
        world.ran(runner, NOON - 5)
        for minute in range(NOON - 4, NOON + 12):
            if minute % 3 == 0:
                runner = world.runner()
            world.ran(runner, minute)
            world.ran(runner, minute)
        slowly = world.alerts()
        with world.store.read() as tx:
            place, kept = states.place(tx), states.newest_before(tx, NOON + 12, world_digest(world))
        assert (place.minute, kept.minute) == (NOON + 11, NOON - 1)
        assert len(slowly) == len(world.entries("watch.alerted")) == len(world.incidents()) == 1

    @pytest.mark.slow
    def test_of_two_runners_one_leads_and_the_other_takes_over_where_it_was(self, world: World) -> None:
        world.put(CARE, FIRST, diverted(calls(SHORT), NOON, NOON + 60))
        first, second = world.runner(), world.runner()
        with world.store.leader(LEADER) as leads:
            assert leads
            world.at(NOON)
            assert second.once() is None
        world.ran(first, NOON)
        world.ran(second, NOON + 6)
        assert world.ran(first, NOON + 9).minutes == 3
        assert len(world.alerts()) == len(world.entries("watch.alerted")) == 1

    @pytest.mark.slow
    def test_who_is_no_leader_any_more_is_told_so_and_has_done_nothing(self, world: World) -> None:
        world.put(CARE, FIRST, diverted(calls(SHORT), NOON, NOON + 60))
        world.ran(world.runner(), NOON)
        with world.store.read() as tx:
            before = states.place(tx)
        world.ran(world.runner(), NOON + 6)
        later = replace(before, minute=before.minute + 1)
        with pytest.raises(Conflict):
            world.store.write(lambda tx: states.move(tx, before, later, world.clock[0]))
        assert len(world.entries("watch.alerted")) == 1

    @pytest.mark.slow
    def test_counts_that_come_late_are_judged_anew_and_give_what_they_would_have_given(self, world: World) -> None:
        every = diverted(calls(SHORT), NOON, NOON + 60)
        some, at = every.copy(), NOON - FIRST
        some[at : at + 40] = np.nan
        runner = world.runner()
        world.put(CARE, FIRST, some[: at + 50])
        world.ran(runner, NOON + 49)
        at_first = world.alerts()
        world.put(CARE, NOON, every[at : at + 40])
        done = world.ran(runner, NOON + 50)
        assert done.anew > 50
        (alert,) = [one for one in world.alerts() if one.state == "open"]
        assert alert.opened < NOON + 10
        assert all(one.state == "withdrawn" for one in world.alerts() if one in at_first)
        assert len(world.incidents()) == 1

    def test_an_alert_that_rested_on_wrong_counts_is_withdrawn_and_its_incident_closed(self, world: World) -> None:
        right = calls(SHORT)
        wrong, at = diverted(right, NOON, NOON + 60), NOON - FIRST
        runner = world.runner()
        world.put(CARE, FIRST, wrong[: at + 10])
        world.ran(runner, NOON + 9)
        assert [one.state for one in world.incidents()] == ["open"]
        world.put(CARE, NOON, right[at : at + 20])
        world.ran(runner, NOON + 15)
        assert [one.state for one in world.alerts()] == ["withdrawn"]
        assert [one.state for one in world.incidents()] == ["closed"]
        assert [one.body["why"] for one in world.entries("watch.recovered")] == ["withdrawn"]
        assert world.audited() == Audited(1, 2)

    @pytest.mark.slow
    def test_a_runner_whose_clock_is_ahead_misses_nothing_and_ends_with_the_same_alerts(
        self, world: World, tmp_path: Path
    ) -> None:
        ours, theirs = diverted(calls(SHORT), NOON, NOON + 60), calls(SHORT, 2)
        runner, at = world.runner(), NOON - FIRST
        world.put(CARE, FIRST, ours[: at - 10])
        world.put("desk", FIRST, theirs[: at - 10])
        for minute in range(at - 10, at + 20):
            for name, counts in (("desk", theirs), (CARE, ours)):
                world.clock[0] = moment_of(FIRST + minute + 1)  # what takes counts in has the right time
                world.put(name, FIRST + minute, counts[minute : minute + 1])
                world.ran(runner, NOON + 3 * HOUR)
        with watched(f"sqlite:///{tmp_path / 'at-once.db'}") as other:
            other.put("desk", FIRST, theirs[: at + 20])
            other.put(CARE, FIRST, ours[: at + 20])
            other.ran(other.runner(), NOON + 19)
            told, right = (
                [(one.opened, one.channel, one.state) for one in each.alerts() if one.state != "withdrawn"]
                for each in (world, other)
            )
        assert len(told) == 1
        assert told == right

    @pytest.mark.slow
    def test_a_persons_no_holds_until_the_counts_have_recovered(self, world: World) -> None:
        twice = diverted(diverted(calls(3 * DAY), NOON, NOON + 30), NOON + DAY, NOON + DAY + 30)
        world.put(CARE, FIRST, twice)
        runner = world.runner()
        world.ran(runner, NOON + 10)
        (incident,) = world.incidents()
        no = Act("false-alarm", world.clock[0], PERSON)
        world.store.write(lambda tx: close_by_hand(tx, world.desk, incident.id, no) and None)
        world.ran(runner, NOON + 25)
        assert [one.state for one in world.incidents()] == ["closed"]
        world.ran(runner, NOON + DAY + 10)
        assert [one.state for one in world.incidents()] == ["open"]
        assert [one.body["to"] for one in world.entries("guard.incident")] == ["opened", "closed", "reopened"]

    @pytest.mark.slow
    def test_whatever_order_counts_come_in_the_alerts_that_are_kept_in_the_end_are_the_same(
        self, world: World, tmp_path: Path
    ) -> None:
        right, at = diverted(calls(SHORT), NOON, NOON + 60), NOON - FIRST
        runner, rng = world.runner(), np.random.default_rng(3)
        world.put(CARE, FIRST, right[: at - 9])
        world.ran(runner, NOON - 10)
        late = rng.permutation(np.arange(at - 9, at + 60))
        for n, part in enumerate(np.array_split(late, 7)):
            world.at(NOON - 9 + 10 * n)
            for row in part:
                seen = right[row : row + 1] + (7 if rng.random() < 0.2 else 0)
                world.put(CARE, FIRST + int(row), seen)
            world.ran(runner, NOON - 9 + 10 * n)
        for row in late:
            world.put(CARE, FIRST + int(row), right[row : row + 1])
        world.ran(runner, NOON + 59)
        kept = [one for one in world.alerts() if one.state != "withdrawn"]
        with watched(f"sqlite:///{tmp_path / 'at-once.db'}") as other:
            other.put(CARE, FIRST, right[: at + 60])
            anew = other.runner()
            other.ran(anew, NOON - 10)
            other.ran(anew, NOON + 59)
            assert stretches(kept) == stretches(other.alerts())
            assert [one.document["fits"] for one in kept] == [one.document["fits"] for one in other.alerts()]
        assert len(kept) == 1

    @pytest.mark.slow
    def test_status_tells_what_could_be_seen_how_old_counts_are_and_years_that_nobody_knows(self, world: World) -> None:
        world.put(CARE, FIRST, calls(SHORT))
        world.put("silent", FIRST, np.full((1, 2), np.nan))
        world.ran(world.runner(), NOON)
        with world.store.read() as tx:
            whole = status(tx, MANNER, world.clock[0], Calendar(lambda _day: None))
        care, silent = whole.hotlines
        assert (care.hotline, care.ready, care.alert, care.lag_min) == (CARE, True, None, 1 + MANNER.tuning.grace_min)
        assert care.expected[0] == pytest.approx(AN_HOUR, rel=0.3)
        assert 0 < care.shows_min[0.5] < care.shows_min[0.1]
        assert (silent.ready, silent.lag_min, silent.seen, silent.shows_min) == (False, None, (None, None), {})
        assert whole.unknown_years == (2026,)
        assert whole.budget_hotline == 1.0

    @pytest.mark.slow
    def test_a_tenants_hotlines_are_told_alone_as_they_are_told_among_all(self, world: World) -> None:
        names = [f"desk-{n}" for n in range(12)]
        with world.store.read() as tx:
            theirs = tx.scalar(sa.select(tenants.c.tenant_id).where(tenants.c.tenant_id != TENANT))
        for n, name in enumerate(names):
            world.put(name, FIRST, calls(SHORT, n), theirs if n % 4 == 0 else TENANT)
        manner = Manner(Tuning(budget=Budget(hotline=1.0, fleet=6.0)))
        world.at(NOON + 20)
        Runner(world.desk, manner).once()
        with world.store.read() as tx:
            alone, all_ = (status(tx, manner, world.clock[0], Calendar(), one) for one in (TENANT, None))
        told = [one for one in all_.hotlines if one.tenant == TENANT]
        assert len(told) == 9
        assert [*alone.hotlines] == told
        assert (alone.minute, alone.budget_hotline) == (all_.minute, all_.budget_hotline) == (NOON + 20, 0.5)

    @pytest.mark.slow
    def test_who_asks_again_is_told_what_they_would_be_told_anew_whatever_came_meanwhile(self, world: World) -> None:
        counts, other = diverted(calls(SHORT), NOON, NOON + 60), calls(SHORT, 2)
        runner, at = world.runner(), NOON - FIRST
        world.put(CARE, FIRST, counts[: at + 1])
        world.put("desk", FIRST, other[: at + 1])
        asked = Sights(Gate(world.store, world.desk.log, Keys()), MANNER, Calendar())
        for n, later in enumerate((0, 1, 7, 8, 20)):
            world.ran(runner, NOON + later)
            with world.store.read() as tx:
                again = asked.page(tx, TENANT, 0, 9, world.clock[0])
                assert again == status(tx, MANNER, world.clock[0], Calendar(), TENANT)
            world.put(CARE, NOON + 1, counts[at + 1 : at + 30])
            world.put("desk", NOON - n, other[at - n : at + 30] + n)
        assert again.hotlines[0].alert is not None

    @pytest.mark.slow
    def test_counts_of_long_ago_are_judged_and_call_nobody(self, world: World) -> None:
        world.put(CARE, FIRST, diverted(calls(SHORT), NOON, NOON + 60))
        world.ran(world.runner(), NOON + 9 * DAY)
        (alert,) = world.alerts()
        assert (alert.state, alert.incident, world.incidents()) == ("recovered", None, [])
        assert [one.body["late"] for one in world.entries("watch.alerted")] == [True]

    @pytest.mark.slow
    def test_what_a_hand_did_with_alerts_is_told(self, world: World) -> None:
        world.put(CARE, FIRST, diverted(calls(SHORT), NOON, NOON + 60))
        world.ran(world.runner(), NOON + 5)
        assert world.audited() == Audited(1, 1)
        table = tables.alerts
        (row,) = world.rows(table)
        hands = [
            sa.update(table).values(state="recovered", closed=row.opened + 9),
            sa.update(table).values(score=1),
            sa.update(table).values(document=row.document.replace("joint", "slow")),
            sa.delete(table),
        ]
        back = [sa.update(table).values(**row._mapping)] * 3 + [sa.insert(table).values(**row._mapping)]
        for by_hand, put_back in zip(hands, back, strict=True):
            world.store.write(lambda tx, one=by_hand: tx.execute(one) and None)
            with pytest.raises(Tampered):
                world.audited()
            world.store.write(lambda tx, one=put_back: tx.execute(one) and None)
            assert world.audited() == Audited(1, 1)

    def test_its_incident_has_evidence_a_letter_and_stands_in_the_log_as_any_other(self, world: World) -> None:
        world.put(CARE, FIRST, diverted(calls(SHORT), NOON, NOON + 60))
        world.ran(world.runner(), NOON + 5)
        (alert,), (incident,) = world.alerts(), world.incidents()
        act = Act("asked", world.clock[0], PERSON)
        platform = platform_for(read_platforms(), incident.kind)
        ticket = world.store.write(lambda tx: make(tx, world.desk, incident.id, platform, act))
        with world.store.read() as tx:
            pack = gather(tx, world.desk, incident.id)
            letter = written(tx, world.desk, incident, platform, world.clock[0])
            audited = audit_incidents(tx, world.desk.commitments, world.clock[0])
        assert [(one.digest, one.entry_id) for one in pack.shows if one.role == "opening"] == [
            (alert.digest, alert.entry_id)
        ]
        assert ticket.platform == "own-desk"
        assert "4008001234" in letter
        assert alert.digest in letter
        assert alert.digest in html_of(pack, letter)
        assert audited.incidents == 1

    def test_a_free_name_a_retired_hotline_and_anothers_have_alerts_and_no_incident(self, world: World) -> None:
        counts = diverted(calls(SHORT), NOON, NOON + 60)
        for name in ("desk-east", RETIRED):
            world.put(name, FIRST, counts)
        world.ran(world.runner(), NOON + 9)
        assert [one.incident for one in world.alerts()] == [None, None]
        assert world.incidents() == []
        assert world.due()[OFFICIAL] == moment_of(FIRST) + timedelta(days=60)


def judge_one_more(store: Store, n: int) -> None:
    """Judge one more minute; somewhere among the first is the one that raises an alert."""
    world = world_on(store)
    world.ran(world.runner(), NOON + n)


def check_judged(store: Store, n: int, acknowledged: bool) -> None:
    """The place, the alert with its entry, the incident with its steps, and the crawl go together."""
    world = world_on(store)
    with store.read() as tx:
        place = states.place(tx)
    assert place.minute >= NOON + n or not acknowledged
    raised = [one for one in world.alerts() if one.opened <= place.minute]
    told = world.entries("watch.alerted")
    steps = world.entries("guard.incident")
    hurried = [one for one in world.entries("crawl.source") if one.body["change"] == "hurried"]
    assert len({len(raised), len(world.alerts()), len(told), len(steps), len(world.incidents()), len(hurried)}) == 1
    assert [one.incident for one in raised] == [one.id for one in world.incidents()]


class WatchKillContract:
    """All or nothing, wherever the process is killed."""

    def test_a_minute_is_judged_whole_or_not_at_all_under_kills(self, url: str) -> None:
        with watched(url) as world:
            world.put(CARE, FIRST, diverted(calls(DAY), NOON, NOON + 9 * HOUR))
            world.ran(world.runner(), NOON - 1)
        assert assert_all_or_nothing(url, judge_one_more, check_judged) > 30
        with open_store(url) as store:
            assert len(world_on(store).alerts()) == 1


def world_digest(world: World) -> str:
    """What a state in this world has to be of."""
    from haoma.watch.running.history import counted

    with world.store.read() as tx:
        return counted(tx, MANNER).digest
