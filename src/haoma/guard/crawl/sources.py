"""The register of sources: add, find, hurry, stop; each change is an entry of the log.

Rules held here:
- A source is never changed: one that is to be read otherwise is stopped, and another one added.
- A stopped source is not visited any more, and what was waiting of it is refused.
- A source that is hurried is due at once, within its budget and at its pace as ever; one that people bring is not.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import asdict, replace
from datetime import datetime
from typing import Protocol

import sqlalchemy as sa

from haoma.errors import Conflict, NotFound, Tampered
from haoma.guard.crawl import tables
from haoma.guard.crawl.model import BY_HAND, Source, State
from haoma.ledger.canonical import canonical
from haoma.ledger.entry import Entry

__all__ = ["Log", "add", "hurry", "one", "read", "source_of", "stop"]

_HAND_FILLED = {"id", "next_at", "good_at", "stopped_at", "added_at"}
_COLUMNS = [column for column in tables.sources.columns if column.name not in {"spent_on", "spent"}]


class Log(Protocol):
    """The tamper-evident log, as far as the crawl needs it."""

    def append(self, tx: sa.Connection, entry: Entry, /) -> int:
        """Queue an entry in this transaction; returns its entry id."""


def add(tx: sa.Connection, log: Log, source: Source, at: datetime) -> Source:
    """Add a source, to be visited at once; raises Conflict where one of this kind reads this address already."""
    c = tables.sources.c
    known = sa.select(c.source_id).where(c.url == source.url, c.kind == str(source.kind), c.stopped_at.is_(None))
    if source.kind not in BY_HAND and (found := tx.scalar(known)):
        message = "a source of this kind reads this address already"
        raise Conflict(message, hint=f"haoma crawl source show {found}")
    first = at if source.kind not in BY_HAND and source.every_s is not None else None
    made = replace(source, added_at=at, next_at=first)
    row = asdict(made) | {"source_id": made.id, "kind": str(made.kind), "spent_on": "", "spent": 0}
    del row["id"]
    tx.execute(sa.insert(tables.sources).values(**row))
    _tell(tx, log, made, "added", at)
    return made


def stop(tx: sa.Connection, log: Log, source_id: str, at: datetime) -> Source:
    """Visit a source no more; raises NotFound for one that is not there, Conflict for one that is stopped."""
    found = one(tx, source_id)
    if found.stopped_at is not None:
        raise Conflict("the source is stopped already", hint="haoma crawl source list --all")
    c, j = tables.sources.c, tables.jobs.c
    tx.execute(sa.update(tables.sources).where(c.source_id == source_id).values(stopped_at=at, next_at=None))
    open_ = j.state.in_([State.WAITING, State.CLAIMED])
    refused = sa.update(tables.jobs).where(j.source_id == source_id, open_)
    tx.execute(refused.values(state=str(State.REFUSED), reason="stopped"))
    _tell(tx, log, found, "stopped", at)
    return replace(found, stopped_at=at, next_at=None)


def hurry(tx: sa.Connection, log: Log, which: Collection[str], at: datetime) -> list[Source]:
    """Have those of these sources visited now that were to be visited later, or when somebody asks."""
    c = tables.sources.c
    later = sa.or_(c.next_at.is_(None), c.next_at > at)
    mine = sa.and_(c.source_id.in_(sorted(which)), c.stopped_at.is_(None), c.kind.not_in(BY_HAND), later)
    rows = tx.execute(sa.select(*_COLUMNS).where(mine).order_by(c.source_id).with_for_update()).all()
    found = [replace(source_of(row), next_at=at) for row in rows]
    tx.execute(sa.update(tables.sources).where(c.source_id.in_([one.id for one in found])).values(next_at=at))
    for each in found:
        _tell(tx, log, each, "hurried", at)
    return found


def read(tx: sa.Connection, *, stopped: bool = False) -> Sequence[Source]:
    """The sources, in the order they were added; the stopped ones too where asked."""
    query = sa.select(*_COLUMNS).order_by(tables.sources.c.added_at, tables.sources.c.source_id)
    rows = tx.execute(query if stopped else query.where(tables.sources.c.stopped_at.is_(None)))
    return [source_of(row) for row in rows]


def one(tx: sa.Connection, source_id: str) -> Source:
    """The source of an id; raises NotFound where there is none."""
    row = tx.execute(sa.select(*_COLUMNS).where(tables.sources.c.source_id == source_id)).one_or_none()
    if row is None:
        raise NotFound("there is no source of this id", hint="haoma crawl source list shows them")
    return source_of(row)


def source_of(row: sa.Row[tuple[object, ...]]) -> Source:
    """The source in a row; raises Tampered where no haoma wrote it so."""
    fields = {column.name: getattr(row, column.name) for column in _COLUMNS}
    try:
        return Source(id=fields.pop("source_id"), **fields)
    except ValueError:
        raise Tampered("a source in the database is not as haoma writes it", hint="haoma db restore a backup") from None


def _tell(tx: sa.Connection, log: Log, source: Source, change: str, at: datetime) -> None:
    kept = {key: value for key, value in asdict(source).items() if key not in _HAND_FILLED}
    digest = hashlib.sha256(canonical(kept | {"kind": str(source.kind)})).hexdigest()
    body = {"source": source.id, "kind": str(source.kind), "change": change, "digest": digest}
    log.append(tx, Entry("crawl.source", at, body))
