"""Tells what a pack holds: its sources and their age, its coverage by block, and how it differs from another pack."""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby

from haoma.numbers.segments.file import Source
from haoma.numbers.segments.pack import FIRST_PREFIX, Pack

__all__ = ["ASPECTS", "STALE_AFTER_DAYS", "Change", "Coverage", "age_days", "changes", "coverage", "is_stale"]

ASPECTS = ("kind", "issued_by", "province", "city")
STALE_AFTER_DAYS = 730
BLOCK = 10_000


@dataclass(frozen=True, slots=True)
class Coverage:
    """One block of 10,000 seven-digit prefixes: how many are open, and of how many operator and city are known."""

    block: str
    open: int
    operator_known: int
    city_known: int


@dataclass(frozen=True, slots=True)
class Change:
    """Prefixes in a row, `first` to `last`, that changed alike; `old` and `new` give the aspects in `changed`."""

    first: str
    last: str
    count: int
    changed: tuple[str, ...]
    old: dict[str, str | None]
    new: dict[str, str | None]


def age_days(source: Source, today: dt.date) -> int | None:
    """Days since the date of a source's data (a month counts from its first day); None without a date.

    >>> age_days(
    ...     {"name": "", "title": "", "version": "", "date": "2023-12", "licence": "", "sha256": ""},
    ...     dt.date(2024, 1, 1),
    ... )
    31
    """
    found = re.fullmatch(r"(\d{4})(?:-(\d\d))?(?:-(\d\d))?", source["date"])
    if found is None:
        return None
    year, month, day = (int(part or 1) for part in found.groups())
    return (today - dt.date(year, month, day)).days


def is_stale(source: Source, today: dt.date) -> bool:
    """Tell whether a source is absent, or its data older than two years."""
    age = age_days(source, today)
    return source["sha256"] is None or (age is not None and age > STALE_AFTER_DAYS)


def coverage(pack: Pack) -> Iterator[Coverage]:
    """The blocks 130 to 199 that have open prefixes."""
    for start in range(0, len(pack.segments), BLOCK):
        counts = Counter(pack.segments[start : start + BLOCK])
        tally = [sum(n for row, n in counts.items() if column[row]) for column in _known_columns(pack)]
        if tally[0]:
            yield Coverage(str((FIRST_PREFIX + start) // BLOCK), *tally)


def _known_columns(pack: Pack) -> tuple[memoryview[int], memoryview[int], memoryview[int]]:
    return pack.row_kind, pack.row_issued_by, pack.row_city


def _aspects(pack: Pack) -> list[tuple[str | None, ...]]:
    """Kind, operator, province and city of every row; an unallocated one has kind None."""
    rows = (pack.row(number) for number in range(len(pack)))
    return [
        (
            str(row.kind) if pack.row_kind[number] else None,
            row.issued_by,
            row.issued_in.province if row.issued_in else None,
            row.issued_in.city if row.issued_in else None,
        )
        for number, row in enumerate(rows)
    ]


def changes(old: Pack, new: Pack) -> Iterator[Change]:
    """Runs of prefixes whose kind, operator, province or city changed, in order; then those of nine digits (0.3 s)."""
    before, after = _aspects(old), _aspects(new)
    seven = zip(old.segments, new.segments, strict=True)
    yield from _runs(enumerate(seven, FIRST_PREFIX), before, after)
    for index in sorted({*_finer(old), *_finer(new)}):
        nine = zip(_hundred(old, index), _hundred(new, index), strict=True)
        yield from _runs(enumerate(nine, (FIRST_PREFIX + index) * 100), before, after)


_Aspects = list[tuple[str | None, ...]]


def _runs(pairs: Iterable[tuple[int, tuple[int, int]]], before: _Aspects, after: _Aspects) -> Iterator[Change]:
    for (was, now), run in groupby(pairs, key=lambda item: (before[item[1][0]], after[item[1][1]])):
        if was == now:
            continue
        prefixes = [prefix for prefix, _ in run]
        changed = [number for number, (x, y) in enumerate(zip(was, now, strict=True)) if x != y]
        yield Change(
            str(prefixes[0]),
            str(prefixes[-1]),
            len(prefixes),
            tuple(ASPECTS[number] for number in changed),
            {ASPECTS[number]: was[number] for number in changed},
            {ASPECTS[number]: now[number] for number in changed},
        )


def _finer(pack: Pack) -> list[int]:
    """Indices of the segments that have rows for their nine-digit prefixes."""
    if not pack.fine:
        return []
    return [index for index, row in enumerate(pack.segments) if row >= pack.fine_first]


def _hundred(pack: Pack, index: int) -> list[int]:
    """The rows of a segment's hundred nine-digit prefixes."""
    return [pack.segment_row(f"{FIRST_PREFIX + index}{suffix:02}") for suffix in range(100)]
