"""Rows and columns as they come from outside, made a batch: whatever a cell holds, it stops no other row.

Rules held here:
- A time tells its zone, or is of the one that the sender named; it is a whole minute, for a bucket is one.
- A cell that says nothing is a count that is not said; one that is no number is one that is refused.
- How many counts there may be is looked at before anything is made as wide as they are many.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta, timezone, tzinfo
from typing import TYPE_CHECKING

import numpy as np

from haoma.errors import BadInput
from haoma.watch.counts.model import COUNTS, MOST_SIGNALS, NO_MINUTE, Batch
from haoma.watch.model import minute_of

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["CHINA", "NAMES", "batch_of_columns", "batch_of_rows", "bound_counts", "minute_said"]

CHINA = timezone(timedelta(hours=8), "Asia/Shanghai")
NAMES = ("timestamp", "hotline")
"""What the columns are called that are no counts."""


def minute_said(value: object, zone: tzinfo | None) -> int:
    """The minute that a text, a datetime or seconds since 1970 name; `NO_MINUTE` where they name none.

    >>> minute_said("1970-01-01T08:01:00+08:00", None), minute_said("1970-01-01 08:01", CHINA), minute_said(60, None)
    (1, 1, 1)
    >>> minute_said("1970-01-01 08:01", None) == minute_said("1970-01-01T00:01:30Z", None) == NO_MINUTE
    True
    """
    try:
        if isinstance(value, int | float):
            at = datetime.fromtimestamp(value, CHINA)
        else:
            at = value if isinstance(value, datetime) else datetime.fromisoformat(str(value).strip())
        if at.tzinfo is None and zone is not None:
            at = at.replace(tzinfo=zone)
        return NO_MINUTE if at.tzinfo is None or at.second or at.microsecond else minute_of(at)
    except (ValueError, OverflowError, OSError):
        return NO_MINUTE


def bound_counts(count: int) -> None:
    """Raise BadInput where there are more counts than are kept of a hotline."""
    if count > MOST_SIGNALS:
        message = f"more than {MOST_SIGNALS} counts of a hotline"
        raise BadInput(message, hint="send those that tell something; --map FILE says which of a file they are")


def batch_of_rows(
    rows: Sequence[tuple[str, object, Mapping[str, float | None]]], revision: int = 0, zone: tzinfo | None = None
) -> Batch:
    """A batch of rows of a hotline, a time and its counts by name, None where one is not said.

    Raises BadInput where the rows name more counts than are kept.
    """
    hotlines = {name: place for place, name in enumerate(dict.fromkeys(name for name, _, _ in rows))}
    counts = [*COUNTS, *dict.fromkeys(name for _, _, said in rows for name in said if name not in COUNTS)]
    bound_counts(len(counts))
    times = {at: minute_said(at, zone) for at in {at for _, at, _ in rows}}
    values = np.full((len(rows), len(counts)), np.nan)
    said = np.zeros(values.shape, np.bool_)
    for row, (_, _, given) in enumerate(rows):
        for column, name in enumerate(counts):
            value = given.get(name)
            if value is not None:
                values[row, column], said[row, column] = value, True
    codes = np.array([hotlines[name] for name, _, _ in rows], np.int64)
    minutes = np.array([times[at] for _, at, _ in rows], np.int64)
    return Batch([*hotlines], codes, minutes, counts, values, said, revision)


def batch_of_columns(
    columns: Mapping[str, pa.Array], hotline: str = "", revision: int = 0, zone: tzinfo | None = CHINA
) -> Batch:
    """A batch of columns of Arrow: `timestamp`, `hotline` where not all rows are of one, and counts by name."""
    times = columns["timestamp"].dictionary_encode()
    minutes = [NO_MINUTE if one is None else minute_said(one, zone) for one in times.dictionary.to_pylist()]
    rows = len(times)
    if "hotline" in columns:
        encoded = columns["hotline"].dictionary_encode()
        hotlines = ["" if one is None else str(one) for one in encoded.dictionary.to_pylist()] + [""]
        codes = encoded.indices.fill_null(len(hotlines) - 1).to_numpy(zero_copy_only=False).astype(np.int64)
    else:
        hotlines, codes = [hotline], np.zeros(rows, np.int64)
    counts = [name for name in columns if name not in NAMES]
    said = np.array([columns[name].is_valid().to_numpy(zero_copy_only=False) for name in counts], np.bool_)
    values = np.array([_numbers(columns[name]) for name in counts], np.float64)
    shape = (len(counts), rows)
    return Batch(
        *_once(hotlines, codes),
        np.array([*minutes, NO_MINUTE], np.int64)[times.indices.fill_null(len(minutes)).to_numpy(zero_copy_only=False)],
        counts,
        values.reshape(shape).T,
        said.reshape(shape).T,
        revision,
    )


def _once(
    hotlines: Sequence[str], codes: np.ndarray[tuple[int], np.dtype[np.int64]]
) -> tuple[list[str], np.ndarray[tuple[int], np.dtype[np.int64]]]:
    """Names each once, though two cells may have the same text by now, and the places of rows among them."""
    places = {name: place for place, name in enumerate(dict.fromkeys(hotlines))}
    return [*places], np.array([places[name] for name in hotlines], np.int64)[codes]


def _numbers(column: pa.Array) -> Iterable[float]:
    """A column as floats: NaN for what says nothing, and for what is no number."""
    import pyarrow as pa

    try:
        found = column.cast(pa.float64())
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        return [_number(one) for one in column.to_pylist()]
    floats: Iterable[float] = found.to_numpy(zero_copy_only=False)
    return floats


def _number(cell: object) -> float:
    try:
        return float(str(cell))
    except ValueError:
        return float("nan")
