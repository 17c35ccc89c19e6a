"""The risk of each channel: how often it shows a hotline wrong, times how bad that is.

Rules held here:
- Both are classes from 1 to 5 by the table below, and a risk is their product: the 5×5 matrix of GB/T 27921 and ISO
  31010 §B.10.3.
- How often is a rate over the last three months, with its exact interval: one quiet month proves little.
- How bad is the worst incident of these months; one that took longer than its limit to close counts one class more.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from haoma.guard.improve.incidents import Happened
from haoma.guard.improve.months import Month
from haoma.guard.improve.stats import Interval, garwood
from haoma.guard.judge.model import Severity

__all__ = ["BANDS", "IMPACT", "LIKELIHOOD", "LOOKED_BACK", "Band", "Risk", "band_of", "risks"]

LOOKED_BACK = 3  # months
TOO_LONG = timedelta(days=3)  # what the company takes to notice by itself
DAYS = 30

LIKELIHOOD = ((0.34, 1), (1.0, 2), (3.0, 3), (10.0, 4))
"""Incidents in 30 days below which a channel is of this class; from the last one on it is of class 5."""
IMPACT = {Severity.LOW: 1, Severity.MEDIUM: 2, Severity.HIGH: 3, Severity.CRITICAL: 4}
"""The class of an incident that was closed in time."""


class Band(StrEnum):
    """What a risk asks for: nothing, a look, a measure, or one at once."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


BANDS = ((4, Band.LOW), (9, Band.MEDIUM), (15, Band.HIGH), (25, Band.CRITICAL))
"""The highest risk of each band."""


@dataclass(frozen=True, slots=True)
class Risk:
    """One channel. `rate` and its interval are incidents in 30 days; `incidents` were counted in `days`."""

    channel: str
    incidents: int
    days: int
    rate: float
    interval: Interval
    likelihood: int
    worst: Severity | None
    impact: int

    @property
    def score(self) -> int:
        """Likelihood times impact: 1 to 25."""
        return self.likelihood * self.impact

    @property
    def band(self) -> Band:
        """What it asks for."""
        return band_of(self.score)


def band_of(score: int) -> Band:
    """The band of a risk.

    >>> [str(band_of(score)) for score in (4, 6, 12, 20)]
    ['low', 'medium', 'high', 'critical']
    """
    return next(band for most, band in BANDS if score <= most)


def risks(happened: Sequence[Happened], month: Month, now: datetime, channels: Sequence[str] = ()) -> list[Risk]:
    """The risk of each channel at the end of a month, or now while it goes on; the highest first.

    `channels` are those that are watched: one without an incident has a risk too.
    """
    begins, end = month.after(1 - LOOKED_BACK).begins_at, min(month.ends_at, now)
    days = max(1, (end - begins).days)
    seen = [one for one in happened if begins <= one.opened_at < end or one.open_at(begins)]
    every = {one.channel for one in seen} | set(channels)
    found = [_risk(channel, [one for one in seen if one.channel == channel], days, end) for channel in every]
    return sorted(found, key=lambda one: (-one.score, -one.rate, one.channel))


def _risk(channel: str, seen: Sequence[Happened], days: int, end: datetime) -> Risk:
    exposure = days / DAYS
    rate = len(seen) / exposure
    likelihood = next((level for below, level in LIKELIHOOD if rate < below), 5)
    worst = max(seen, key=lambda one: one.severity.rank).severity if seen else None
    impact = max((IMPACT[one.severity] + (_took(one, end) > TOO_LONG) for one in seen), default=1)
    return Risk(channel, len(seen), days, rate, garwood(len(seen), exposure), likelihood, worst, impact)


def _took(one: Happened, end: datetime) -> timedelta:
    closed = one.closed_at if one.closed_at is not None and one.closed_at < end else end
    return closed - one.first_seen_at
