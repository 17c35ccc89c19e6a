"""How many inquiries an hour of the week usually has, and how they lie within it.

Rules held here:
- Each hour of the week has a mean over the last weeks, and each hour of a public holiday one of its own. A week that
  is far off is taken as far as three deviations only, so that a day of fault or of advertising does not become what
  is usual.
- Few calls make a poor mean: it is drawn towards the same hour of the other workdays, or of the other day of the
  weekend.
- Within an hour a quarter has its share, learned over workdays and free days apart: a hotline that closes at half
  past six, or wakes up at nine, does so within an hour. What chance would make of even quarters is taken off their
  shares (James and Stein 1961).
- A made-up workday is expected to be as workdays are. It teaches nothing, and neither does an hour of which half was
  not seen.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from haoma.watch.calendar import Day, Local
from haoma.watch.memory import Field, Memory
from haoma.watch.model import Bools, Floats, Tuning, Which

__all__ = ["FIELDS", "Estimate", "Hour", "Profile"]

FIELDS: dict[str, Field] = {
    "cells": ("<f4", (192,)),  # inquiries an hour: 168 of the week, 24 of a holiday
    "weeks": ("u1", (192,)),  # how many each has seen
    "week": ("<f8", (3,)),  # of the hours of the week that were seen: sum of means, of their squares, how many
    "quarters": ("<i2", (2, 24, 4)),  # of workdays and of free days: share of the hour, less an even one
}
"""What a hotline's profile needs."""

_HOLIDAY = 168
_FULL = 1 << 13  # a share of 1 more than even, as it is kept: the most is 3
_DAILY = 0.1  # relative deviation of one hour from the same hour of other weeks
_DAYS_APART = 0.15  # relative deviation of an hour from the same hour of other days
_UNUSUAL = {Day.WORKDAY: 0.0, Day.WEEKEND: 0.0, Day.HOLIDAY: 0.3, Day.MADE_UP: 0.15}  # the same of such days
_SHAPE_CALLS = 200.0  # inquiries before half of a quarter's share is believed
_CHANCE = 4 * 3.0  # variance over mean of an hour's inquiries, this often: what chance adds to its quarters' squares
_KNOWN = 2  # hours that must have been seen before anything rests on their mean
_CLIP = 3.0
_SEEN = 0.5


@dataclass(frozen=True, slots=True)
class Estimate:
    """Inquiries expected of an hour [hotlines], the relative variance of that, and whether anything is known.

    `calls` are the inquiries that came in this hour of the days alike that are remembered.
    """

    an_hour: Floats
    variance: Floats
    known: Bools
    calls: Floats


class Profile:
    """The profiles of all hotlines."""

    def __init__(self, tuning: Tuning, memory: Memory) -> None:
        self.tuning = tuning
        self._cells = memory.reals("cells")
        self._weeks = memory.whole("weeks")
        self._quarters = memory.whole("quarters")
        self._week = memory.floats("week")

    def estimate(self, local: Local, which: Which, dispersion: Floats) -> Estimate:
        """What an hour has when the level is its usual one; `dispersion` is variance over mean of `which`."""
        alike = _alike(local)
        weeks = self._weeks[alike][:, which].astype(np.float64)
        together = weeks.sum(axis=0)
        pooled = (weeks * self._cells[alike][:, which]).sum(axis=0) / np.maximum(together, 1)
        noise = dispersion / np.maximum(pooled, 0.5) + _DAILY**2
        drawn = np.where(together > 0, noise / _DAYS_APART**2, 0)
        own, mean = self._own(local, which)
        weight = own + drawn
        an_hour = (own * mean + drawn * pooled) / np.maximum(weight, 1e-9)
        seen = np.maximum(own + np.minimum(drawn, together), 0.5)
        unusual = _UNUSUAL[local.day] * (1 + (own == 0)) if not local.day.ordinary else 0
        return Estimate(an_hour, noise / seen + unusual**2, own + together >= _KNOWN, together * pooled)

    def _own(self, local: Local, which: Which) -> tuple[Floats, Floats]:
        slot = _slot(local)
        if slot is None:
            nothing = np.zeros(self._cells[0][which].shape)
            return nothing, nothing
        return self._weeks[slot][which].astype(np.float64), self._cells[slot][which].astype(np.float64)

    def shares(self, local: Local, which: Which, calls: Floats, dispersion: Floats) -> Floats:
        """How much busier this quarter is than the mean of its hour, 1 for an even one; `calls` as estimated."""
        off = self._quarters[_kind(local), local.hour][:, which].astype(np.float32) / np.float32(_FULL)
        chance = _CHANCE * dispersion / np.maximum(calls, 1)
        clear = np.maximum(1 - chance / np.maximum((off * off).sum(axis=0), 1e-9), 0)
        found: Floats = 1 + clear * off[local.quarter]
        return found

    def busy(self) -> tuple[Floats, Floats]:
        """Inquiries in an hour that an inquiry usually comes in, and the share of such hours of those that were seen.

        A week that is even has its mean and 1; what comes in fewer hours comes more densely.
        """
        total, squares, hours = self._week
        total, squares = np.maximum(total, 0), np.maximum(squares, 1e-9)
        return squares / np.maximum(total, 1e-9), total**2 / (squares * np.maximum(hours, 1))

    def hours(self) -> Floats:
        """How many hours of the week were seen."""
        found: Floats = self._week[2]
        return found

    def learn(self, local: Local, which: Which, hour: Hour, level: Floats, dispersion: Floats) -> None:
        """Take in an hour that has ended; `level` is what these days have for each inquiry of the profile."""
        slot = _slot(local)
        if slot is None:
            return
        now = self.estimate(local, which, dispersion)
        came = hour.came / np.maximum(hour.share, _SEEN)
        expected = now.an_hour * level
        room = _CLIP * np.sqrt(dispersion * expected + (now.variance + _DAILY**2) * expected**2 + 1)
        weeks = self._weeks[slot][which].astype(np.int64)
        clipped = np.where(weeks >= _KNOWN, np.clip(came, expected - room, expected + room), came)
        seen = hour.share >= _SEEN
        after = np.where(seen, np.minimum(weeks + 1, self.tuning.memory_weeks), weeks)
        cells = self._cells[slot][which].astype(np.float64)
        moved = np.where(seen, cells + (np.maximum(clipped, 0) - cells) / np.maximum(after, 1), cells).astype(
            np.float32
        )
        if slot < _HOLIDAY:
            kept = moved.astype(np.float64)
            self._week[:, which] += np.stack((kept - cells, kept**2 - cells**2, seen & (weeks == 0)))
        self._cells[slot][which] = moved
        self._weeks[slot][which] = after
        self._learn_quarters(local, which, hour)

    def _learn_quarters(self, local: Local, which: Which, hour: Hour) -> None:
        whole = (hour.minutes == 60) & (hour.came > 0)
        came = hour.came
        hours = np.clip(self._weeks[_alike(local)][:, which].astype(np.float64).sum(axis=0), 1, 40)
        rate = np.where(whole, came / (came * hours + _SHAPE_CALLS), 0)
        kind = _kind(local)
        for quarter in range(4):
            kept = self._quarters[kind, local.hour, quarter]
            now = kept[which] / _FULL
            share = 4 * hour.quarters[quarter] / np.maximum(came, 1) - 1
            kept[which] = np.rint((now + rate * (share - now)) * _FULL)


@dataclass(frozen=True, slots=True)
class Hour:
    """An hour of some hotlines that has ended: inquiries, minutes seen, the share of the hour that these make up.

    `quarters` [4, hotlines] are the inquiries of each.
    """

    came: Floats
    minutes: Floats
    share: Floats
    quarters: Floats


def _slot(local: Local) -> int | None:
    """Where an hour's mean is kept; None for a day that teaches nothing."""
    if local.day is Day.MADE_UP:
        return None
    return _HOLIDAY + local.hour if local.day is Day.HOLIDAY else local.weekday * 24 + local.hour


def _alike(local: Local) -> list[int]:
    """Where the means of the same hour of days alike are kept."""
    days = range(5) if _kind(local) == 0 else range(5, 7)
    return [day * 24 + local.hour for day in days]


def _kind(local: Local) -> int:
    """0 for a day that is worked, 1 for a free one."""
    return int(local.day.free)
