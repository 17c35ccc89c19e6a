"""The crawl, as a service: run it, see how it stands, take what people bring.

Rules held here:
- What a person submits is a snapshot as any other: kept as evidence, told to the log, checked.
- Only a source of kind submission or shopper takes what people bring, and only a shopper's gets tasks of shopping.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa

from haoma.errors import BadInput, NotFound
from haoma.guard.crawl import snapshots, sources, tables, warc
from haoma.guard.crawl.feed import page_of
from haoma.guard.crawl.model import BY_HAND, LARGEST, Kind, Snapshot, Source, Task, TaskKind
from haoma.guard.crawl.recording import Seen, keep
from haoma.guard.crawl.tasks import open_task
from haoma.guard.crawl.urls import checked
from haoma.guard.registry.read import organisations

if TYPE_CHECKING:
    from haoma.guard.crawl.run import Manner
    from haoma.guard.crawl.sources import Log
    from haoma.guard.crawl.worker import Totals
    from haoma.storage import Store

__all__ = ["Crawl"]

_j, _s = tables.jobs.c, tables.sources.c


@dataclass(frozen=True, slots=True)
class Crawl:
    """The crawl on one store. `manner` says how it behaves; `on_snapshot` gets every page as a reader has it.

    `is_hotline` knows the URIs that are no person's; `before_visits` may have sources visited sooner.
    """

    store: Store
    log: Log
    now: Callable[[], datetime]
    manner: Callable[[], Manner]
    lease: timedelta
    is_hotline: Callable[[str], bool]
    on_snapshot: Callable[[Snapshot, bytes], None] | None = None
    before_visits: Callable[[sa.Connection], None] = lambda _tx: None

    def run(
        self, *, only: str | None = None, once: bool = True, advance: Callable[[int], None] = lambda _ended: None
    ) -> Totals:
        """Crawl, in the main thread and once a process; raises NotFound where there is no source `only`."""
        from haoma.guard.crawl.run import crawl
        from haoma.guard.crawl.worker import Work

        manner = self.manner()
        if only is not None:
            with self.store.read() as tx:
                found = sources.one(tx, only)
            if found.kind in BY_HAND or found.stopped_at is not None:
                raise BadInput("this source is not visited", hint="it was stopped, or people bring what they saw of it")
        hooks = (self.on_snapshot, self.before_visits, advance)
        work = Work(self.store, self.log, self.now, self.lease, only, once, *hooks)
        return crawl(work, manner)

    def add(self, source: Source) -> Source:
        """Add a source; raises NotFound where its organisation is not in the registry, Conflict for a second one."""

        def put(tx: sa.Connection) -> Source:
            if source.organisation is not None and source.organisation not in {one.uid for one in organisations(tx)}:
                raise NotFound("there is no such organisation", hint="haoma hotline organisation list shows them")
            return sources.add(tx, self.log, source, self.now())

        return self.store.write(put)

    def status(self) -> Sequence[Mapping[str, object]]:
        """A row for each source that is not stopped."""
        today = f"{self.now():%Y-%m-%d}"
        by_state = sa.select(_j.source_id, _j.state, sa.func.count()).group_by(_j.source_id, _j.state)
        with self.store.read() as tx:
            counts: dict[str, dict[str, int]] = {}
            for source_id, state, count in tx.execute(by_state):
                counts.setdefault(source_id, {})[state] = count
            spent = {
                row.source_id: row.spent
                for row in tx.execute(sa.select(_s.source_id, _s.spent).where(_s.spent_on == today))
            }
            stopped = set(tx.scalars(sa.select(tables.hosts.c.host).where(tables.hosts.c.task_id.is_not(None))))
            return [_standing(one, counts.get(one.id, {}), spent.get(one.id, 0), stopped) for one in sources.read(tx)]

    def newest(self, source_id: str | None, most: int) -> Sequence[Snapshot]:
        """The newest snapshots, of one source or of all."""
        with self.store.read() as tx:
            return snapshots.newest(tx, source_id, most=most)

    def export(self, source_id: str | None) -> Iterator[bytes]:
        """The records of a file of WARC, persons' own numbers masked."""
        with self.store.read() as tx:
            yield from snapshots.export(tx, source_id, self.now(), self.is_hotline)

    def shop(self, source_id: str, text: str) -> Task:
        """Ask a mystery shopper for something."""
        with self.store.read() as tx:
            found = sources.one(tx, source_id)
        if found.kind is not Kind.SHOPPER:
            raise BadInput("this source is of no shopper", hint="haoma crawl source add --kind shopper")
        made = self.store.write(
            lambda tx: open_task(tx, self.log, TaskKind.SHOPPER, self.now(), source=source_id, note=text)
        )
        if made is None:
            raise NotFound("the task is gone")
        return made

    def submit(
        self, source_id: str, *, organisation: str, number: str | None, url: str | None, page: Path | None
    ) -> Snapshot:
        """Write down what somebody saw or heard, have it checked, and return the snapshot."""
        with self.store.read() as tx:
            found = sources.one(tx, source_id)
        if found.kind not in BY_HAND or found.stopped_at is not None:
            raise BadInput("this source takes nothing from people", hint="one of kind submission or shopper does")
        at, made = self.now(), str(uuid.uuid4())
        place = checked(url) if url else f"urn:uuid:{made}"
        body = page_of([_said(organisation, number)]) if page is None else _saved(page)
        kind = "text/html; charset=utf-8" if page is None else "text/html"
        seen = Snapshot(made, source_id, place, place, at, 200, kind, hashlib.sha256(body).hexdigest())
        record = {"response": warc.resource(made, place, kind, body, at)}
        (kept,) = self.store.write(lambda tx: keep(tx, self.log, source_id, [Seen(seen, record)], at))
        if self.on_snapshot is not None:
            self.on_snapshot(kept, body)
        return kept


def _said(organisation: str, number: str | None) -> Mapping[str, str]:
    if not organisation.strip() or not (number or "").strip() or max(len(organisation), len(number or "")) > 200:
        raise BadInput("an organisation and a number, each of at most 200 characters", hint="--organisation, --number")
    return {"name": organisation.strip(), "number": str(number).strip()}


def _saved(page: Path) -> bytes:
    size = page.stat().st_size
    if size > LARGEST:
        raise BadInput(f"{page} has {size:,} bytes; {LARGEST:,} are allowed", hint="save the page alone")
    return page.read_bytes()


def _standing(source: Source, counts: Mapping[str, int], spent: int, stopped: set[str]) -> Mapping[str, object]:
    from haoma.guard.crawl.urls import host_of

    return {
        "source": source.id,
        "kind": str(source.kind),
        "url": source.url,
        "jobs": dict(sorted(counts.items())),
        "spent_today": spent,
        "budget_per_day": source.budget_per_day,
        "stopped": host_of(source.url) in stopped,
        "next_at": source.next_at.isoformat() if source.next_at else None,
        "good_at": source.good_at.isoformat() if source.good_at else None,
    }
