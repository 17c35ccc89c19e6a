"""Hotlines that do not exist: minutes of inquiries and reports as real ones scatter, and calls that go elsewhere.

Rules held here:
- Inquiries are a Poisson count whose rate is gamma distributed: variance φμ + (cμ)². The level of each hotline wanders
  over days, and each hotline has a week of its own.
- A diversion thins what came, call by call (binomially), and some of those diverted report it: real counts can be
  diverted in the same way, and nothing else about them is made up.
- A public holiday is as a weekend, a weekend that is worked instead as a workday.
- The same seed gives the same minutes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from haoma.watch.calendar import Calendar
from haoma.watch.model import SHANGHAI_MIN, Floats

__all__ = ["Minute", "Traffic", "World", "divert"]

_QUARTER_MIN = 15


@dataclass(frozen=True, slots=True)
class Traffic:
    """What hotlines are like. Inquiries an hour are a workday afternoon's; one number for all, or one for each."""

    calls_per_hour: float | Floats
    reports_per_call: float = 0.005
    dispersion: float = 1.35
    """Variance over mean of a minute, φ."""
    spread: float = 0.06
    """Relative standard deviation from minute to minute on top of it, c."""
    level_sd: float = 0.08
    """Relative standard deviation of the level that wanders."""
    level_memory_h: float = 24.0
    """Hours after which a level has forgotten all but a third of where it was."""
    night: float = 0.1
    """What there is at night, of the afternoon's."""
    weekend: float = 0.6
    """What there is on a free day, of a workday's."""
    own_sd: float = 0.1
    """How far an hour of the week of one hotline is from the same hour of another, relative."""


@dataclass(frozen=True, slots=True)
class Minute:
    """Counts [hotlines, 2] of a minute, and the mean and shape of the gamma that its inquiries came of [hotlines]."""

    minute: int
    counts: Floats
    mean: Floats
    shape: Floats


class World:
    """Simulated hotlines from the minute `since` on."""

    def __init__(self, traffic: Traffic, hotlines: int, since: int, seed: int) -> None:
        self.traffic, self.hotlines, self.minute = traffic, hotlines, since
        self._calendar = Calendar()
        self._rng = np.random.default_rng(seed)
        self._own = np.exp(traffic.own_sd * self._rng.standard_normal((168, hotlines)))
        self._stray = self._rng.standard_normal(hotlines)
        self._keeps = np.exp(-_QUARTER_MIN / 60 / traffic.level_memory_h)

    def usual(self, minute: int) -> Floats:
        """Mean inquiries of a minute when the level is 1, on a clock in Shanghai."""
        local = self._calendar.local(minute, SHANGHAI_MIN)
        hour = local.hour + minute % 60 / 60
        free = local.day.free
        day = 1 / (1 + np.exp(-(hour - 8) / 0.5)) / (1 + np.exp((hour - 20.5) / 0.6))
        shape = (self.traffic.night + (1 - self.traffic.night) * day) * (self.traffic.weekend if free else 1)
        found: Floats = self.traffic.calls_per_hour / 60 * shape * self._own[local.weekday * 24 + local.hour]
        return found

    def minutes(self, many: int) -> Iterator[Minute]:
        """The next minutes."""
        for _ in range(many):
            if self.minute % _QUARTER_MIN == 0:
                self._wander()
            yield self._count(self.minute, 1)
            self.minute += 1

    def quarters(self, many: int) -> Floats:
        """Counts [many, hotlines, 2] of the next quarters of an hour: history, fifteen times as quickly."""
        counts = np.empty((many, self.hotlines, 2))
        for at in range(many):
            self._wander()
            counts[at] = self._count(self.minute, _QUARTER_MIN).counts
            self.minute += _QUARTER_MIN
        return counts

    def _wander(self) -> None:
        fresh = self._rng.standard_normal(self.hotlines)
        self._stray = self._keeps * self._stray + np.sqrt(1 - self._keeps**2) * fresh

    def _count(self, minute: int, minutes: int) -> Minute:
        traffic = self.traffic
        level = np.exp(traffic.level_sd * self._stray - traffic.level_sd**2 / 2)
        mean = self.usual(minute + minutes // 2) * level
        shape = mean / (traffic.dispersion - 1 + traffic.spread**2 * mean)
        rate = self._rng.standard_gamma(shape * minutes) * (mean / shape)
        calls, reports = self._rng.poisson(rate), self._rng.poisson(traffic.reports_per_call * rate)
        return Minute(minute, np.stack((calls, reports), axis=-1).astype(np.float64), mean, shape)


def divert(counts: Floats, p: float, q: float, rng: np.random.Generator) -> Floats:
    """Counts [..., 2] with a share p of the inquiries gone, of whose callers a share q reports it; NaN stays NaN.

    >>> divert(np.array([[100.0, 1.0]]), 1.0, 1.0, np.random.default_rng(1)).tolist()
    [[0.0, 101.0]]
    """
    came = np.nan_to_num(counts[..., 0]).astype(np.int64)
    gone = rng.binomial(came, p)
    reports = rng.binomial(gone, q)
    return counts + np.stack((-gone, reports), axis=-1)
