"""What a batch says, put into the hours that are there: in one transaction, whatever came before it and in which order.

Rules held here:
- A value stays where it has a greater revision; otherwise what came later takes its place. What a batch does not say is
  left as it is. So the same batch again changes nothing, and one that was cut in pieces does what the whole does.
- An hour that is not changed is not written.
- A few thousand hours of hotlines are unpacked at a time, however many a batch is of.
- Whoever looked at minutes before is told where to look again: from the earliest on that changed when it was late, or
  that had another value before, or that they had said they would look at, whatever any clock says.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from haoma.storage import Time, quick
from haoma.watch.counts import tables
from haoma.watch.counts.arrivals import tallied
from haoma.watch.counts.packing import SLOTS, pack, unpack
from haoma.watch.counts.reader import looked_up_to
from haoma.watch.counts.revisions import revised, written

__all__ = ["Buckets", "hour_time", "merge"]

LATE = timedelta(seconds=30)
_AT_ONCE = 256
_KEYS = 2_048
_SERIES_BITS = 40
_THERE = "SELECT series_id, packed, revised, arrived FROM watch_hours WHERE hour = ? AND series_id IN ("
_THERE += ", ".join("?" * _AT_ONCE) + ")"
_EPOCH = datetime.fromisoformat("1970-01-01T00:00:00+00:00")

Whole = npt.NDArray[np.int64]
Cells = list[bytes | None]


@dataclass(frozen=True, slots=True)
class Buckets:
    """What is to be taken: a row for a series and a minute, with the value of each signal where it is said.

    `timed` where they come as they are counted, so that how long they took says something.
    """

    series: Whole
    minutes: Whole
    places: Sequence[int]
    values: npt.NDArray[np.float64]
    said: npt.NDArray[np.bool_]
    revision: int
    timed: bool = False

    def of(self, rows: Whole) -> Buckets:
        """Some of them."""
        told = self.values[rows], self.said[rows]
        return Buckets(self.series[rows], self.minutes[rows], self.places, *told, self.revision, self.timed)


def hour_time(hour: int) -> datetime:
    """When an hour since 1970 begins."""
    return _EPOCH + timedelta(hours=hour)


def merge(tx: sa.Connection, given: Buckets, now: datetime) -> int:
    """Put these into the hours; how many buckets have another value now."""
    keys, which = np.unique((given.minutes // SLOTS << _SERIES_BITS) | given.series, return_inverse=True)
    order = np.argsort(which, kind="stable")
    bounds = np.searchsorted(which[order], np.arange(0, len(keys) + _KEYS, _KEYS))
    parts = (order[start:end] for start, end in pairwise(bounds.tolist()))
    return sum(
        _merge(tx, keys[at * _KEYS : (at + 1) * _KEYS], given.of(rows), which[rows] - at * _KEYS, now)
        for at, rows in enumerate(parts)
    )


def _merge(tx: sa.Connection, keys: Whole, given: Buckets, which: Whole, now: datetime) -> int:
    """Put these into hours that are told by their keys, in order; `which` has the place of each bucket's among them."""
    hours, series = keys >> _SERIES_BITS, keys & ((1 << _SERIES_BITS) - 1)
    packed, kept, heard = _there(tx, hours, series)
    width = max([max(given.places) + 1, *(cell[0] for cell in packed if cell)])
    before = np.full((len(keys), width, SLOTS), np.nan)
    there = [at for at, cell in enumerate(packed) if cell is not None]
    before[there] = unpack([cell for cell in packed if cell is not None], width)
    revisions = np.zeros(before.shape, np.int64)
    for at in (at for at, cell in enumerate(kept) if cell is not None):
        revisions[at] = revised(kept[at], width)
    after, newer = before.copy(), revisions.copy()
    _put(after, newer, given, which)
    changed = ~((before == after) | (np.isnan(before) & np.isnan(after)))
    moved = np.nonzero((changed | (newer != revisions)).any(axis=(1, 2)))[0]
    if given.timed:
        new = np.isnan(before).all(axis=1) & changed.any(axis=1)
        heard = tallied(heard, new, hours[:, None] * SLOTS + np.arange(SLOTS), now)
    if len(moved):
        some: list[bool] = np.any(newer[moved], axis=(1, 2)).tolist()
        said = [written(newer[at]) if any_ else None for at, any_ in zip(moved, some, strict=True)]
        cells = zip(pack(after[moved]), said, [heard[at] for at in moved], strict=True)
        _write(tx, hours[moved].tolist(), series[moved].tolist(), cells)
    _tell(tx, hours, series, changed, before, now)
    return int(changed.any(axis=1).sum())


def _put(after: npt.NDArray[np.float64], revisions: Whole, given: Buckets, which: Whole) -> None:
    slots = given.minutes % SLOTS
    for column, place in enumerate(given.places):
        rows = np.nonzero(given.said[:, column])[0]
        rows = rows[revisions[which[rows], place, slots[rows]] <= given.revision]
        # Of several rows for one bucket numpy lets the last one stand.
        after[which[rows], place, slots[rows]] = given.values[rows, column]
        revisions[which[rows], place, slots[rows]] = given.revision


def _there(tx: sa.Connection, hours: Whole, series: Whole) -> tuple[Cells, Cells, Cells]:
    """What is kept of these hours of these series, which are in order; None where nothing is."""
    packed, kept, heard = (Cells([None]) * len(hours) for _ in range(3))
    for start, end in _runs(hours):
        places = {int(series[at]): at for at in range(start, end)}
        ids = [*places, *[int(series[end - 1])] * (start + _AT_ONCE - end)]
        for id_, *cells in quick(tx, _THERE, Time.stored(hour_time(int(hours[start]))), *ids):
            for into, cell in zip((packed, kept, heard), cells, strict=True):
                into[places[id_]] = None if cell is None else bytes(cell)
    return packed, kept, heard


def _runs(hours: Whole) -> Iterator[tuple[int, int]]:
    """Parts of one hour each, of at most `_AT_ONCE`."""
    bounds = [0, *(np.nonzero(np.diff(hours))[0] + 1).tolist(), len(hours)]
    for start, end in pairwise(bounds):
        for at in range(start, end, _AT_ONCE):
            yield at, min(end, at + _AT_ONCE)


def _write(
    tx: sa.Connection, hours: list[int], series: list[int], cells: Iterable[tuple[bytes, bytes | None, bytes | None]]
) -> None:
    times = {hour: hour_time(hour) for hour in set(hours)}
    rows = [
        {"hour": times[hour], "series_id": id_, "packed": cell, "revised": said, "arrived": heard}
        for hour, id_, (cell, said, heard) in zip(hours, series, cells, strict=True)
    ]
    insert = postgresql.insert if tx.dialect.name == "postgresql" else sqlite.insert
    added = insert(tables.hours)
    newer = {name: added.excluded[name] for name in ("packed", "revised", "arrived")}
    tx.execute(added.on_conflict_do_update(index_elements=["hour", "series_id"], set_=newer), rows)


def _tell(
    tx: sa.Connection,
    hours: Whole,
    series: Whole,
    changed: npt.NDArray[np.bool_],
    before: npt.NDArray[np.float64],
    now: datetime,
) -> None:
    """Write down from which minute on whose counts are others than they were, or came late."""
    if not changed.any():
        return
    minutes = hours[:, None] * SLOTS + np.arange(SLOTS)
    late = ((minutes + 1) * 60 <= (now - LATE).timestamp()) | (minutes <= looked_up_to(tx))
    behind = changed.any(axis=1) & (late | (changed & ~np.isnan(before)).any(axis=1))
    which, slot = np.nonzero(behind)
    if not len(which):
        return
    whose, order = np.unique(series[which], return_inverse=True)
    earliest = np.full(len(whose), np.iinfo(np.int64).max)
    np.minimum.at(earliest, order, minutes[which, slot])
    if tx.dialect.name == "postgresql":  # so that ids are in the order of the commits, and no reader passes one by
        tx.execute(sa.text("LOCK TABLE watch_changes IN SHARE ROW EXCLUSIVE MODE"))
    rows = [
        {"minute": int(minute), "series": whose[earliest == minute].astype("<u4").tobytes(), "at": now}
        for minute in np.unique(earliest)
    ]
    tx.execute(sa.insert(tables.changes), rows)
