"""What the parts of watch hand one another: minutes, signals, channels, tuning, scores. Values only, no I/O.

Rules held here:
- Time is an int: minutes since 1970-01-01T00:00Z. A hotline's own clock is Asia/Shanghai unless it is told another
  one.
- Signals stand in a fixed order: inquiries, error reports, then whatever else behaves as reports do.
- A count that is missing is NaN and never zero; one that cannot be is taken as missing, and counted.
- A budget says how many false alarms a team can live with; a threshold is made from it and from nothing else.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import IntEnum

import numpy as np
import numpy.typing as npt

from haoma.errors import BadInput

__all__ = [
    "INQUIRIES",
    "MONTH_MIN",
    "NO_CHANNEL",
    "REPORTS",
    "SHANGHAI_MIN",
    "Alert",
    "Bools",
    "Budget",
    "Channel",
    "Closing",
    "Floats",
    "Integers",
    "Scores",
    "Tuning",
    "Which",
    "minute_of",
    "moment_of",
]

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
Which = slice | Integers
"""Some of the hotlines, or all."""

INQUIRIES, REPORTS = 0, 1
"""Places of the two signals that every hotline has; further counts follow them."""

MONTH_MIN = 30 * 24 * 60
"""Minutes of the month that budgets are told in."""

SHANGHAI_MIN = 8 * 60
"""Minutes that a Chinese clock is ahead of UTC, in every season."""

NO_CHANNEL = -1

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Channel(IntEnum):
    """What a change is seen in; each has a budget of its own."""

    JOINT = 0
    """Inquiries and reports, their evidence added up."""
    VOLUME = 1
    """Inquiries alone: nobody reports."""
    REPORTS = 2
    """Reports alone: too few calls to miss any."""
    SLOW = 3
    """Both, for small diversions, against a level that follows in days instead of minutes."""

    @property
    def label(self) -> str:
        """In small letters, as files and commands have it."""
        return self.name.lower()


class Closing(IntEnum):
    """How an alarm ended in this minute, if it did."""

    NOT = 0
    RECOVERED = 1
    """The counts are back where they were."""
    NEW_LEVEL = 2
    """They are not, and have been so for so long that this is the level now."""


@dataclass(frozen=True, slots=True)
class Budget:
    """How many false alarms may be raised: the lesser of what a hotline and what the fleet may has its way.

    >>> round(float(Budget(hotlines=600).per_hotline_and_month()), 3)
    0.1
    """

    hotline: float = 1.0
    """False alarms a month (30 days) of one hotline, over all channels."""
    fleet: float = 60.0
    """False alarms a month of all hotlines together; inf if only each hotline's own counts."""
    hotlines: int | None = None
    """How many hotlines share the fleet's; as many as the detector has when None."""
    shares: tuple[float, float, float, float] = (0.8, 0.06, 0.08, 0.06)
    """Which part of the whole each Channel may spend; adds up to 1."""

    def __post_init__(self) -> None:
        positive = (self.hotline, self.fleet, self.hotlines or 1, *self.shares)
        if not all(value > 0 for value in positive) or not math.isfinite(self.hotline):
            raise BadInput("a budget that allows nothing", hint="give false alarms a month above zero, and shares too")
        if not math.isclose(sum(self.shares), 1, abs_tol=1e-6):
            raise BadInput(f"shares of a budget that add up to {sum(self.shares):g}", hint="let them add up to 1")

    def per_hotline_and_month(self) -> float:
        """What one hotline may spend in a month."""
        return min(self.hotline, self.fleet / (self.hotlines or 1))

    def minutes_between(self) -> Floats:
        """Minutes between false alarms of one hotline that each channel is allowed, in the order of Channel."""
        return MONTH_MIN / (self.per_hotline_and_month() * np.asarray(self.shares))


@dataclass(frozen=True, slots=True)
class Tuning:
    """Every number that the detector rests on. One default for all hotlines; nothing is fitted to a file.

    `p` is the share of calls that go elsewhere, `q` the share of the callers who went there and report it.
    """

    budget: Budget = field(default_factory=Budget)

    dispersion: float = 1.35
    """Variance over mean of a minute's inquiries, before a hotline's own is known."""
    spread: float = 0.08
    """Relative standard deviation of an hour around the level of its days, before a hotline's own is known."""
    report_share: float = 0.005
    """Reports for each inquiry when all is well, before a hotline's own share is known."""
    report_dispersion: float = 1.1
    """Variance over mean of a minute's reports, before a hotline's own is known."""

    level_half_life_min: float = 60.0
    """How fast the level follows the counts."""
    slow_half_life_min: float = 2 * 1440.0
    """How fast the slow level follows."""
    slow_sd: float = 0.3
    """How far the slow level strays from the profile, relative."""
    common_half_life_min: float = 5.0
    """How fast what all hotlines of a group have in common is followed where one minute tells too little."""
    common_least: int = 20
    """Hotlines that a group needs before anything is taken as common to it."""
    memory_weeks: int = 8
    """Weeks that an hour of the profile remembers."""
    report_half_life_h: float = 28 * 24.0
    """How fast a hotline's share of reports follows."""
    spread_half_life_h: float = 14 * 24.0
    """How fast a hotline's dispersions follow."""
    fast_window_min: float = 5.0
    """Minutes over which an error of the profile stays the same for the level that follows."""
    slow_window_min: float = 960.0
    """The same for the slow level."""

    joint_p: tuple[float, ...] = (0.25, 0.5, 0.75, 0.95)
    """Diversions that JOINT and VOLUME look for."""
    joint_q: tuple[float, ...] = (0.02, 0.05, 0.14)
    """Shares of reporters that JOINT looks for, with each of `joint_p`."""
    reports_x: tuple[float, ...] = (0.01, 0.03, 0.1)
    """Further reports for each inquiry that REPORTS looks for."""
    slow_p: tuple[float, ...] = (0.1, 0.2, 0.35)
    """Diversions that SLOW looks for."""
    slow_q: tuple[float, ...] = (0.0, 0.03, 0.15)
    """Shares of reporters that SLOW looks for, with each of `slow_p`."""

    most_a_minute: float = 1e6
    """A count above this is no count."""
    nats_a_minute: float = 12.0
    """Most that one minute's inquiries can say, for a bucket that was lost comes as a zero."""
    grace_min: int = 2
    """Minutes that a runner waits for late counts before it takes a minute as it is."""
    above_nats: float = 2.0
    """How far a statistic may run above its threshold."""
    close_share: float = 0.6
    """Share of its threshold that every CUSUM must be below for an alarm to end."""
    close_after_min: int = 15
    """Minutes in a row that this must last."""
    close_fall: float = 0.2
    """Share of its old level that may still be missing when counts count as recovered."""
    new_level_min: int = 3 * 1440
    """Minutes after which an alarm whose counts stay down, and no longer fall, ends all the same."""


@dataclass(frozen=True, slots=True)
class Scores:
    """What one minute said of every hotline. Arrays have one place a hotline."""

    minute: int
    score: Floats
    """0-1: one less the chance of a minute as striking as this when nothing is wrong; 0 where nothing can be said."""
    channel: npt.NDArray[np.int8]
    """The Channel that stands nearest to its threshold or furthest above, NO_CHANNEL where none says anything."""
    alarm: Bools
    """Raised in this minute."""
    open: Bools
    """Standing after this minute."""
    closed: npt.NDArray[np.int8]
    """Closing: how an alarm ended in this minute."""
    expected: Floats
    """[hotlines, signals]: the counts that were expected of this minute."""
    excess: Floats
    """[hotlines, channels]: nats above the threshold; below 0 there is no alarm."""
    seen: Floats
    """0-1: share of the last hour's minutes, the later ones counting more, that had inquiries."""
    ready: Bools
    """Whether the hotline's profile is known at this hour; where not, REPORTS alone can raise an alarm."""
    refused: Bools
    """A count of this minute was negative, infinite or huge, and taken as missing."""
    common: Floats
    """[groups, 2]: what was taken out of the inquiries of each group as common, quick and slow; 1 is nothing."""


@dataclass(frozen=True, slots=True)
class Alert:
    """One alarm of one hotline: `hotline` is its place in the detector."""

    hotline: int
    minute: int
    channel: Channel
    score: float
    expected: tuple[float, ...]
    seen: tuple[float, ...]

    @property
    def at(self) -> datetime:
        """The minute as an aware moment."""
        return moment_of(self.minute)


def minute_of(moment: datetime) -> int:
    """The minute that an aware moment lies in. Raises BadInput for one without a time zone.

    >>> minute_of(datetime(1970, 1, 1, 8, 30, 59, tzinfo=UTC))
    510
    """
    if moment.tzinfo is None:
        raise BadInput("a time without a time zone", hint="write it as 2026-11-22T08:30:00+08:00")
    return (moment - _EPOCH) // timedelta(minutes=1)


def moment_of(minute: int) -> datetime:
    """Where a minute begins.

    >>> moment_of(510).isoformat()
    '1970-01-01T08:30:00+00:00'
    """
    return datetime.fromtimestamp(minute * 60, UTC)
