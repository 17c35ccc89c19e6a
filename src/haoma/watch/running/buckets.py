"""Counts of many hotlines in a file, in the order of time, whatever order they stand in, with buckets of up to an hour.

Rules held here:
- The columns are timestamp, hotline, inquiries and errors; others are passed over. A timestamp names a bucket's
  beginning. A time without a zone is the hotline's own.
- How wide the buckets of a hotline are follows from the least step between two of them, or is said.
- A cell that is empty or no count is missing, and never zero; those that are no counts are counted.
- The file is read twice, so that nothing is held of one that is in order; one that is not is held and sorted.
"""

from __future__ import annotations

import csv
from array import array
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from math import isfinite, nan
from operator import add
from pathlib import Path
from typing import TextIO

from haoma.errors import BadInput
from haoma.watch.running.moments import read_minute

__all__ = ["COLUMNS", "WIDTHS", "Bucket", "Survey", "buckets", "survey"]

COLUMNS = ("timestamp", "hotline", "inquiries", "errors")
NEEDED = COLUMNS[:3]
WIDTHS = (1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30, 60)
HUGE = 1_000_000  # a minute
ENOUGH = 20  # rows that tell how wide a hotline's buckets are
LONGEST_NAME = 200
MOST_HOTLINES = 200_000
DAY = 24 * 60
MOST_EMPTY = 400 * DAY  # minutes of days without a row, in a file: each is judged

_minute = lru_cache(maxsize=1 << 16)(read_minute)


@dataclass(frozen=True, slots=True)
class Bucket:
    """What was counted of a hotline (its place in `Survey.names`) in one bucket; NaN is missing. `text` is its time."""

    minute: int
    hotline: int
    inquiries: float
    errors: float
    text: str


@dataclass(slots=True)
class Survey:
    """What there is in a file: hotlines, how wide the buckets of each are in minutes, and how much was no count.

    `inquiries` has the sum of each; `first` is the earliest minute, `until` the one behind the last bucket.
    """

    names: list[str] = field(default_factory=list)
    widths: list[int] = field(default_factory=list)
    inquiries: Sequence[float] = ()
    rows: int = 0
    refused: int = 0
    ordered: bool = True
    first: int = 0
    until: int = 0


def survey(path: Path, width: int | None = None) -> Survey:
    """Look through a file; `width` says how wide buckets are. Raises BadInput for one that cannot be read as counts."""
    if width is not None and width not in WIDTHS:
        raise BadInput(f"buckets of {width} minutes", hint=f"one of {', '.join(map(str, WIDTHS))}")
    found, places = Survey(), dict[str, int]()
    newest, steps, counts, latest = (array("q") for _ in range(4))
    sums, before = array("d"), 0
    for at, name, *cells in _rows(path):
        minute = _minute_of(at, found.rows + 2)
        place = places.setdefault(name, len(places))
        if place == len(newest):
            if not name or len(name) > LONGEST_NAME or place == MOST_HOTLINES:
                raise BadInput(f"row {found.rows + 2}: this is no hotline's name", hint="1 to 200 characters")
            for column, value in ((newest, minute), (steps, 0), (counts, 0), (latest, minute)):
                column.append(value)
            sums.append(0.0)
        elif step := abs(minute - newest[place]):
            steps[place] = min(steps[place] or step, step)
        found.ordered &= not found.rows or minute >= before
        found.first = minute if not found.rows else min(found.first, minute)
        newest[place], latest[place], before = minute, max(latest[place], minute), minute
        sums[place] += _count(cells[0]) or 0.0
        found.rows, counts[place] = found.rows + 1, counts[place] + 1
        found.refused += sum(cell != "" and _count(cell) is None for cell in cells)
    found.names, found.inquiries = list(places), sums
    if not found.ordered:
        steps = _steps(path, found)
    found.widths = [width] * len(places) if width else _widths(steps, counts)
    found.until = max(map(add, latest, found.widths), default=0)
    return found


def buckets(path: Path, found: Survey) -> Iterator[Bucket]:
    """The buckets of a file that was looked through, the earliest first; of equals as they stand there.

    Raises BadInput where more than 400 days in all have no row.
    """
    places = {name: place for place, name in enumerate(found.names)}
    read = (
        Bucket(_minute(at), places[name], _value(inquiries), _value(errors), at)
        for at, name, inquiries, errors in _rows(path)
    )
    last, empty = found.first, 0
    for one in read if found.ordered else sorted(read, key=lambda one: one.minute):
        empty += one.minute - last if one.minute - last > DAY else 0
        if empty > MOST_EMPTY:
            message = f"nothing was counted on more than 400 days before {one.text}"
            raise BadInput(message, hint="leave out what is older")
        last = one.minute
        yield one


def _minute_of(text: str, row: int) -> int:
    try:
        return _minute(text)
    except BadInput as error:
        raise BadInput(f"row {row}: {error}", hint=error.hint) from None


def _rows(path: Path) -> Iterator[tuple[str, str, str, str]]:
    """The four cells of each row; the errors are empty where there is no such column."""
    with _opened(path) as file:
        rows = csv.reader(file)
        header = [name.strip().casefold() for name in next(rows, [])]
        if missing := [name for name in NEEDED if name not in header]:
            raise BadInput(f"{path}: there is no column {missing[0]!r}", hint=f"columns: {', '.join(COLUMNS)}")
        at, name, inquiries = (header.index(one) for one in NEEDED)
        errors = header.index("errors") if "errors" in header else -1
        most = max(at, name, inquiries, errors)
        for number, row in enumerate(rows, 2):
            if not row:
                continue
            if len(row) <= most:
                raise BadInput(f"{path}: row {number} has {len(row)} cells; {most + 1} are needed")
            yield row[at], row[name], row[inquiries].strip(), row[errors].strip() if errors >= 0 else ""


@contextmanager
def _opened(path: Path) -> Iterator[TextIO]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            yield file
    except OSError as error:
        raise BadInput(f"{path}: this cannot be read ({error.strerror})") from None
    except UnicodeDecodeError:
        raise BadInput(f"{path}: this is no UTF-8", hint="save it as CSV in UTF-8") from None
    except csv.Error as error:
        raise BadInput(f"{path}: this is no CSV ({error})") from None


def _count(cell: str) -> float | None:
    """A count; None for what is none."""
    try:
        value = float(cell)
    except ValueError:
        return None
    return value if isfinite(value) and 0 <= value <= HUGE * WIDTHS[-1] else None


def _value(cell: str) -> float:
    value = _count(cell)
    return nan if value is None else value


def _steps(path: Path, found: Survey) -> array[int]:
    """The least step between two buckets of each hotline of a file that is in no order."""
    newest, steps = [-1] * len(found.names), array("q", [0] * len(found.names))
    for one in buckets(path, found):
        step = one.minute - newest[one.hotline]
        if newest[one.hotline] >= 0 and step:
            steps[one.hotline] = min(steps[one.hotline] or step, step)
        newest[one.hotline] = one.minute
    return steps


def _widths(steps: Sequence[int], counts: Sequence[int]) -> list[int]:
    least = min((step for step in steps if step), default=1)
    known = [step if step and count >= ENOUGH else least for step, count in zip(steps, counts, strict=True)]
    if widest := [step for step in known if step > WIDTHS[-1]]:
        message = f"buckets of {min(widest):,} minutes; an hour is the widest that is watched"
        raise BadInput(message, hint="--bucket-minutes says how wide they are, where rows are left out")
    return [max(width for width in WIDTHS if width <= step) for step in known]
