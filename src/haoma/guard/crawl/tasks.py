"""What only a person can do: ask a host for its leave, look behind a captcha, call a hotline, see what breaks a reader.

Rules held here:
- While a host has an open task, nobody asks it for anything, from no address.
- A host has one open task at a time. Who ends it says who they are; then its jobs go on, or the pages are tried anew.
- Neither note nor name holds a person's own number: what may be one is masked.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa

from haoma.errors import Conflict, NotFound
from haoma.guard.crawl import tables
from haoma.guard.crawl.masks import masked
from haoma.guard.crawl.model import KEPT, Task, TaskKind
from haoma.guard.crawl.sources import Log
from haoma.ledger.entry import Entry

__all__ = ["end_task", "open_task", "open_tasks"]

_t, _h, _seen = tables.tasks.c, tables.hosts.c, tables.snapshots.c


def open_task(
    tx: sa.Connection,
    log: Log,
    kind: TaskKind,
    at: datetime,
    *,
    host: str | None = None,
    source: str | None = None,
    note: str = "",
) -> Task | None:
    """Ask a person for something, and leave `host` alone until it is done; None where the host has a task already."""
    made = Task(str(uuid.uuid4()), kind, host, source, masked(note)[:200], at)
    if host is not None:
        stopped = sa.update(tables.hosts).where(_h.host == host, _h.task_id.is_(None)).values(task_id=made.id)
        if tx.execute(stopped).rowcount == 0:
            return None
    row = {"task_id": made.id, "kind": str(kind), "host": host, "source_id": source, "note": made.note}
    tx.execute(sa.insert(tables.tasks).values(**row, opened_at=at, kept_until=at + KEPT))
    log.append(tx, Entry("crawl.task", at, {"task": made.id, "kind": str(kind), "change": "opened"}))
    return made


def end_task(tx: sa.Connection, log: Log, task_id: str, by: str, at: datetime) -> Task:
    """Say that a task is done; its host is asked again, or its pages tried anew.

    Raises NotFound, or Conflict where it was done before.
    """
    by = masked(by)[:200]
    row = tx.execute(sa.select(tables.tasks).where(_t.task_id == task_id)).one_or_none()
    if row is None:
        raise NotFound("there is no task of this id", hint="haoma crawl task list shows those that are open")
    if row.done_at is not None:
        raise Conflict("the task is done already")
    tx.execute(sa.update(tables.tasks).where(_t.task_id == task_id).values(done_at=at, done_by=by))
    tx.execute(sa.update(tables.hosts).where(_h.task_id == task_id).values(task_id=None))
    if row.kind == TaskKind.UNREAD:
        unread = (_seen.source_id == row.source_id, _seen.checked_at.is_(None))
        tx.execute(sa.update(tables.snapshots).where(*unread).values(tries=0))
    log.append(tx, Entry("crawl.task", at, {"task": task_id, "kind": row.kind, "change": "done"}))
    return Task(task_id, TaskKind(row.kind), row.host, row.source_id, row.note, row.opened_at, at, by)


def open_tasks(tx: sa.Connection, kind: TaskKind | None = None) -> Sequence[Task]:
    """The tasks that wait for a person, the oldest first."""
    query = sa.select(tables.tasks).where(_t.done_at.is_(None)).order_by(_t.opened_at, _t.task_id)
    rows = tx.execute(query if kind is None else query.where(_t.kind == str(kind)))
    return [Task(r.task_id, TaskKind(r.kind), r.host, r.source_id, r.note, r.opened_at) for r in rows]
