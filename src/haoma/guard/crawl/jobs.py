"""What is still to be fetched: visits are opened, hosts claimed under a lease, jobs taken, put back and counted.

Rules held here:
- A host is one worker's at a time, whatever number of workers and machines there are, so that it is asked as slowly as
  its source says. A worker that dies loses its hosts when their lease is over; another does what it had in hand.
- What is claimed counts against the day's budget of its source, whether it comes back or not; of a page to be rendered
  all that it may ask for, until it is known what it did. Days are those of UTC.
- A host that a person has to get leave for is left alone, and so is a source that was stopped.
- A source is not visited anew while a visit to it is under way.
- Time is what the database's clock says, where it has one of its own.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from haoma.guard.crawl import tables
from haoma.guard.crawl.model import BY_HAND, Source, State
from haoma.guard.crawl.sources import source_of
from haoma.guard.crawl.urls import host_of, key_of
from haoma.lineage.rows import insert_new

__all__ = [
    "Job",
    "add_jobs",
    "ahead",
    "claim",
    "cost_of",
    "left",
    "look_again",
    "open_visits",
    "release",
    "renew",
    "rows_of",
    "spend",
]

KEPT = timedelta(days=31)
HOSTS, OF_HOST = 8, 64
RENDERED = 100
AGREE = timedelta(seconds=1)
OPEN = [str(State.WAITING), str(State.CLAIMED)]
_s, _j, _h, _seen = tables.sources.c, tables.jobs.c, tables.hosts.c, tables.snapshots.c


@dataclass(frozen=True, slots=True)
class Job:
    """One address of a visit, claimed: with what is known of it from before, so that it is asked whether it changed."""

    id: int
    source: Source
    visit: str
    url: str
    depth: int
    attempts: int
    known: str | None = None
    known_digest: str | None = None
    known_type: str | None = None
    etag: str | None = None
    modified: str | None = None
    claimed_at: datetime | None = None


def ahead(tx: sa.Connection, wall: Callable[[], datetime]) -> timedelta:
    """How far the clock of this machine is ahead of the database's; nothing where both are one (SQLite), or agree."""
    if tx.dialect.name != "postgresql":
        return timedelta()
    before = wall()
    there: datetime = tx.execute(sa.select(sa.func.clock_timestamp())).scalar_one()
    found = before + (wall() - before) / 2 - there
    return found if abs(found) > AGREE else timedelta()


def open_visits(tx: sa.Connection, now: datetime, only: str | None = None) -> int:
    """Begin the visits that are due, or one to the source `only` where none is under way; how many were begun."""
    busy = sa.exists().where(_j.source_id == _s.source_id, _j.state.in_(OPEN))
    query = sa.select(tables.sources).where(_s.stopped_at.is_(None), _s.kind.not_in(BY_HAND), ~busy)
    query = query.where(_s.next_at <= now) if only is None else query.where(_s.source_id == only)
    found = [source_of(row) for row in tx.execute(query.with_for_update(skip_locked=True) if _skipping(tx) else query)]
    for source in found:
        every = timedelta(seconds=source.every_s) if source.every_s is not None else None
        tx.execute(sa.update(tables.sources).where(_s.source_id == source.id).values(next_at=every and now + every))
        add_jobs(tx, rows_of(source.id, str(uuid.uuid4()), 0, [source.url], now))
    return len(found)


def look_again(tx: sa.Connection, source_id: str, now: datetime, wait: timedelta) -> None:
    """Have a source visited when so long has passed, where it was to be later, or only when somebody asks.

    What people bring is not visited, nor what was stopped. It is visited no more often than its budget is good for
    whole visits, each as large as the last one.
    """
    later = sa.or_(_s.next_at.is_(None), _s.next_at > now)
    mine = (_s.source_id == source_id, _s.stopped_at.is_(None), _s.kind.not_in(BY_HAND), later)
    row = tx.execute(sa.select(_s.budget_per_day, _s.render).where(*mine)).one_or_none()
    if row is None:
        return
    last = sa.select(_j.visit).where(_j.source_id == source_id).order_by(_j.job_id.desc()).limit(1).scalar_subquery()
    pages = int(tx.scalar(sa.select(sa.func.count()).where(_j.visit == last)) or 1)
    apart = timedelta(days=pages * cost_of(row.budget_per_day, render=row.render) / row.budget_per_day)
    by = now + max(wait, apart)
    sooner = sa.or_(_s.next_at.is_(None), _s.next_at > by)
    tx.execute(sa.update(tables.sources).where(*mine, sooner).values(next_at=by))


def rows_of(source_id: str, visit: str, depth: int, urls: Iterable[str], now: datetime) -> list[dict[str, object]]:
    """The rows of jobs at these addresses, which are in their one spelling."""
    same = {"source_id": source_id, "visit": visit, "depth": depth, "state": str(State.WAITING), "attempts": 0}
    same |= {"due_at": now, "kept_until": now + KEPT}
    return [same | {"url": url, "url_key": key_of(url), "host": host_of(url)} for url in urls]


def add_jobs(tx: sa.Connection, rows: Sequence[Mapping[str, object]]) -> None:
    """Add jobs, and the hosts of theirs that are new; an address that its visit has already stays as it is."""
    if rows:
        tx.execute(
            insert_new(tx, tables.hosts), [{"host": host} for host in sorted({str(row["host"]) for row in rows})]
        )
        tx.execute(insert_new(tx, tables.jobs), rows)


def claim(tx: sa.Connection, worker: str, now: datetime, lease: timedelta, only: str | None = None) -> list[Job]:
    """Take some hosts that nobody has, and some of what is due of each."""
    jobs: list[Job] = []
    hosts = _free_hosts(worker, now, only).limit(HOSTS)
    if _skipping(tx):
        hosts = hosts.with_for_update(skip_locked=True, of=tables.hosts)
    for host in tx.scalars(hosts).all():
        mine = _jobs_of(tx, host, worker, now, only)
        if mine:
            held = {"worker": worker, "leased_until": now + lease}
            tx.execute(sa.update(tables.hosts).where(_h.host == host).values(**held))
            jobs += mine
    if jobs:
        taken = _j.job_id.in_([job.id for job in jobs])
        tx.execute(sa.update(tables.jobs).where(taken).values(state=str(State.CLAIMED), worker=worker))
    return jobs


def _due(worker: str, now: datetime, only: str | None) -> sa.ColumnElement[bool]:
    dead = sa.and_(_j.state == str(State.CLAIMED), _j.worker != worker)
    due = sa.and_(sa.or_(_j.state == str(State.WAITING), dead), _j.due_at <= now, _s.stopped_at.is_(None))
    return due if only is None else sa.and_(due, _j.source_id == only)


def _free_hosts(worker: str, now: datetime, only: str | None) -> sa.Select[str]:
    free = sa.or_(_h.worker.is_(None), _h.worker == worker, _h.leased_until <= now)
    due = sa.exists().where(_j.host == _h.host, _j.source_id == _s.source_id, _due(worker, now, only))
    return sa.select(_h.host).where(_h.task_id.is_(None), free, due).order_by(_h.worker.is_not(None), _h.host)


def _jobs_of(tx: sa.Connection, host: str, worker: str, now: datetime, only: str | None) -> list[Job]:
    query = sa.select(
        _j.job_id,
        _j.visit,
        _j.url.label("address"),
        _j.url_key,
        _j.depth.label("away"),
        _j.attempts,
        *tables.sources.columns,
    )
    query = query.join_from(tables.jobs, tables.sources, _j.source_id == _s.source_id).where(
        _j.host == host, _due(worker, now, only)
    )
    rows = tx.execute(query.order_by(_j.due_at, _j.job_id).limit(OF_HOST)).all()
    found: list[Job] = []
    for source_id in dict.fromkeys(row.source_id for row in rows):
        of_source = [row for row in rows if row.source_id == source_id]
        affordable = _spend(tx, of_source[0], len(of_source), worker, now)
        known = _known(tx, source_id, [row.url_key for row in of_source[:affordable]])
        found += [_job(row, known.get(row.url_key), now) for row in of_source[:affordable]]
    return found


def cost_of(budget: int, *, render: bool) -> int:
    """What a job may come to, in requests: so many are taken off a day's budget until it has ended.

    >>> cost_of(500, render=False), cost_of(500, render=True), cost_of(50, render=True)
    (1, 101, 50)
    """
    return min(1 + RENDERED, budget) if render else 1


def _spend(tx: sa.Connection, row: sa.Row[*tuple[Any, ...]], wanted: int, worker: str, now: datetime) -> int:
    """How many of these jobs the day's budget has room for; they are taken off it. Without any left, tomorrow."""
    today = f"{now:%Y-%m-%d}"
    spent = int(row.spent) if row.spent_on == today else 0
    each = cost_of(int(row.budget_per_day), render=bool(row.render))
    some = max(0, min(wanted, (int(row.budget_per_day) - spent) // each))
    if some:
        told = {"spent_on": today, "spent": spent + some * each}
        tx.execute(sa.update(tables.sources).where(_s.source_id == row.source_id).values(**told))
    mine = sa.and_(_j.source_id == row.source_id, _j.state == str(State.CLAIMED), _j.worker == worker)
    if some < wanted and not (row.render and (some or tx.scalar(sa.select(sa.exists().where(mine))))):
        tomorrow = (now + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
        late = sa.update(tables.jobs).where(_j.source_id == row.source_id, _j.state.in_(OPEN), _j.due_at < tomorrow)
        tx.execute(late.where(~mine).values(state=str(State.WAITING), worker=None, due_at=tomorrow))
    return some


def _known(tx: sa.Connection, source_id: str, keys: Sequence[str]) -> dict[str, sa.Row[*tuple[Any, ...]]]:
    """The newest whole snapshot of each of these addresses."""
    columns = (_seen.snapshot_id, _seen.url_key, _seen.digest, _seen.content_type, _seen.etag, _seen.modified)
    query = sa.select(*columns).where(
        _seen.source_id == source_id, _seen.url_key.in_(keys), _seen.status == 200, _seen.same_as.is_(None)
    )
    return {row.url_key: row for row in tx.execute(query.order_by(_seen.fetched_at))}


def _job(row: sa.Row[*tuple[Any, ...]], known: sa.Row[*tuple[Any, ...]] | None, now: datetime) -> Job:
    job = Job(row.job_id, source_of(row), row.visit, row.address, row.away, row.attempts, claimed_at=now)
    if known is None:
        return job
    return replace(
        job,
        known=known.snapshot_id,
        known_digest=known.digest,
        known_type=known.content_type,
        etag=known.etag,
        modified=known.modified,
    )


def renew(tx: sa.Connection, worker: str, now: datetime, lease: timedelta) -> None:
    """Keep this worker's hosts for another lease."""
    mine = sa.update(tables.hosts).where(_h.worker == worker, _h.leased_until > now)
    tx.execute(mine.values(leased_until=now + lease))


def release(tx: sa.Connection, worker: str) -> None:
    """Give back all hosts and jobs of a worker that ends, and what is held of budgets for pages it did not render."""
    count = sa.func.count().label("jobs")
    held = (
        sa.select(_j.source_id, count).where(_j.worker == worker, _j.state == str(State.CLAIMED)).group_by(_j.source_id)
    )
    for row in tx.execute(held).all():
        spend(tx, row.source_id, 0, row.jobs)
    mine = sa.update(tables.jobs).where(_j.worker == worker, _j.state == str(State.CLAIMED))
    tx.execute(mine.values(state=str(State.WAITING), worker=None))
    tx.execute(sa.update(tables.hosts).where(_h.worker == worker).values(worker=None, leased_until=None))


def spend(tx: sa.Connection, source_id: str, extra: int, over: int) -> None:
    """Take requests off a day's budget, and give back what was held for jobs that are over, but the first of each."""
    row = tx.execute(sa.select(_s.budget_per_day, _s.render).where(_s.source_id == source_id)).one()
    added = _s.spent + extra - (cost_of(row.budget_per_day, render=row.render) - 1) * over
    spent = sa.case((added < 0, 0), else_=added)
    tx.execute(sa.update(tables.sources).where(_s.source_id == source_id).values(spent=spent))


def left(tx: sa.Connection, now: datetime, only: str | None = None) -> int:
    """How many jobs are due and may be done, whoever has them in hand."""
    query = sa.select(sa.func.count()).select_from(
        tables.jobs.join(tables.sources, _j.source_id == _s.source_id).join(tables.hosts, _j.host == _h.host)
    )
    due = (_j.state.in_(OPEN), _j.due_at <= now, _s.stopped_at.is_(None), _h.task_id.is_(None))
    return int(tx.scalar(query.where(*due, *(() if only is None else (_j.source_id == only,)))) or 0)


def _skipping(tx: sa.Connection) -> bool:
    """Whether the database leaves out rows that another transaction holds."""
    return tx.dialect.name == "postgresql"
