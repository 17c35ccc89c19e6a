"""A worker: claims hosts, has their jobs done, writes down what came of them, and hands each page on to be checked.

Rules held here:
- What is in hand is bounded, whatever the size of a site: addresses wait in the database.
- While the database is away nothing is lost: what came of jobs is kept and written when it is back, and nothing new is
  begun meanwhile.
- A page is checked after it is written down. One that was not, since the process ended, is checked by the next worker,
  beside what that one fetches: however many there are, nothing waits for them.
- Stopped, a worker begins nothing more, ends what is under way, and gives back its hosts.
- Leases, budgets and days are those of the database's clock, which all workers share: one whose own clock is wrong
  takes no host that another has, and no budget of tomorrow.
"""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, TypeVar

import sqlalchemy as sa

from haoma.errors import BadInput, HaomaError, Unavailable
from haoma.guard.crawl import jobs, tables
from haoma.guard.crawl.checking import Checker, ask_people
from haoma.guard.crawl.jobs import Job
from haoma.guard.crawl.model import Snapshot, State
from haoma.guard.crawl.recording import Came, write_down
from haoma.guard.crawl.snapshots import one, read_of, unchecked
from haoma.guard.crawl.sources import Log
from haoma.guard.crawl.urls import host_of

if TYPE_CHECKING:
    from haoma.guard.crawl.visiting import Visitor
    from haoma.storage import Store

__all__ = ["Totals", "Work", "Worker"]

T = TypeVar("T")
AT_ONCE, OF_HOST, IN_HAND = 24, 8, 192
BATCH = 64
LOOK_S, VISITS_S = 0.2, 5.0
WISHES = timedelta(minutes=1)
ENDING_S = 20.0
log = logging.getLogger("haoma")


@dataclass(frozen=True, slots=True)
class Work:
    """What a worker works on: the store and its log, one source or all, once or for ever.

    `on_snapshot` gets each page as a reader has it; `before_visits` may have sources visited sooner, once a minute;
    `advance` is told how many jobs have ended; `wall` is the clock of this machine, which `now` goes by.
    """

    store: Store
    log: Log
    now: Callable[[], datetime]
    lease: timedelta
    only: str | None = None
    once: bool = True
    on_snapshot: Callable[[Snapshot, bytes], None] | None = None
    before_visits: Callable[[sa.Connection], None] = lambda _tx: None
    advance: Callable[[int], None] = lambda _ended: None
    wall: Callable[[], datetime] = lambda: datetime.now(UTC)


@dataclass(slots=True)
class Totals:
    """What a run came to: jobs by how they ended, snapshots that are new, and jobs left for later."""

    ended: dict[str, int] = field(default_factory=dict)
    snapshots: int = 0
    left: int = 0


class Worker:
    """One of any number, on any machine that reaches the store."""

    def __init__(self, work: Work) -> None:
        self.id = str(uuid.uuid4())
        self.totals = Totals()
        self._work = work
        self._stopping = asyncio.Event()
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._hosts: dict[str, asyncio.Semaphore] = {}
        self._stopped = frozenset[str]()
        self._came: asyncio.Queue[Came | None] = asyncio.Queue(BATCH)
        self._checker = None if work.on_snapshot is None else self._checking(work.on_snapshot)
        self._wake = asyncio.Event()
        self._under_way: set[asyncio.Task[None]] = set()
        self._in_hand = 0
        self._failure: Exception | None = None
        self._ahead = timedelta()
        self._wished: datetime | None = None

    def _checking(self, check: Callable[[Snapshot, bytes], None]) -> Checker:
        return Checker(self._work.store, self._work.log, self.now, check)

    def now(self) -> datetime:
        """The time, by the clock that all workers share."""
        return self._work.now() - self._ahead

    def stop(self) -> None:
        """Begin nothing more; asked a second time, end what is under way as well."""
        if self._stopping.is_set():
            for task in self._under_way:
                task.cancel()
        self._stopping.set()
        self._wake.set()
        if self._checker is not None:
            self._checker.stop()

    async def stopped_host(self, host: str) -> bool:
        """Whether a host waits for a person."""
        return await self._db(partial(_waits, host=host), reads=True)

    async def before(self, snapshot_id: str) -> bytes:
        """The page of a snapshot that was kept."""
        return await self._db(lambda tx: read_of(tx, one(tx, snapshot_id)), reads=True)

    async def run(self, visitor: Visitor) -> Totals:
        """Work until nothing is due (`once`), or until stopped."""
        behind = [asyncio.ensure_future(one) for one in (self._write(), self._renew())]
        checks = asyncio.ensure_future(_nothing() if self._checker is None else self._checker.run())
        backlog = asyncio.ensure_future(self._check_backlog())
        try:
            await self._loop(visitor)
            await self._finish()
            await backlog
        finally:
            backlog.cancel()
            await self._came.put(None)
            await behind[0]
            if self._checker is not None:
                await self._checker.end()
            await self._until_checked(checks)
            behind[1].cancel()
            with suppress(Unavailable):  # then leases end by themselves
                await asyncio.to_thread(self._work.store.write, partial(jobs.release, worker=self.id))
        if self._failure is not None:
            raise self._failure
        return self.totals

    async def _loop(self, visitor: Visitor) -> None:
        looked = float("-inf")
        clock = asyncio.get_running_loop().time
        while not self._stopping.is_set():
            self._wake.clear()  # before looking: what comes behind the look ends the sleep
            if clock() - looked >= VISITS_S:
                self._ahead = await self._db(partial(jobs.ahead, wall=self._work.wall), reads=True)
                first = looked == float("-inf")
                only = self._work.only
                if first or only is None:
                    await self._db(partial(self._open_visits, now=self.now(), only=only))
                self._stopped = await self._db(_stopped_sources, reads=True)
                looked = clock()
            claimed = await self._claim() if self._in_hand < IN_HAND else []
            for job in claimed:
                self._begin(visitor, job)
            if not claimed and not self._in_hand and await self._is_done():
                return
            if not claimed:
                await self._sleep()

    def _open_visits(self, tx: sa.Connection, now: datetime, only: str | None) -> None:
        if only is None and (self._wished is None or now - self._wished >= WISHES):
            self._wished = now
            try:
                self._work.before_visits(tx)
            except BadInput as error:  # a setting that only judging needs: pages are fetched without it
                log.warning("no source is visited sooner than its schedule says: %s", error)
        jobs.open_visits(tx, now, only)

    async def _is_done(self) -> bool:
        left = await self._db(partial(jobs.left, now=self.now(), only=self._work.only), reads=True)
        self.totals.left = left
        return self._work.once and left == 0

    async def _sleep(self) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._wake.wait(), LOOK_S if self._in_hand else 5 * LOOK_S)

    async def _claim(self) -> list[Job]:
        claim = partial(jobs.claim, worker=self.id, now=self.now(), lease=self._work.lease, only=self._work.only)
        return await self._db(claim)

    def _begin(self, visitor: Visitor, job: Job) -> None:
        self._in_hand += 1
        task = asyncio.ensure_future(self._do(visitor, job))
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    async def _do(self, visitor: Visitor, job: Job) -> None:
        try:
            async with self._of_host(job), self._slots:
                if self._stopping.is_set() or job.source.id in self._stopped:
                    return
                await self._came.put(await self._visited(visitor, job))
        finally:
            self._in_hand -= 1
            self._wake.set()

    def _of_host(self, job: Job) -> asyncio.Semaphore:
        """The places of a host: those who wait for their turn there must not take the places of others."""
        most = 1 if job.source.delay_ms else OF_HOST
        return self._hosts.setdefault(host_of(job.url), asyncio.Semaphore(most))

    async def _visited(self, visitor: Visitor, job: Job) -> Came:
        try:
            return await visitor.visit(job)
        except HaomaError as error:
            log.warning("a page waits: %s", error)
            return Came(job, reason=error.code, state=State.FAILED, again=True)
        except Exception as error:  # noqa: BLE001 - one page must not stop the others, nor be waited for without end
            log.warning("a page waits: a fault of haoma's own (%s)", type(error).__name__)
            return Came(job, reason="fault", state=State.FAILED, again=True)

    async def _finish(self) -> None:
        if self._under_way:
            _, late = await asyncio.wait(self._under_way, timeout=ENDING_S)
            for task in late:
                task.cancel()

    async def _until_checked(self, checks: asyncio.Future[None]) -> None:
        """Wait for the checks to end; where a worker is stopped, not longer than for anything else under way."""
        stopped = asyncio.ensure_future(self._stopping.wait())
        await asyncio.wait((checks, stopped), return_when=asyncio.FIRST_COMPLETED)
        stopped.cancel()
        await asyncio.wait((checks,), timeout=ENDING_S)
        if checks.done():
            return checks.result()
        checks.cancel()
        return None

    async def _write(self) -> None:
        """Write down what comes, as many at a time as have come."""
        over = False
        while not over:
            batch = [await self._came.get()]
            while len(batch) < BATCH and not self._came.empty():
                batch.append(self._came.get_nowait())
            over = None in batch
            came = [one for one in batch if one is not None]
            if came and self._failure is None:
                await self._write_or_fail(came)

    async def _write_or_fail(self, came: Sequence[Came]) -> None:
        """Write, or end the run: what cannot be written must not be waited for."""
        try:
            await self._written(came)
        except Exception as error:  # noqa: BLE001 - raised where the run ends
            self._failure = error
            self.stop()

    async def _written(self, came: Sequence[Came]) -> None:
        work = self._work
        made = await self._db(lambda tx: write_down(tx, work.log, self.id, came, self.now()))
        self.totals.snapshots += len(made)
        for each in came:
            word = each.reason or "seen"
            self.totals.ended[word] = self.totals.ended.get(word, 0) + 1
        work.advance(len(came))
        self._wake.set()
        if self._checker is not None:
            read = {each.seen.snapshot.id: each.read for each in came if each.seen is not None}
            for snapshot in made:
                await self._checker.put(snapshot, read[snapshot.id])

    async def _check_backlog(self) -> None:
        if self._checker is None:
            return
        await self._db(lambda tx: ask_people(tx, self._work.log, self.now()))
        earlier = partial(unchecked, until=self.now())
        found = await self._db(earlier, reads=True)
        while found:
            for snapshot in found:
                if self._stopping.is_set():
                    return
                await self._checker.put(snapshot, None)
            found = await self._db(partial(earlier, after=found[-1]), reads=True)

    async def _renew(self) -> None:
        while True:
            await asyncio.sleep(self._work.lease.total_seconds() / 3)
            renew = partial(jobs.renew, worker=self.id, now=self.now(), lease=self._work.lease)
            with suppress(Unavailable):
                await asyncio.to_thread(self._work.store.write, renew)

    async def _db(self, work: Callable[[sa.Connection], T], *, reads: bool = False) -> T:
        """Do this in the database, as soon as it is there."""
        wait_s = 0.2
        while True:
            try:
                return await asyncio.to_thread(self._read if reads else self._work.store.write, work)
            except Unavailable as error:
                if self._stopping.is_set() and wait_s > 2:
                    raise
                if wait_s == 0.2:
                    log.warning("the crawl waits: %s", error)
            await asyncio.sleep(wait_s)
            wait_s = min(wait_s * 2, 5.0)

    def _read(self, work: Callable[[sa.Connection], T]) -> T:
        with self._work.store.read() as tx:
            return work(tx)


async def _nothing() -> None:
    """What those do who check nothing."""


def _stopped_sources(tx: sa.Connection) -> frozenset[str]:
    c = tables.sources.c
    return frozenset(tx.scalars(sa.select(c.source_id).where(c.stopped_at.is_not(None))))


def _waits(tx: sa.Connection, host: str) -> bool:
    c = tables.hosts.c
    return tx.scalar(sa.select(c.task_id).where(c.host == host)) is not None
