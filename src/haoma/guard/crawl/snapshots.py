"""What was seen, read back: the newest of a source, bodies out of their records, holds, and a file of WARC for others.

Rules held here:
- A body that is not the one whose digest was recorded is Tampered, and nothing of it is returned.
- A hold keeps a snapshot, and the one that it points to, beyond its 180 days until it is let go.
- A file for others holds what was made of pages: persons' own numbers in it are masked, each record says of what it is
  made, and no answer as it came is in it. Evidence that has to be whole leaves with an incident alone.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

import sqlalchemy as sa

from haoma.errors import NotFound, Tampered
from haoma.guard.crawl import tables, warc
from haoma.guard.crawl.masks import masked
from haoma.guard.crawl.model import LARGEST, Drawn, Snapshot, Undrawn
from haoma.guard.crawl.recording import leaf_of
from haoma.ledger.entry import Entry

if TYPE_CHECKING:
    from haoma.guard.crawl.sources import Log

__all__ = [
    "TRIES",
    "body_of",
    "drawn_of",
    "export",
    "hold",
    "let_go",
    "newest",
    "one",
    "read_of",
    "rendered_of",
    "screenshot_of",
    "unchecked",
    "undrawn_of",
]

LARGEST_PICTURE = 40_000_000
TRIES = 3
_c, _r = tables.snapshots.c, tables.records.c
_FIELDS = (
    *("url", "final_url", "fetched_at", "status", "content_type", "digest", "rendered_digest", "screenshot"),
    *("same_as", "visit", "kept_until", "held", "leaf", "entry_id"),
)


def one(tx: sa.Connection, snapshot_id: str) -> Snapshot:
    """The snapshot of an id; raises NotFound where there is none, Tampered where it is not what the log was told."""
    row = tx.execute(sa.select(tables.snapshots).where(_c.snapshot_id == snapshot_id)).one_or_none()
    if row is None:
        raise NotFound("there is no snapshot of this id", hint="it may be over: they are kept for 180 days unless held")
    found = _snapshot(row)
    if leaf_of(found) != found.leaf:
        raise Tampered("the snapshot is not what was recorded", hint="haoma ledger audit tells whether the log holds")
    return found


def newest(tx: sa.Connection, source_id: str | None = None, *, most: int = 100) -> Sequence[Snapshot]:
    """The newest snapshots, of one source or of all."""
    query = sa.select(tables.snapshots).order_by(_c.fetched_at.desc(), _c.snapshot_id).limit(most)
    return [
        _snapshot(row) for row in tx.execute(query if source_id is None else query.where(_c.source_id == source_id))
    ]


def unchecked(
    tx: sa.Connection, after: Snapshot | None = None, *, until: datetime, most: int = 100
) -> Sequence[Snapshot]:
    """The oldest snapshots of a time that nothing was concluded from yet, or those behind another one.

    What was tried three times is not among them.
    """
    query = sa.select(tables.snapshots).where(_c.checked_at.is_(None), _c.fetched_at <= until, _c.tries < TRIES)
    query = query.order_by(_c.fetched_at, _c.snapshot_id)
    if after is not None:
        later = sa.and_(_c.fetched_at == after.fetched_at, _c.snapshot_id > after.id)
        query = query.where(sa.or_(_c.fetched_at > after.fetched_at, later))
    return [_snapshot(row) for row in tx.execute(query.limit(most))]


def body_of(tx: sa.Connection, snapshot: Snapshot) -> bytes:
    """The body of a page as it came, without its content encoding."""
    return _held_to(snapshot.digest, _bytes(tx, snapshot.same_as or snapshot.id, "response", LARGEST))


def rendered_of(tx: sa.Connection, snapshot: Snapshot) -> bytes | None:
    """The page as a browser showed it, or a feed as it is read; None where there is no such thing."""
    if snapshot.rendered_digest is None:
        return None
    return _held_to(snapshot.rendered_digest, _bytes(tx, snapshot.id, "rendered", LARGEST))


def screenshot_of(tx: sa.Connection, snapshot: Snapshot) -> bytes | None:
    """The picture of the page, a PNG; None where there is none."""
    if snapshot.screenshot is None:
        return None
    return _held_to(snapshot.screenshot, _bytes(tx, snapshot.id, "screenshot", LARGEST_PICTURE))


def drawn_of(tx: sa.Connection, snapshot_id: str) -> Drawn | None:
    """The picture that was drawn of a page later; None where none was."""
    row = tx.execute(sa.select(tables.drawings).where(tables.drawings.c.snapshot_id == snapshot_id)).one_or_none()
    if row is None:
        return None
    png = _held_to(row.digest, _bytes(tx, snapshot_id, "drawn", LARGEST_PICTURE))
    return Drawn(png, row.digest, row.drawn_at, row.entry_id)


def undrawn_of(tx: sa.Connection, snapshot_id: str) -> Undrawn | None:
    """Why no picture could be drawn of a page; None where none was tried, or one was drawn."""
    row = tx.execute(sa.select(tables.undrawn).where(tables.undrawn.c.snapshot_id == snapshot_id)).one_or_none()
    return None if row is None else Undrawn(row.why, row.tried_at, row.entry_id)


def read_of(tx: sa.Connection, snapshot: Snapshot) -> bytes:
    """The page as a reader has it: rendered where it was, else as it came."""
    rendered = rendered_of(tx, snapshot)
    return body_of(tx, snapshot) if rendered is None else rendered


def hold(tx: sa.Connection, log: Log, snapshot_id: str, at: datetime) -> None:
    """Keep a snapshot until it is let go; one that is held already stays so."""
    _set_held(tx, log, one(tx, snapshot_id), at, held=True)


def let_go(tx: sa.Connection, log: Log, snapshot_id: str, at: datetime) -> None:
    """Let a snapshot go when its 180 days are over."""
    _set_held(tx, log, one(tx, snapshot_id), at, held=False)


def export(
    tx: sa.Connection, source_id: str | None, at: datetime, is_hotline: Callable[[str], bool], *, most: int = 10_000
) -> Iterator[bytes]:
    """The records of a .warc.gz of what the pages of a source, or of all, read like, the newest first."""
    yield warc.info(at)
    for snapshot in newest(tx, source_id, most=most):
        kind = (snapshot.content_type or "text/html").partition(";")[0]
        text = masked(_text(read_of(tx, snapshot)), is_hotline)
        yield warc.conversion(
            snapshot.final_url, snapshot.id, f"{kind}; charset=utf-8", text.encode(), snapshot.fetched_at
        )


def _set_held(tx: sa.Connection, log: Log, snapshot: Snapshot, at: datetime, *, held: bool) -> None:
    if snapshot.held == held:
        return
    tx.execute(sa.update(tables.snapshots).where(_c.snapshot_id == snapshot.id).values(held=held))
    if snapshot.same_as is not None:
        others = sa.exists().where(_c.same_as == snapshot.same_as, _c.held.is_(True))
        still = bool(tx.scalar(sa.select(others)))
        tx.execute(sa.update(tables.snapshots).where(_c.snapshot_id == snapshot.same_as).values(held=held or still))
    log.append(tx, Entry("crawl.held", at, {"snapshot": snapshot.id, "change": "held" if held else "let-go"}))


def _snapshot(row: sa.Row[tuple[object, ...]]) -> Snapshot:
    return Snapshot(id=row.snapshot_id, source=row.source_id, **{name: getattr(row, name) for name in _FIELDS})


def _bytes(tx: sa.Connection, snapshot_id: str, what: str, largest: int) -> bytes:
    found = tx.scalar(sa.select(_r.record).where(_r.snapshot_id == snapshot_id, _r.what == what))
    if found is None:
        raise Tampered("a record of a snapshot is gone before its time", hint="haoma db restore a backup")
    return warc.body_in(bytes(found), largest)


def _held_to(digest: str, body: bytes) -> bytes:
    if hashlib.sha256(body).hexdigest() != digest:
        raise Tampered("a page is not the one whose digest was recorded", hint="haoma db restore a backup")
    return body


def _text(page: bytes) -> str:
    """The text of a page: UTF-8, or GB 18030, which reads GBK and GB 2312 too."""
    for name in ("utf-8", "utf-16" if page[:2] in {b"\xff\xfe", b"\xfe\xff"} else "gb18030"):
        try:
            return page.decode(name)
        except UnicodeDecodeError:
            continue
    return page.decode("latin-1")
