"""What came of jobs, written down: snapshots with their records, links, tasks, and one entry of the log for all.

Rules held here:
- A job ends once. Of two workers that did the same one, since a lease was over, the first to write has seen it; of the
  other's nothing is kept. So a crash loses nothing, and nothing is there twice.
- A page that has not changed is kept once: what is seen again points to it, and keeps it for as long as itself.
- A host that is visited for itself is stopped by what a visit meets there: what it tells a script of another page is
  no reason, or any page could have the others looked at no more.
- What does not answer is tried four times, later each time; a host that says no gets a task of a person, and no request
  more until that is done.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import sqlalchemy as sa

from haoma.guard.crawl import tables
from haoma.guard.crawl.jobs import OPEN, Job, add_jobs, rows_of, spend
from haoma.guard.crawl.model import KEPT, Snapshot, State, TaskKind
from haoma.guard.crawl.sources import Log
from haoma.guard.crawl.tasks import open_task
from haoma.guard.crawl.urls import host_of, key_of
from haoma.ledger.canonical import canonical
from haoma.ledger.entry import Entry
from haoma.lineage.rows import insert_new

__all__ = ["Came", "Seen", "keep", "leaf_of", "write_down"]

TRIES = 4
FIRST_WAIT = timedelta(minutes=1)
_j, _s, _seen = tables.jobs.c, tables.sources.c, tables.snapshots.c


@dataclass(frozen=True, slots=True)
class Seen:
    """A snapshot before it is written, with its records by what they are, and what to ask with the next time."""

    snapshot: Snapshot
    records: Mapping[str, bytes] = field(default_factory=dict)
    etag: str | None = None
    modified: str | None = None


@dataclass(frozen=True, slots=True)
class Came:
    """What came of a job: what was seen, or why not (a word); links to follow; requests beyond its first.

    `again` says that it is to be tried later, `task` that `host` wants a person, `wait_s` how long it asked for;
    `halted` are hosts that told a script of the page no; `read` is the page as a reader has it, rendered where it was.
    """

    job: Job
    seen: Seen | None = None
    reason: str | None = None
    state: State = State.DONE
    links: Sequence[str] = ()
    extra: int = 0
    again: bool = False
    task: TaskKind | None = None
    host: str | None = None
    wait_s: float = 0.0
    halted: Sequence[tuple[str, TaskKind]] = ()
    read: bytes = b""


def write_down(tx: sa.Connection, log: Log, worker: str, batch: Sequence[Came], now: datetime) -> list[Snapshot]:
    """Write what came of some jobs; returns the snapshots that are new, those of jobs that another had ended not."""
    open_ = _open(tx, [came.job.id for came in batch])
    ended = [came for came in batch if came.job.id in open_]
    made = keep(tx, log, worker, [came.seen for came in ended if came.seen is not None], now)
    for came in ended:
        _end(tx, log, came, now)
    for came in ended:
        if came.links:
            add_jobs(tx, rows_of(came.job.source.id, came.job.visit, came.job.depth + 1, came.links, now))
    _settle_sources(tx, ended, now)
    return made


def keep(tx: sa.Connection, log: Log, worker: str, seen: Sequence[Seen], now: datetime) -> list[Snapshot]:
    """Write snapshots with their records and one entry that holds the leaves of all of them."""
    if not seen:
        return []
    leaves = [leaf_of(one.snapshot) for one in seen]
    entry_id = log.append(tx, Entry("crawl.seen", now, {"worker": worker, "snapshots": list(leaves)}))
    made = [
        replace(one.snapshot, leaf=leaf, entry_id=entry_id, kept_until=one.snapshot.fetched_at + KEPT)
        for one, leaf in zip(seen, leaves, strict=True)
    ]
    rows = [_row(snapshot, one) for snapshot, one in zip(made, seen, strict=True)]
    tx.execute(sa.insert(tables.snapshots), rows)
    records = [
        {"snapshot_id": one.snapshot.id, "what": what, "record": record}
        for one in seen
        for what, record in one.records.items()
    ]
    if records:
        tx.execute(sa.insert(tables.records), records)
    _lengthen(tx, made)
    return made


def leaf_of(snapshot: Snapshot) -> str:
    """The digest that stands in the log for a snapshot: over all that was seen, and when, in canonical JSON."""
    said = {
        "id": snapshot.id,
        "source": snapshot.source,
        "url": snapshot.url,
        "final_url": snapshot.final_url,
        "fetched_at": snapshot.fetched_at.isoformat(),
        "status": snapshot.status,
        "content_type": snapshot.content_type,
        "digest": snapshot.digest,
        "rendered_digest": snapshot.rendered_digest,
        "screenshot": snapshot.screenshot,
        "same_as": snapshot.same_as,
    }
    return hashlib.sha256(canonical(said)).hexdigest()


def _row(snapshot: Snapshot, seen: Seen) -> dict[str, object]:
    names = ("visit", "url", "final_url", "fetched_at", "status", "content_type", "digest", "rendered_digest")
    more = ("screenshot", "same_as", "leaf", "entry_id", "held", "kept_until")
    row: dict[str, object] = {name: getattr(snapshot, name) for name in (*names, *more)}
    row |= {"snapshot_id": snapshot.id, "source_id": snapshot.source, "url_key": key_of(snapshot.url)}
    return row | {"etag": seen.etag, "modified": seen.modified, "checked_at": None, "tries": 0}


def _lengthen(tx: sa.Connection, made: Iterable[Snapshot]) -> None:
    """Keep a page for as long as the last snapshot that points to it."""
    again = [one for one in made if one.same_as is not None]
    for one in again:
        tx.execute(
            sa.update(tables.snapshots).where(_seen.snapshot_id == one.same_as).values(kept_until=one.kept_until)
        )


def _open(tx: sa.Connection, job_ids: Sequence[int]) -> set[int]:
    query = sa.select(_j.job_id).where(_j.job_id.in_(job_ids), _j.state.in_(OPEN))
    return set(tx.scalars(query.with_for_update() if tx.dialect.name == "postgresql" else query))


def _end(tx: sa.Connection, log: Log, came: Came, now: datetime) -> None:
    values: dict[str, object] = {"state": str(came.state), "reason": came.reason, "worker": None}
    said = [] if came.task is None else [(came.host or host_of(came.job.url), came.task)]
    for host, task in [*said, *(one for one in came.halted if not _is_visited(tx, one[0], but=came.job))]:
        tx.execute(insert_new(tx, tables.hosts).values(host=host))
        open_task(tx, log, task, now, host=host, source=came.job.source.id)
    if came.task is not None:
        values["state"] = str(State.WAITING)
    elif came.again and came.job.attempts + 1 < TRIES:
        wait = max(FIRST_WAIT * 4**came.job.attempts, timedelta(seconds=came.wait_s))
        values |= {"state": str(State.WAITING), "due_at": now + wait, "attempts": came.job.attempts + 1}
    tx.execute(sa.update(tables.jobs).where(_j.job_id == came.job.id).values(**values))


def _is_visited(tx: sa.Connection, host: str, *, but: Job) -> bool:
    others = sa.exists().where(_j.host == host, _j.host != host_of(but.url))
    return bool(tx.scalar(sa.select(others)))


def _settle_sources(tx: sa.Connection, ended: Sequence[Came], now: datetime) -> None:
    """Take extra requests off the day's budgets, and say when a source was last seen well."""
    for source_id in sorted({came.job.source.id for came in ended}):
        of_source = [came for came in ended if came.job.source.id == source_id]
        extra = sum(came.extra for came in of_source)
        today = sum(came.job.claimed_at is not None and came.job.claimed_at.date() == now.date() for came in of_source)
        spend(tx, source_id, extra, today)
        if any(came.seen and came.seen.snapshot.status < 400 for came in of_source):
            tx.execute(sa.update(tables.sources).where(_s.source_id == source_id).values(good_at=now))
