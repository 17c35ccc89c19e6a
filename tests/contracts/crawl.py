"""What the crawl promises on every store, over a web that lies in memory.

A test class derives from `CrawlContract` and gives the fixture `url`: a database that is empty, or not there.
"""

from __future__ import annotations

import asyncio
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from contracts.entries import all_entries
from contracts.made import made
from contracts.page_readers import READS
from haoma.errors import BadInput, Conflict, NotFound, Tampered, Unavailable
from haoma.guard.crawl import entries, jobs, snapshots, sources, tables, tasks
from haoma.guard.crawl.gate import Gate
from haoma.guard.crawl.masks import masked
from haoma.guard.crawl.model import Kind, Snapshot, Source, TaskKind
from haoma.guard.crawl.recording import write_down
from haoma.guard.crawl.visiting import Pace, Visitor
from haoma.guard.crawl.web import Ask, Got
from haoma.guard.crawl.worker import Totals, Work, Worker
from haoma.guard.reading import Bounds, Readers
from haoma.ledger.service import Ledger
from haoma.storage import Store, open_store

NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
LEASE = timedelta(seconds=60)
HTML = ("Content-Type", "text/html; charset=utf-8")
SITE = "https://www.example.com/"


def page(text: str = "客服热线 95588", *to: str, **headers: str) -> Got:
    links = "".join(f"<a href='{one}'>{one}</a>" for one in to)
    body = f"<html><body>{text}{links}</body></html>".encode()
    given = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    return Got("", 200, (HTML, *given), body, body)


def answer(status: int, *headers: tuple[str, str], body: bytes = b"") -> Got:
    return Got("", status, headers, body, body)


@dataclass
class MemoryWeb:
    """A web of pages by address; `asked` are the addresses in the order they were asked for."""

    pages: dict[str, Got | Callable[[Ask], Got]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    asks: list[Ask] = field(default_factory=list)
    slow_s: float = 0.0

    async def get(self, ask: Ask) -> Got:
        self.asked.append(ask.url)
        self.asks.append(ask)
        await asyncio.sleep(self.slow_s)
        found = self.pages.get(ask.url, answer(404))
        return replace(found(ask) if callable(found) else found, url=ask.url)

    @property
    def fetched(self) -> list[str]:
        """What was asked for but robots.txt."""
        return [url for url in self.asked if not url.endswith("/robots.txt")]


@dataclass
class World:
    """A store, its log, a clock that is set by hand, and a web."""

    store: Store
    web: MemoryWeb = field(default_factory=MemoryWeb)
    at: datetime = NOW

    def __post_init__(self) -> None:
        self.log = Ledger(self.store, entries.ENTRY_TYPES, lambda: self.at)

    def pass_(self, **of: float) -> None:
        self.at += timedelta(**of)

    def add(self, url: str = SITE, **given: object) -> Source:
        kind = Kind(given.pop("kind", "page"))
        source = Source(str(uuid.uuid4()), kind, url, "Service desk", "", **{"delay_ms": 0, **given})
        return self.store.write(lambda tx: sources.add(tx, self.log, source, self.at))

    def worker(self, **given: object) -> Worker:
        return Worker(Work(self.store, self.log, lambda: self.at, LEASE, **given))

    def crawl(self, **given: object) -> Totals:
        """Run one worker until nothing is due."""

        async def run() -> Totals:
            worker = self.worker(**given)
            return await worker.run(self.visitor(worker))

        return asyncio.run(asyncio.wait_for(run(), 30))

    def visitor(self, worker: Worker) -> Visitor:
        gate, pace = Gate(self.web, time.monotonic), Pace(time.monotonic)
        return Visitor(self.web, gate, pace, lambda: self.at, worker.stopped_host, worker.before)

    def claim(self, worker: str, only: str | None = None) -> list[jobs.Job]:
        return self.store.write(lambda tx: jobs.claim(tx, worker, self.at, LEASE, only))

    def open_visits(self) -> int:
        return self.store.write(lambda tx: jobs.open_visits(tx, self.at))

    def open_now(self) -> None:
        """Have every source visited once, those on demand too."""
        c = tables.sources.c
        self.store.write(lambda tx: tx.execute(sa.update(tables.sources).values(next_at=self.at).where(c.url != "")))

    def seen(self) -> list[Snapshot]:
        with self.store.read() as tx:
            return list(reversed(snapshots.newest(tx, most=1000)))

    def states(self) -> dict[str, tuple[str, str | None]]:
        c = tables.jobs.c
        with self.store.read() as tx:
            return {row.url: (row.state, row.reason) for row in tx.execute(sa.select(c.url, c.state, c.reason))}

    def tasks(self) -> list[tuple[str, str | None]]:
        with self.store.read() as tx:
            return [(str(one.kind), one.host) for one in tasks.open_tasks(tx)]

    def told(self, type_: str) -> list[dict[str, object]]:
        return [dict(one.body) for one in all_entries(self.store) if one.type == type_]


class CrawlContract:
    """Holds on SQLite and on PostgreSQL."""

    @pytest.fixture
    def world(self, url: str) -> Iterator[World]:
        with open_store(made(url)) as store:
            yield World(store)

    def test_a_site_is_read_to_its_depth_and_each_page_once(self, world: World) -> None:
        world.web.pages = {SITE: page("", "/a", "/b", "https://other.example/"), f"{SITE}a": page("", "/b", "/c"),
                           f"{SITE}b": page("", "/"), f"{SITE}c": page()}  # fmt: skip
        world.add(depth=1)
        assert world.crawl().snapshots == 3
        assert sorted(world.web.fetched) == [SITE, f"{SITE}a", f"{SITE}b"]
        assert {state for state, _ in world.states().values()} == {"done"}

    def test_what_was_seen_is_kept_whole_and_told_to_the_log(self, world: World) -> None:
        world.web.pages = {SITE: page("客服 95588")}
        world.add()
        world.crawl()
        (seen,) = world.seen()
        with world.store.read() as tx:
            assert snapshots.one(tx, seen.id) == seen
            assert "95588" in snapshots.body_of(tx, seen).decode()
        (told,) = world.told("crawl.seen")
        assert told["snapshots"] == [seen.leaf]

    def test_a_page_that_was_changed_by_hand_is_shown_to_be(self, world: World) -> None:
        world.web.pages = {SITE: page()}
        world.add()
        world.crawl()
        (seen,) = world.seen()
        changed = sa.update(tables.snapshots).values(final_url="https://www.example.com/other")
        world.store.write(lambda tx: tx.execute(changed))
        with world.store.read() as tx, pytest.raises(Tampered):
            snapshots.one(tx, seen.id)

    def test_a_page_is_asked_for_with_what_its_server_said_and_kept_once(self, world: World) -> None:
        def known(ask: Ask) -> Got:
            same = dict(ask.headers).get("If-None-Match") == '"v1"'
            return answer(304, HTML) if same else page("", "/a", ETag='"v1"')

        world.web.pages = {SITE: known, f"{SITE}a": page()}
        world.add(depth=1)
        world.crawl()
        world.pass_(days=1)
        world.web.asked.clear()
        world.crawl()
        assert sorted(world.web.fetched) == [SITE, f"{SITE}a"]  # also where the page of its link is the same
        first, again = (one for one in world.seen() if one.url == SITE)
        assert (again.status, again.same_as, again.digest) == (200, first.id, first.digest)
        with world.store.read() as tx:
            assert snapshots.body_of(tx, again) == snapshots.body_of(tx, first)
            assert snapshots.one(tx, first.id).kept_until == again.kept_until

    def test_a_source_is_visited_when_it_is_due_and_not_while_a_visit_is_under_way(self, world: World) -> None:
        world.add(every_s=3600)
        assert world.open_visits() == 1
        world.pass_(hours=2)
        assert world.open_visits() == 0
        world.crawl()
        world.pass_(minutes=59)
        assert world.open_visits() == 1

    def test_a_source_where_something_is_wrong_is_visited_sooner_as_its_budget_allows(self, world: World) -> None:
        world.web.pages = {SITE: page("", *(f"/{n}" for n in range(9)))}
        small = world.add(every_s=7 * 86_400)
        large = world.add(f"{SITE}large", every_s=7 * 86_400, budget_per_day=2)
        asked = world.add(f"{SITE}asked", every_s=None)
        world.crawl()
        brought = world.add("urn:brought", kind=Kind.SUBMISSION, every_s=None)
        for one, hours in ((small, 4), (small, 9), (large, 4), (asked, 1), (asked, 2), (brought, 1)):
            wait = timedelta(hours=hours)
            world.store.write(lambda tx, one=one, wait=wait: jobs.look_again(tx, one.id, world.at, wait))
        with world.store.read() as tx:
            found = [sources.one(tx, one.id).next_at for one in (small, large, asked, brought)]
        assert found == [NOW + timedelta(hours=4), NOW + timedelta(hours=12), NOW + timedelta(hours=1), None]

    def test_a_source_on_demand_is_visited_again_while_somebody_wants_it_and_no_longer(self, world: World) -> None:
        world.web.pages = {SITE: page("")}
        asked, wanted = world.add(every_s=None), [True]

        def want(tx: sa.Connection) -> None:
            if wanted:
                jobs.look_again(tx, asked.id, world.at, timedelta(hours=1))

        for hours, fetched in ((0, 0), (1, 1), (1, 1), (1, 2)):
            world.pass_(hours=hours)
            world.crawl(before_visits=want)
            assert len(world.web.fetched) == fetched
        wanted.clear()
        for fetched in (2, 2):
            world.pass_(hours=2)
            world.crawl(before_visits=want)
            assert len(world.web.fetched) == fetched

    def test_a_host_is_one_workers_until_its_lease_is_over(self, world: World) -> None:
        world.add(SITE)
        world.add(f"{SITE}other")
        world.open_visits()
        first, second = (str(uuid.uuid4()) for _ in range(2))
        assert len(world.claim(first)) == 2
        assert world.claim(second) == []
        world.pass_(seconds=61)
        assert len(world.claim(second)) == 2

    def test_a_worker_that_renews_keeps_its_hosts_and_one_that_ends_gives_them_back(self, world: World) -> None:
        world.add()
        world.open_visits()
        first, second = (str(uuid.uuid4()) for _ in range(2))
        world.claim(first)
        world.pass_(seconds=59)
        world.store.write(lambda tx: jobs.renew(tx, first, world.at, LEASE))
        world.pass_(seconds=59)
        assert world.claim(second) == []
        world.store.write(lambda tx: jobs.release(tx, first))
        assert len(world.claim(second)) == 1

    def test_what_two_workers_did_is_there_once(self, world: World) -> None:
        world.web.pages = {SITE: page()}
        world.add()
        world.open_visits()
        ids = [str(uuid.uuid4()) for _ in range(2)]
        (first,) = world.claim(ids[0])
        world.pass_(seconds=61)
        (second,) = world.claim(ids[1])
        worker = world.worker()

        async def visit(job: jobs.Job) -> object:
            return await world.visitor(worker).visit(job)

        came = [asyncio.run(visit(job)) for job in (first, second)]
        made = [
            world.store.write(lambda tx, by=by, one=one: write_down(tx, world.log, by, [one], world.at))
            for by, one in zip(ids, came, strict=True)
        ]
        assert [len(one) for one in made] == [1, 0]
        assert len(world.seen()) == len(world.told("crawl.seen")) == 1

    def test_the_budget_of_a_day_is_never_passed_and_the_rest_comes_tomorrow(self, world: World) -> None:
        world.web.pages = {SITE: page("", *(f"/{n}" for n in range(9)))}
        world.add(depth=1, budget_per_day=4)
        world.crawl()
        assert len(world.web.fetched) == 4
        world.pass_(days=1)
        world.crawl()
        assert len(world.web.fetched) == 8

    @pytest.mark.parametrize(("status", "kind"), [(403, "forbidden"), (429, "too-many"), (401, "forbidden")])
    def test_a_host_that_says_no_waits_for_a_person(self, world: World, status: int, kind: str) -> None:
        world.web.pages = {SITE: page("", "/a", "/b"), f"{SITE}a": answer(status), f"{SITE}b": answer(status)}
        world.add(depth=1)
        world.crawl()
        assert world.tasks() == [(kind, "www.example.com")]
        asked = len(world.web.fetched)
        world.pass_(days=2)
        world.crawl()
        assert len(world.web.fetched) == asked
        with world.store.read() as tx:
            (task,) = tasks.open_tasks(tx)
        done = world.store.write(lambda tx: tasks.end_task(tx, world.log, task.id, "an 13800138000", world.at))
        assert done.done_by == "an 138****8000"
        world.web.pages |= {f"{SITE}a": page(), f"{SITE}b": page()}
        world.crawl()
        assert {state for state, _ in world.states().values()} == {"done"}
        with pytest.raises(Conflict):
            world.store.write(lambda tx: tasks.end_task(tx, world.log, task.id, "an", world.at))

    def test_a_host_that_tells_a_script_no_waits_for_a_person_and_its_page_goes_on(self, world: World) -> None:
        def site(ask: Ask) -> Got:
            return replace(page(), said_no=(("api.example", TaskKind.FORBIDDEN),)) if ask.render else page()

        world.web.pages = {SITE: site}
        world.add(render=True)
        world.crawl()
        assert world.tasks() == [("forbidden", "api.example")]
        assert world.states()[SITE] == ("done", None)
        world.add("https://api.example/")
        world.crawl()
        assert "https://api.example/" not in world.web.asked

    def test_no_page_can_have_another_host_looked_at_no_more(self, world: World) -> None:
        other = "https://other.example/"

        def site(ask: Ask) -> Got:
            said = [("other.example", TaskKind.FORBIDDEN), ("www.example.com", TaskKind.TOO_MANY)]
            return replace(page(), said_no=said) if ask.render else page()

        world.web.pages = {SITE: site, other: page()}
        world.add(other)
        world.crawl()
        world.add(render=True)
        world.crawl()
        assert world.tasks() == [("too-many", "www.example.com")]
        world.pass_(days=1)
        world.web.asked.clear()
        world.crawl()
        assert world.web.fetched == [other]

    def test_what_does_not_answer_is_tried_four_times_later_each_time(self, world: World) -> None:
        world.web.pages = {SITE: replace(answer(0), trouble="timeout")}
        world.add(every_s=None)
        world.store.write(lambda tx: jobs.open_visits(tx, world.at, sources.read(tx)[0].id))
        for tries, minutes in enumerate((1, 4, 16, 64), 1):
            world.crawl()
            assert len(world.web.fetched) == tries
            world.crawl()
            assert len(world.web.fetched) == tries
            world.pass_(minutes=minutes)
        world.crawl()
        assert len(world.web.fetched) == 4
        assert world.states()[SITE] == ("failed", "timeout")

    def test_a_page_is_checked_after_it_was_written_down_and_by_the_next_run_where_that_failed(
        self, world: World
    ) -> None:
        world.web.pages = {SITE: page()}
        world.add()
        checked: list[str] = []

        def check(seen: Snapshot, read: bytes) -> None:
            checked.append(seen.id)
            with world.store.read() as tx:
                assert snapshots.one(tx, seen.id)
            assert b"95588" in read
            if len(checked) == 1:
                raise Unavailable("the one who checks is away")

        world.crawl(on_snapshot=check)
        assert len(checked) == 1
        for _ in range(2):
            world.crawl(on_snapshot=check)
        assert len(checked) == 2
        assert len(set(checked)) == 1

    def test_a_page_that_breaks_its_reader_keeps_no_other_from_being_checked(self, world: World) -> None:
        world.web.pages = {SITE: page("95588", "/a"), f"{SITE}a": page()}
        world.add(depth=1)
        checked: list[str] = []

        def check(seen: Snapshot, _read: bytes) -> None:
            if seen.url == SITE:
                raise RecursionError
            checked.append(seen.url)

        for _ in range(2):
            world.crawl(on_snapshot=check)
        assert checked == [f"{SITE}a"]

    def test_a_page_that_breaks_its_reader_is_tried_three_times_and_then_shown_to_a_person(self, world: World) -> None:
        world.web.pages = {SITE: page("95588", "/a"), f"{SITE}a": page()}
        world.add(depth=1, every_s=None)
        world.open_now()
        tried: list[str] = []

        def check(seen: Snapshot, _read: bytes) -> None:
            tried.append(seen.url)
            if seen.url == SITE:
                raise RecursionError

        for _ in range(5):
            world.crawl(on_snapshot=check)
        assert (tried.count(SITE), tried.count(f"{SITE}a")) == (3, 1)
        assert world.tasks() == [("unread", None)]
        with world.store.read() as tx:
            (task,) = tasks.open_tasks(tx)
        (broken,) = [one.id for one in world.seen() if one.url == SITE]
        assert masked(broken) in task.note  # an id may look like a number
        world.store.write(lambda tx: tasks.end_task(tx, world.log, task.id, "Li", world.at))
        world.crawl(on_snapshot=lambda seen, _read: tried.append(seen.url))
        world.crawl(on_snapshot=check)
        assert tried.count(SITE) == 4
        assert world.tasks() == []

    def test_a_page_that_hangs_its_reader_holds_up_neither_the_others_nor_the_end(self, world: World) -> None:
        world.web.pages = {SITE: page("expression", "/a"), f"{SITE}a": page()}
        world.add(depth=1, every_s=None)
        world.open_now()
        read: list[str] = []
        with Readers(Bounds(0.6, 512), 1, READS) as readers:

            def check(seen: Snapshot, body: bytes) -> None:
                readers(body)
                read.append(seen.url)

            for _ in range(4):
                world.crawl(on_snapshot=check)
        assert read == [f"{SITE}a"]
        assert world.tasks() == [("unread", None)]
        with world.store.read() as tx:
            assert tx.scalar(sa.select(tables.snapshots.c.tries).where(tables.snapshots.c.url == SITE)) == 3

    def test_stopped_a_worker_begins_to_check_no_further_page_and_the_next_one_does(self, world: World) -> None:
        world.web.pages = {SITE: page("", *(f"/{n}" for n in range(9)))} | {f"{SITE}{n}": page() for n in range(9)}
        world.add(depth=1, every_s=None)
        world.open_now()
        checked: list[str] = []

        async def run() -> None:
            stop = asyncio.get_running_loop().call_soon_threadsafe

            def check(seen: Snapshot, _read: bytes) -> None:
                checked.append(seen.url)
                stop(worker.stop)
                time.sleep(0.2)

            worker = world.worker(on_snapshot=check)
            await worker.run(world.visitor(worker))

        asyncio.run(asyncio.wait_for(run(), 30))
        assert len(checked) == 1
        world.crawl(on_snapshot=lambda seen, _read: checked.append(seen.url))
        assert len(checked) == len(set(checked)) == 10

    def test_a_page_that_takes_the_process_with_it_is_not_tried_for_ever(self, world: World) -> None:
        world.web.pages = {SITE: page()}
        world.add(every_s=None)
        world.open_now()
        world.crawl()
        tried: list[str] = []

        def check(seen: Snapshot, _read: bytes) -> None:
            tried.append(seen.url)
            with world.store.read() as tx:  # what is there should the process die now
                assert tx.scalar(sa.select(tables.snapshots.c.tries)) == len(tried)
            raise MemoryError

        for _ in range(5):
            world.crawl(on_snapshot=check)
        assert len(tried) == 3

    def test_nothing_waits_for_what_was_not_checked_before(self, world: World) -> None:
        fetched = threading.Event()

        def late(ask: Ask) -> Got:
            fetched.set()
            return page()

        world.web.pages = {SITE: page(), "https://late.example/": late}
        world.add()
        world.crawl()
        world.pass_(minutes=1)
        world.add("https://late.example/")
        waited: list[bool] = []

        def check(seen: Snapshot, _read: bytes) -> None:
            if seen.url == SITE:
                waited.append(fetched.wait(5))

        world.crawl(on_snapshot=check)
        assert waited == [True]

    def test_a_held_snapshot_stays_with_what_it_points_to(self, world: World) -> None:
        world.web.pages = {SITE: page()}
        world.add()
        world.crawl()
        world.pass_(days=1)
        world.crawl()
        first, again = world.seen()
        assert again.same_as == first.id
        world.store.write(lambda tx: snapshots.hold(tx, world.log, again.id, world.at))
        assert [one.held for one in world.seen()] == [True, True]
        world.store.write(lambda tx: snapshots.let_go(tx, world.log, again.id, world.at))
        assert [one.held for one in world.seen()] == [False, False]

    def test_a_stopped_source_is_visited_no_more(self, world: World) -> None:
        source = world.add()
        world.open_visits()
        world.store.write(lambda tx: sources.stop(tx, world.log, source.id, world.at))
        world.crawl()
        assert world.web.asked == []
        assert world.states()[SITE] == ("refused", "stopped")
        with pytest.raises(Conflict):
            world.store.write(lambda tx: sources.stop(tx, world.log, source.id, world.at))
        with pytest.raises(NotFound):
            world.store.write(lambda tx: sources.stop(tx, world.log, str(uuid.uuid4()), world.at))
        assert [one["change"] for one in world.told("crawl.source")] == ["added", "stopped"]

    def test_a_source_is_added_once(self, world: World) -> None:
        world.add()
        with pytest.raises(Conflict):
            world.add()

    def test_a_shoppers_task_stops_no_host_and_its_note_holds_no_persons_number(self, world: World) -> None:
        world.store.write(
            lambda tx: tasks.open_task(tx, world.log, TaskKind.SHOPPER, world.at, note="call 13800138000")
        )
        with world.store.read() as tx:
            (task,) = tasks.open_tasks(tx)
        assert task.note == "call 138****8000"

    def test_what_cannot_be_written_ends_the_run_and_is_there_for_the_next(self, world: World) -> None:
        world.web.pages = {SITE: page("", *(f"/{n}" for n in range(200)))}
        world.add(depth=1)
        log, world.log = world.log, Ledger(world.store, (), lambda: world.at)  # knows no entry of the crawl's
        with pytest.raises(BadInput):
            world.crawl()
        world.log = log
        assert world.seen() == []
        world.crawl()
        assert len(world.seen()) == 201

    def test_a_host_that_is_slow_holds_up_no_other(self, world: World) -> None:
        slowly = [f"{SITE}{n}" for n in range(40)]
        quickly = [f"https://quick.example/{n}" for n in range(5)]
        world.web.pages = dict.fromkeys((*slowly, *quickly), page())
        for url in slowly:
            world.add(url, delay_ms=20)
        for url in quickly:
            world.add(url)
        world.crawl()
        last = max(world.web.asked.index(url) for url in quickly)
        assert last < len(world.web.asked) // 2
        assert len(world.seen()) == 45

    def test_every_page_that_was_not_checked_is_however_many_cannot_be(self, world: World) -> None:
        world.web.pages = {SITE: page("", *(f"/{n}" for n in range(120)))}
        world.web.pages |= {f"{SITE}{n}": page(str(n)) for n in range(120)}
        world.add(depth=1)
        world.crawl()
        checked: list[str] = []

        def check(seen: Snapshot, _read: bytes) -> None:
            checked.append(seen.url)
            raise Unavailable("away")

        world.crawl(on_snapshot=check)
        assert len(set(checked)) == len(checked) == 121

    def test_what_rendered_pages_ask_for_stays_within_the_budget_too(self, world: World) -> None:
        def site(ask: Ask) -> Got:
            shown = page(ask.url, *(f"/{n}" for n in range(9)))
            return replace(shown, requests=min(ask.most, 30)) if ask.render else shown

        world.web.pages = {SITE: site} | {f"{SITE}{n}": site for n in range(9)}
        world.add(depth=1, render=True, budget_per_day=150)
        c = tables.sources.c
        for day in range(1, 4):
            world.crawl()
            with world.store.read() as tx:
                assert 31 <= tx.scalar(sa.select(c.spent)) <= 150
            assert len(world.seen()) == min(10, 2 * day)
            world.pass_(days=1)
