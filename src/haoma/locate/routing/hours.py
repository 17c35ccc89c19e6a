"""When a desk is open: days of the week and times of day, in China's time.

Rules held here:
- `mon-fri 09:00-18:00`, or every day: `09:00-21:00`. What ends before it begins goes through midnight. Holidays are
  not known.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

from haoma.errors import BadInput

__all__ = ["CHINA", "Hours", "hours_of", "is_open"]

CHINA = timezone(timedelta(hours=8))
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_DAY, _TIME = f"({'|'.join(DAYS)})", r"([01][0-9]|2[0-4]):([0-5][0-9])"
_FORM = re.compile(rf"(?:{_DAY}(?:-{_DAY})? )?{_TIME}-{_TIME}", re.ASCII)
DAY = 24 * 60


@dataclass(frozen=True, slots=True)
class Hours:
    """Days (0 is Monday), and minutes of the day; `end` is after `start`, in the next day where it is above 1440."""

    days: frozenset[int]
    start: int
    end: int


def hours_of(text: str) -> Hours:
    """Hours as they are written; raises BadInput for what is none.

    >>> hours_of("sat-sun 22:00-06:00") == Hours(frozenset({5, 6}), 1320, 1800)
    True
    """
    found = _FORM.fullmatch(text)
    if found is None:
        raise BadInput("these are no hours", hint="mon-fri 09:00-18:00, sat 10:00-16:00, 00:00-24:00")
    first, last = found[1], found[2] or found[1]
    start, end = int(found[3]) * 60 + int(found[4]), int(found[5]) * 60 + int(found[6])
    if start >= DAY or end > DAY or start == end:
        raise BadInput("these are no hours of a day", hint="00:00-24:00 is the whole of it")
    days = range(7) if first is None else range(DAYS.index(first), DAYS.index(first) + _span(first, last))
    return Hours(frozenset(day % 7 for day in days), start, end if end > start else end + DAY)


def is_open(hours: Iterable[Hours], at: datetime) -> bool:
    """Whether any of these hours hold at a moment; without hours always.

    >>> monday = datetime.fromisoformat("2026-11-23T09:00:00+08:00")
    >>> is_open([hours_of("mon-fri 09:00-18:00")], monday), is_open([hours_of("tue 09:00-18:00")], monday)
    (True, False)
    """
    known = list(hours)
    here = at.astimezone(CHINA)
    day, minute = here.weekday(), here.hour * 60 + here.minute
    return not known or any(
        (day in one.days and one.start <= minute < one.end) or ((day - 1) % 7 in one.days and minute + DAY < one.end)
        for one in known
    )


def _span(first: str, last: str) -> int:
    return (DAYS.index(last) - DAYS.index(first)) % 7 + 1
