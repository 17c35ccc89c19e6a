"""What was counted: of these hotlines, in these minutes; and what was changed behind somebody who has looked.

Rules held here:
- A bucket that nobody sent is NaN, which is not zero.
- Asking changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import sqlalchemy as sa

from haoma.errors import BadInput
from haoma.storage import Time, quick
from haoma.watch.counts import tables
from haoma.watch.counts.merging import hour_time
from haoma.watch.counts.model import COUNTS
from haoma.watch.counts.packing import SLOTS, unpack
from haoma.watch.model import minute_of

__all__ = ["Changed", "changed_since", "newest_of", "read", "spanned"]

_FEW = 32  # series that are looked up each by itself; more are read with all others of an hour
_AT_ONCE = 256
_LARGEST = 1 << 28  # values in one answer
_RANGE = "SELECT hour, series_id, packed FROM watch_hours WHERE hour >= ? AND hour < ?"
_EACH = "SELECT hour, series_id, packed FROM watch_hours WHERE series_id = ? AND hour IN ("
_EACH += ", ".join("?" * _AT_ONCE) + ")"
_NEWEST = """SELECT h.hour FROM watch_hours h CROSS JOIN watch_hotlines s
 WHERE s.series_id = h.series_id AND s.tenant_id = ? ORDER BY h.hour DESC LIMIT 1"""
_US = 3_600_000_000


class Changed(NamedTuple):
    """What changed behind a reader: the earliest minute of each series, and the cursor to ask with again."""

    earliest: Mapping[int, int]
    cursor: int


def read(
    tx: sa.Connection, series: Sequence[int], since: int, until: int, signals: int = len(COUNTS)
) -> npt.NDArray[np.float64]:
    """Counts of series, each named once, by minutes from `since` up to before `until` by signals; NaN where none came.

    Minutes are since 1970 UTC. Raises BadInput for more than 268 million values.
    """
    minutes = max(0, until - since)
    if len(series) * minutes * signals > _LARGEST:
        raise BadInput("too many counts at once", hint="ask for fewer hotlines, or for a part of the time")
    first, last = since // SLOTS, -(-until // SLOTS)
    found = np.full((len(series), max(0, last - first), SLOTS, signals), np.nan)
    places = {one: at for at, one in enumerate(series)}
    for rows in _rows(tx, series, first, last):
        kept = [(places[id_], hour // _US - first, bytes(cell)) for hour, id_, cell in rows if id_ in places]
        if kept:
            whose, which, cells = zip(*kept, strict=True)
            found[list(whose), list(which)] = unpack(cells, signals).transpose(0, 2, 1)
    flat = found.reshape(len(series), found.shape[1] * SLOTS, signals)
    return flat[:, since - first * SLOTS :][:, :minutes]


def changed_since(tx: sa.Connection, cursor: int) -> Changed:
    """What was corrected, or came late, since this cursor was given out; 0 is the first.

    It is kept for nine days: whoever looked longer ago looks at everything anew.
    """
    c = tables.changes.c
    rows = tx.execute(sa.select(c.change_id, c.minute, c.series).where(c.change_id > cursor).order_by(c.change_id))
    earliest: dict[int, int] = {}
    for id_, minute, whose in rows:
        cursor = id_
        for one in np.frombuffer(whose, "<u4").tolist():
            earliest[one] = min(minute, earliest.get(one, minute))
    return Changed(earliest, cursor)


def spanned(tx: sa.Connection) -> tuple[int, int] | None:
    """The first minute of the oldest hour that there is, and the one behind the newest; None where nothing is."""
    hour = tables.hours.c.hour
    # Each by itself, so that both are looked up and nothing is scanned.
    first, last = (tx.scalar(sa.select(one(hour))) for one in (sa.func.min, sa.func.max))
    return None if first is None or last is None else (minute_of(first), minute_of(last) + SLOTS)


def newest_of(tx: sa.Connection, tenant: str) -> int | None:
    """The minute behind the newest hour of which anything of a tenant is there; None where nothing is."""
    rows = quick(tx, _NEWEST, tenant)
    return minute_of(Time.read(rows[0][0])) + SLOTS if rows else None


def _rows(tx: sa.Connection, series: Sequence[int], first: int, last: int) -> Iterator[list[tuple[int, int, bytes]]]:
    if len(series) > _FEW:
        for hour in range(first, last):
            bounds = (Time.stored(hour_time(hour)), Time.stored(hour_time(hour + 1)))
            yield _cells(quick(tx, _RANGE, *bounds))
        return
    for one in series:
        for start in range(first, last, _AT_ONCE):
            hours = [Time.stored(hour_time(min(hour, last - 1))) for hour in range(start, start + _AT_ONCE)]
            yield _cells(quick(tx, _EACH, one, *hours))


def _cells(rows: list[tuple[Any, ...]]) -> list[tuple[int, int, bytes]]:
    return [(hour, id_, bytes(cell)) for hour, id_, cell in rows]
