"""Pages on their way to being checked: those that came, and those that an earlier run left.

Rules held here:
- A page that was not checked, since the process ended or what it needs was away, is checked by the next run.
- A page that breaks its reader, takes it too long or too much memory (`haoma.guard.reading`), or takes the process with
  it is tried three times; then a person is asked, once for a source, and has it tried anew by ending the task.
- Stopped, it begins with no further page: what waits is left to the next run.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from haoma.errors import BadInput, HaomaError, Unavailable
from haoma.guard.crawl import tables
from haoma.guard.crawl.model import Snapshot, TaskKind
from haoma.guard.crawl.snapshots import TRIES, read_of
from haoma.guard.crawl.sources import Log
from haoma.guard.crawl.tasks import open_task, open_tasks
from haoma.guard.reading import Unreadable
from haoma.storage import Store

__all__ = ["Checker", "ask_people"]

IN_HAND = 64
_c = tables.snapshots.c
log = logging.getLogger("haoma")


@dataclass(frozen=True, slots=True)
class _Waiting:
    snapshot: Snapshot
    page: bytes | None  # None for what an earlier run left: it is read again, and counts before it is tried


class Checker:
    """Has pages checked by `check`, one after the other, in the order that they come."""

    def __init__(
        self,
        store: Store,
        entries: Log,
        now: Callable[[], datetime],
        check: Callable[[Snapshot, bytes], None],
    ) -> None:
        self._store = store
        self._entries = entries
        self._now = now
        self._check = check
        self._waiting: asyncio.Queue[_Waiting | None] = asyncio.Queue(IN_HAND)
        self._told = ""
        self._stopped = False

    async def put(self, snapshot: Snapshot, page: bytes | None) -> None:
        """Have a page checked; one without its text is of an earlier run."""
        if not self._stopped:
            await self._waiting.put(_Waiting(snapshot, page))

    async def end(self) -> None:
        """Have nothing more checked."""
        await self._waiting.put(None)

    def stop(self) -> None:
        """Begin with no further page."""
        self._stopped = True
        while not self._waiting.empty():
            self._waiting.get_nowait()

    async def run(self) -> None:
        """Check what comes until the end."""
        while (one := await self._waiting.get()) is not None:
            if not self._stopped:
                await self._tried(one)

    async def _tried(self, one: _Waiting) -> None:
        try:
            await asyncio.to_thread(self._checked, one)
        except Unreadable as error:
            log.warning("a page was not checked: %s", error)
            await self._count(one, 0 if one.page is None else 1)
        except (Unavailable, BadInput) as error:  # what it needs is away, or set wrong: no fault of the page
            if str(error) != self._told:
                log.warning("a page was not checked, and will be by the next run: %s", error)
            self._told = str(error)
            await self._count(one, -1 if one.page is None else 0)
        except Exception as error:  # noqa: BLE001 - a page that breaks its reader must not keep the others from theirs
            what = error.code if isinstance(error, HaomaError) else type(error).__name__
            log.warning("a page was not checked: it breaks its reader (%s)", what)
            await self._count(one, 0 if one.page is None else 1)

    def _checked(self, one: _Waiting) -> None:
        page = one.page
        if page is None:
            self._store.write(lambda tx: _add(tx, one.snapshot.id, 1))
            with self._store.read() as tx:
                page = read_of(tx, one.snapshot)
        self._check(one.snapshot, page)
        done = sa.update(tables.snapshots).where(_c.snapshot_id == one.snapshot.id).values(checked_at=self._now())
        self._store.write(lambda tx: tx.execute(done))

    async def _count(self, one: _Waiting, tries: int) -> None:
        """Count a page's tries, and ask a person where that was the last; next time, where the database is away."""

        def work(tx: sa.Connection) -> None:
            _add(tx, one.snapshot.id, tries)
            ask_people(tx, self._entries, self._now())

        with suppress(Unavailable):
            await asyncio.to_thread(self._store.write, work)


def ask_people(tx: sa.Connection, entries: Log, at: datetime) -> None:
    """Open a task for each source with pages that could not be read, but where one is open."""
    asked = {task.source for task in open_tasks(tx, TaskKind.UNREAD)}
    over = sa.and_(_c.checked_at.is_(None), _c.tries >= TRIES)
    query = sa.select(_c.source_id, sa.func.count().label("pages"), sa.func.min(_c.snapshot_id).label("first"))
    for row in tx.execute(query.where(over).group_by(_c.source_id).order_by(_c.source_id)).all():
        if row.source_id not in asked:
            note = f"pages that break their reader: {row.pages}, among them snapshot {row.first}"
            open_task(tx, entries, TaskKind.UNREAD, at, source=row.source_id, note=note)


def _add(tx: sa.Connection, snapshot_id: str, tries: int) -> None:
    tx.execute(sa.update(tables.snapshots).where(_c.snapshot_id == snapshot_id).values(tries=_c.tries + tries))
