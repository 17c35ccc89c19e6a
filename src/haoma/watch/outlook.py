"""What is expected of every hotline in the next quarter of an hour, and how surely.

Rules held here:
- It rests on what was remembered when the last hour ended, so that a restart within the quarter finds the same.
- What is not known well is not held against a hotline: the variance of its profile widens what its counts may do,
  over as many minutes as such an error stays the same; and its reports are not judged before it is known what share
  of callers usually reports, or before a day of it was seen.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from haoma.watch.bank import Outlook
from haoma.watch.model import Bools, Floats, Which
from haoma.watch.parts import Parts

__all__ = ["Quarter", "allow", "end_hours", "look_ahead"]

_LISTEN_HOURS = 24  # after which reports are judged however few calls there were


@dataclass(frozen=True, slots=True)
class Quarter:
    """What holds for a quarter of an hour. Arrays are [hotlines]."""

    base: Floats
    """Inquiries a minute that the profile has; 0 where closed or unknown."""
    share: Floats
    """What part of its hour a minute is."""
    known: Bools
    open: Bools
    ordinary: Bools
    """Whether such a day comes every week."""
    outlook: Outlook
    dispersion: Floats
    spread: Floats
    """Relative standard deviation of an hour around the level of its days."""
    heard: Bools
    """Whether enough was seen to know what share of callers usually reports."""
    numbers: tuple[tuple[int, Which], ...]
    """Which quarter of their hour it is for whom."""


def look_ahead(parts: Parts, minute: int) -> Quarter:
    """What holds from a minute to the end of its quarter."""
    layout, habits, tuning = parts.layout, parts.habits, parts.tuning
    base, variance, share = np.zeros((3, layout.hotlines))
    known, ordinary = np.zeros((2, layout.hotlines), dtype=bool)
    dispersion, spread = habits.dispersion(), habits.spread()
    numbers = list[tuple[int, Which]]()
    for zone in layout.zones:
        which, local = zone.which, layout.local(zone, minute)
        found = parts.profile.estimate(local, which, dispersion[which])
        shares = parts.profile.shares(local, which, found.calls, dispersion[which])
        base[which], variance[which] = found.an_hour * shares / 60, found.variance
        share[which], known[which], ordinary[which] = shares / 60, found.known, local.day.ordinary
        numbers.append((local.quarter, which))
    open_now = layout.open(minute)
    base *= known & open_now
    busy = base * np.where(parts.scale > 0, parts.scale, 1)
    outlook = Outlook(
        quick=dispersion + busy * tuning.fast_window_min * variance,
        slow=dispersion + busy * tuning.slow_window_min * (variance + spread**2),
        shares=habits.report_shares(),
        report_dispersion=habits.report_dispersion(),
    )
    heard = habits.heard() | (parts.profile.hours() >= _LISTEN_HOURS)
    return Quarter(base, share, known, open_now, ordinary, outlook, dispersion, spread, heard, tuple(numbers))


def end_hours(parts: Parts, minute: int) -> bool:
    """Learn from the hours that ended before a minute, on the clocks where one did; whether there was such a clock."""
    ended = [(zone, local) for zone in parts.layout.zones if not (local := parts.layout.local(zone, minute)).quarter]
    for zone, local in ended:
        which, before = zone.which, parts.layout.local(zone, minute - 1)
        slow = parts.level.slow()[which]
        dispersion = parts.habits.dispersion()[which]
        parts.profile.learn(before, which, parts.habits.end_hour(which), slow, dispersion)
        parts.scale[which] = slow
        if local.hour == 0 and not (local.day.ordinary and before.day.ordinary):
            parts.level.start_again(which)
    return bool(ended)


def allow(parts: Parts) -> None:
    """Set thresholds by what hotlines are like on the whole."""
    habits, tuning = parts.habits, parts.tuning
    an_hour, often = parts.profile.busy()
    pace = an_hour / 60 * np.where(parts.scale > 0, parts.scale, 1)
    dispersion = habits.dispersion()
    outlook = Outlook(
        quick=dispersion,
        slow=dispersion + pace * tuning.slow_window_min * habits.spread() ** 2,
        shares=habits.report_shares(),
        report_dispersion=habits.report_dispersion(),
    )
    parts.bank.allow(outlook, pace, often * parts.layout.open_share, habits.spread())
