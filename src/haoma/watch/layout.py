"""Which hotlines share a clock, and which share opening hours: what is the same for many is worked out once.

Rules held here:
- A clock is a whole number of quarters of an hour ahead of UTC, as all are today.
- Hours that read the same are the same, whoever they belong to.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from haoma.errors import BadInput
from haoma.watch.calendar import Calendar, Hours, Local
from haoma.watch.model import Bools, Integers, Which

__all__ = ["Layout", "Zone"]

_FURTHEST_MIN = 14 * 60


@dataclass(frozen=True, slots=True)
class Zone:
    """Some hotlines with one clock, and with one table of opening hours if `hours` is theirs."""

    offset: int
    which: Which
    hours: Hours | None = None


class Layout:
    """Clocks, opening hours and groups of hotlines; one for all, or one a hotline."""

    def __init__(
        self,
        hotlines: int,
        hours: Hours | Sequence[Hours] | None,
        offset: int | Sequence[int] | Integers,
        groups: Sequence[int] | Integers | None,
        calendar: Calendar,
    ) -> None:
        self.hotlines, self.calendar = hotlines, calendar
        self.offsets = _each(offset, hotlines, "offset")
        self.groups = _each(0 if groups is None else groups, hotlines, "group")
        if hotlines < 1 or (self.groups < 0).any():
            raise BadInput("no hotline, or a group below 0", hint="watch one at least; groups are numbers from 0")
        if (self.offsets % 15).any() or (abs(self.offsets) > _FURTHEST_MIN).any():
            raise BadInput("a clock that is not whole quarters of an hour ahead of UTC", hint="480 is Asia/Shanghai")
        self.tables, self.table_of = _tables(hours, hotlines)
        self.open_share = np.array([table.share for table in self.tables])[self.table_of]
        self.zones = [Zone(first, which) for first, which in _same(self.offsets)]
        self.opening = [
            Zone(offset, which, self.tables[number])
            for number, offset, which in _same_pairs(self.table_of, self.offsets)
        ]

    def take(self, indexes: Integers) -> Layout:
        """The layout of some hotlines, in that order."""
        hours = [self.tables[number] for number in self.table_of[indexes]]
        return Layout(len(indexes), hours, self.offsets[indexes], self.groups[indexes], self.calendar)

    def local(self, zone: Zone, minute: int) -> Local:
        """A minute on the clock of a zone."""
        return self.calendar.local(minute, zone.offset)

    def open(self, minute: int) -> Bools:
        """Which hotlines are open in the quarter of an hour that a minute lies in."""
        found = np.zeros(self.hotlines, dtype=bool)
        for zone in self.opening:
            found[zone.which] = zone.hours is None or zone.hours.open(self.local(zone, minute))
        return found


def _each(given: int | Sequence[int] | Integers, hotlines: int, what: str) -> Integers:
    """One number a hotline."""
    found = np.asarray(given, dtype=np.int64)
    if found.ndim and found.shape != (hotlines,):
        raise BadInput(f"{found.size} of {what} for {hotlines} hotlines", hint="give one for all, or one a hotline")
    return np.broadcast_to(found, (hotlines,)).copy()


def _tables(hours: Hours | Sequence[Hours] | None, hotlines: int) -> tuple[list[Hours], Integers]:
    """The different opening hours, and whose are which."""
    if hours is None or isinstance(hours, Hours):
        return [hours or Hours.always()], np.zeros(hotlines, dtype=np.int64)
    if len(hours) != hotlines:
        raise BadInput(f"{len(hours)} opening hours for {hotlines} hotlines", hint="give one for all, or one a hotline")
    numbers = dict[bytes, int]()
    tables = list[Hours]()
    table_of = np.zeros(hotlines, dtype=np.int64)
    for at, each in enumerate(hours):
        key = each.week.tobytes() + (b"" if each.holiday is None else each.holiday.tobytes())
        if key not in numbers:
            numbers[key] = len(tables)
            tables.append(each)
        table_of[at] = numbers[key]
    return tables, table_of


def _same(numbers: Integers) -> list[tuple[int, Which]]:
    """Where each number stands; a slice if it is the only one."""
    different = np.unique(numbers)
    if len(different) == 1:
        return [(int(different[0]), slice(None))]
    return [(int(number), np.flatnonzero(numbers == number)) for number in different]


def _same_pairs(tables: Integers, offsets: Integers) -> list[tuple[int, int, Which]]:
    pairs = tables * 4 * _FURTHEST_MIN + offsets + _FURTHEST_MIN
    found = list[tuple[int, int, Which]]()
    for pair, which in _same(pairs):
        table, offset = divmod(pair, 4 * _FURTHEST_MIN)
        found.append((table, offset - _FURTHEST_MIN, which))
    return found
