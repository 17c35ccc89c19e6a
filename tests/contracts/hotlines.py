"""Hotlines that behave as they are told, for tests of the detector."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import cache
from zoneinfo import ZoneInfo

import numpy as np

from haoma.watch.calendar import Calendar, Day, Hours
from haoma.watch.detector import Detector
from haoma.watch.model import Budget, Floats, Scores, Tuning, minute_of

ALONE = Tuning(budget=Budget(fleet=float("inf")))
"""One false alarm a month for each hotline, however many there are."""

Mean = Callable[[int], float]
"""Inquiries a minute at a minute since 1970."""


CALENDAR = Calendar()


def at(text: str) -> int:
    """The minute of a time in Shanghai."""
    return minute_of(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("Asia/Shanghai")))


def workdays(minute: int, busy: float = 5.0, free: float = 2.0) -> float:
    """From nine to half past six on workdays, less on free days, nothing at night."""
    local = CALENDAR.local(minute, 480)
    if not 36 <= local.hour * 4 + local.quarter < 74:
        return 0.0
    return busy if local.day in {Day.WORKDAY, Day.MADE_UP} else free


def counts(means: Sequence[float] | Floats, chance: np.random.Generator, share: float = 0.005) -> Floats:
    """One minute of hotlines with such means: [hotlines, 2]."""
    calls = chance.poisson(means)
    return np.stack((calls, chance.binomial(calls, share)), axis=-1).astype(np.float64)


@cache
def _taught(until: int, mean: Mean, weeks: int, hours: str | None, tuning: Tuning) -> Detector:
    chance = np.random.default_rng(1)
    since = until - weeks * 7 * 1440
    means = np.array([15 * mean(since + 15 * quarter) for quarter in range(weeks * 7 * 96)])
    watching = Detector(tuning, 1, hours=None if hours is None else Hours.parse(hours), calendar=CALENDAR)
    watching.learn(since, counts(means, chance)[:, None])
    return watching


def taught(
    until: int, mean: Mean, hotlines: int = 1, weeks: int = 3, hours: str | None = None, tuning: Tuning = ALONE
) -> Detector:
    """Hotlines alike that have learned some weeks of a mean before the hour of `until`."""
    return _taught(until, mean, weeks, hours, tuning).take([0] * hotlines)


def run(watching: Detector, since: int, minutes: int, minute: Callable[[int], Floats]) -> list[Scores]:
    """What it says of some minutes."""
    return [watching.step(one, minute(one)) for one in range(since, since + minutes)]


def raised(seen: Sequence[Scores]) -> list[int]:
    """How many alarms each hotline had."""
    found: list[int] = np.sum([one.alarm for one in seen], axis=0).tolist()
    return found
