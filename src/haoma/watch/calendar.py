"""What kind of day it is for a hotline, and whether it is open.

Rules held here:
- A Chinese public holiday and a weekend that is worked instead (调休) come from `chinesecalendar`, where that is
  installed and knows the year; where not, there are workdays and weekends alone, and `Calendar.knows` says so.
- A made-up workday is no Sunday: it is compared with workdays, and teaches the profile of Sundays nothing.
- Outside its opening hours nothing is expected of a hotline, counted for it, or learned of it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import IntEnum
from functools import cache
from importlib import import_module

import numpy as np

from haoma.errors import BadInput
from haoma.watch.model import Bools

__all__ = ["QUARTERS", "Calendar", "Day", "Hours", "Local", "chinese_day"]

QUARTERS = 96
"""Quarters of an hour in a day."""

_EPOCH = date(1970, 1, 1)
_DAYS = ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su", "PH")
_RULE = re.compile(r"(?P<days>[A-Z][A-Za-z,\- ]*?)\s+(?P<times>off|closed|[\d:,\- ]+)")
_SPAN = re.compile(r"(\d{1,2}):(\d{2})-(\d{1,2}):(\d{2})")


class Day(IntEnum):
    """What kind of day it is."""

    WORKDAY = 0
    WEEKEND = 1
    HOLIDAY = 2
    MADE_UP = 3
    """A Saturday or Sunday that is worked (调休)."""

    @property
    def ordinary(self) -> bool:
        """Whether such a day comes every week."""
        return self in {Day.WORKDAY, Day.WEEKEND}

    @property
    def free(self) -> bool:
        """Whether nobody works on it who need not."""
        return self in {Day.WEEKEND, Day.HOLIDAY}


@dataclass(frozen=True, slots=True)
class Local:
    """A minute on a hotline's own clock: `weekday` 0-6 from Monday, `quarter` 0-3 of the hour."""

    day: Day
    weekday: int
    hour: int
    quarter: int


def chinese_day(day: date) -> Day | None:
    """What the State Council made of a day, None where that is not known: another year, or no `chinesecalendar`."""
    try:
        known = import_module("chinese_calendar")
    except ImportError:
        return None
    try:
        off, name = known.get_holiday_detail(day)
    except NotImplementedError:
        return None
    weekend = day.weekday() > 4
    if off:
        return Day.HOLIDAY if name or not weekend else Day.WEEKEND
    return Day.MADE_UP if weekend else Day.WORKDAY


@dataclass(frozen=True, slots=True)
class Calendar:
    """Kinds of days, by a function that knows some of them; the others are workdays and weekends.

    >>> Calendar(lambda day: None).day(20)  # Wednesday, 21 January 1970
    <Day.WORKDAY: 0>
    """

    special: Callable[[date], Day | None] = field(default_factory=lambda: cache(chinese_day))

    def day(self, number: int) -> Day:
        """The kind of a day that is so many days after 1970-01-01."""
        day = _EPOCH + timedelta(days=number)
        found = self.special(day)
        if found is None:
            return Day.WEEKEND if day.weekday() > 4 else Day.WORKDAY
        return found

    def knows(self, year: int) -> bool:
        """Whether the holidays of a year are known; where not, `haoma watch status` says so."""
        return self.special(date(year, 10, 1)) is not None

    def local(self, minute: int, offset_min: int) -> Local:
        """A minute since 1970 on a clock so many minutes ahead of UTC."""
        number, of_day = divmod(minute + offset_min, 1440)
        hour, of_hour = divmod(of_day, 60)
        return Local(self.day(number), (number + 3) % 7, hour, of_hour // 15)


@dataclass(frozen=True, slots=True)
class Hours:
    """When a hotline is open, by quarters of an hour: `week` bool[7, 96] from Monday, `holiday` bool[96] if it differs.

    >>> hours = Hours.parse("Mo-Fr 09:00-18:30; Sa 10:00-16:00; PH off")
    >>> int(hours.week.sum()) / 4
    53.5
    """

    week: Bools
    holiday: Bools | None = None

    @classmethod
    def always(cls) -> Hours:
        """Day and night."""
        return cls(np.ones((7, QUARTERS), dtype=bool))

    @classmethod
    def parse(cls, text: str) -> Hours:
        """Read opening hours as OpenStreetMap writes them (wiki: Key:opening_hours): days, times, off, PH, 24/7.

        A later rule replaces what earlier ones say of its days. A holiday that no rule names is as its weekday. Times
        are taken to the quarter of an hour, in favour of open. Raises BadInput for anything else.
        """
        if text.strip() == "24/7":
            return cls.always()
        table = np.zeros((8, QUARTERS), dtype=bool)
        named = set[int]()
        for rule in filter(None, (part.strip() for part in text.split(";"))):
            days, times = _rule(rule)
            named |= set(days)
            table[days] = times
        return cls(table[:7], table[7] if 7 in named else None)

    @property
    def share(self) -> float:
        """What part of a week it is open."""
        return float(self.week.mean())

    def open(self, local: Local) -> bool:
        """Whether it is open. A made-up workday has Monday's hours, and its own besides."""
        place = local.hour * 4 + local.quarter
        if local.day is Day.HOLIDAY and self.holiday is not None:
            return bool(self.holiday[place])
        return bool(self.week[local.weekday, place] or (local.day is Day.MADE_UP and self.week[0, place]))


def _rule(rule: str) -> tuple[list[int], Bools]:
    """Places of the days that a rule names, and its quarters."""
    found = _RULE.fullmatch(rule)
    if found is None:
        raise _unreadable(rule)
    times = np.zeros(QUARTERS, dtype=bool)
    if found["times"] not in {"off", "closed"}:
        for span in found["times"].split(","):
            times |= _span(span.strip(), rule)
    return [day for part in found["days"].split(",") for day in _days(part.strip(), rule)], times


def _days(part: str, rule: str) -> list[int]:
    names = part.split("-")
    if len(names) > 2 or not all(name in _DAYS for name in names) or (len(names) == 2 and "PH" in names):
        raise _unreadable(rule)
    first, last = _DAYS.index(names[0]), _DAYS.index(names[-1])
    return list(range(first, last + 1)) if first <= last else [*range(first, 7), *range(last + 1)]


def _span(span: str, rule: str) -> Bools:
    found = _SPAN.fullmatch(span)
    if found is None:
        raise _unreadable(rule)
    since_hour, since_min, until_hour, until_min = map(int, found.groups())
    since, until = since_hour * 4 + since_min // 15, until_hour * 4 + -(-until_min // 15)
    if not (0 <= since < until <= QUARTERS and max(since_min, until_min) < 60):
        raise _unreadable(rule)
    at = np.arange(QUARTERS)
    return (since <= at) & (at < until)


def _unreadable(rule: str) -> BadInput:
    return BadInput(
        f"opening hours {rule[:60]!r} cannot be read",
        hint="write them as 'Mo-Fr 09:00-18:00; Sa 10:00-16:00; PH off', within a day, or 24/7",
    )
