"""How far counts were judged, and what the detector knew after some minutes.

Rules held here:
- The place is moved by whoever knows where it was: of two who would, one is told that it is no leader any more.
- States are kept of every hour of the last six and of every midnight (UTC) of the last eight days: what comes late is
  judged anew from the last one before it.
- A state that was made with another tuning is none.
- States are kept packed: of many hotlines each byte of their records together, in zstd. That is five eighths of them,
  for most of a record is what an hour of the week usually has, which no packing makes smaller.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import sqlalchemy as sa

from haoma.errors import Conflict, Tampered
from haoma.lineage.rows import insert_new
from haoma.watch.running import tables

__all__ = [
    "DAY",
    "HOUR",
    "KEPT_DAYS",
    "Kept",
    "Place",
    "any_before",
    "kept_after",
    "move",
    "newest_before",
    "place",
    "save",
]

HOUR, DAY, KEPT_DAYS = 60, 1440, 8
HOURLY_MIN = 6 * HOUR
BLOCK = 512  # hotlines in a row
SIZE = 4  # bytes before what is packed, that say how large a record is
LARGEST_RECORD = 1 << 16
NAME = "counts"
_P, _S = tables.progress.c, tables.states.c


@dataclass(frozen=True, slots=True)
class Place:
    """The last minute that was judged, and the last change of counts that was taken into account."""

    minute: int
    cursor: int


@dataclass(frozen=True, slots=True)
class Kept:
    """What the detector knew after a minute: the states of these hotlines, in this order, one behind the other."""

    minute: int
    hotlines: tuple[int, ...]
    state: bytes


def place(tx: sa.Connection) -> Place | None:
    """How far counts were judged; None where they never were."""
    row = tx.execute(sa.select(_P.minute, _P.cursor).where(_P.name == NAME)).one_or_none()
    return None if row is None else Place(row.minute, row.cursor)


def move(tx: sa.Connection, before: Place | None, after: Place, at: datetime) -> None:
    """Go on to a place; raises Conflict where somebody else has done so."""
    to = {"minute": after.minute, "cursor": after.cursor, "at": at}
    if before is None:
        done = tx.execute(insert_new(tx, tables.progress), [{"name": NAME, **to}]).rowcount
    else:
        here = (_P.name == NAME, _P.minute == before.minute, _P.cursor == before.cursor)
        done = tx.execute(sa.update(tables.progress).where(*here).values(**to)).rowcount
    if not done:
        raise Conflict("another process judges these counts", hint="one at a time does, and this one waits")


def save(tx: sa.Connection, kept: Sequence[Kept], since: int, tuning: str) -> None:
    """Keep states, in the place of all that were made after `since`, and let go of those that are too old."""
    tx.execute(sa.delete(tables.states).where(_S.minute > since))
    if not kept:
        return
    for one in kept:
        size = len(one.state) // max(1, len(one.hotlines))
        rows = [
            {
                "minute": one.minute,
                "block": first // BLOCK,
                "tuning": tuning,
                "hotlines": np.array(one.hotlines[first : first + BLOCK], "<i8").tobytes(),
                "state": _packed(one.state[first * size : (first + BLOCK) * size], size),
            }
            for first in range(0, len(one.hotlines), BLOCK)
        ]
        if rows:
            tx.execute(sa.insert(tables.states), rows)
    last = kept[-1].minute
    too_old = sa.or_(
        _S.minute < last - KEPT_DAYS * DAY, sa.and_(_S.minute < last - HOURLY_MIN, _S.minute % DAY != DAY - 1)
    )
    tx.execute(sa.delete(tables.states).where(too_old))


def kept_after(minute: int, last: int) -> bool:
    """Whether the state after this minute is kept, where `last` is the last one that is judged."""
    return minute % HOUR == HOUR - 1 and (minute > last - HOURLY_MIN or minute % DAY == DAY - 1)


def any_before(tx: sa.Connection, minute: int, tuning: str) -> bool:
    """Whether there is a state that was kept after a minute before this one."""
    return tx.scalar(sa.select(sa.exists().where(_S.minute < minute, _S.tuning == tuning))) is True


def newest_before(tx: sa.Connection, minute: int, tuning: str) -> Kept | None:
    """The newest state that was kept after a minute before this one; None where there is none."""
    fits = (_S.minute < minute, _S.tuning == tuning)
    found = tx.scalar(sa.select(sa.func.max(_S.minute)).where(*fits))
    if found is None:
        return None
    rows = tx.execute(sa.select(_S.hotlines, _S.state).where(_S.minute == found).order_by(_S.block)).all()
    ids = np.frombuffer(b"".join(row.hotlines for row in rows), "<i8")
    state = b"".join(_unpacked(row.state, len(row.hotlines) // ids.itemsize) for row in rows)
    if not len(ids) or len(state) % len(ids):
        raise _garbled()
    return Kept(int(found), tuple(map(int, ids)), state)


def _packed(state: bytes, size: int) -> bytes:
    """Some records of one size, packed."""
    import pyarrow as pa

    columns = np.frombuffer(state, np.uint8).reshape(-1, size).T.tobytes()
    return size.to_bytes(SIZE, "little") + bytes(pa.compress(columns, "zstd", asbytes=True))


def _unpacked(cell: bytes, records: int) -> bytes:
    """So many records again; raises Tampered for what was never packed so."""
    import pyarrow as pa

    size = int.from_bytes(cell[:SIZE], "little")
    if not 0 < size <= LARGEST_RECORD:
        raise _garbled()
    try:
        columns = pa.decompress(cell[SIZE:], size * records, "zstd", asbytes=True)
    except (OSError, ValueError):
        raise _garbled() from None
    if len(columns) != size * records:
        raise _garbled()
    return np.frombuffer(columns, np.uint8).reshape(size, -1).T.tobytes()


def _garbled() -> Tampered:
    return Tampered("a state of the watch is not as it was written", hint="haoma db restore a backup")
