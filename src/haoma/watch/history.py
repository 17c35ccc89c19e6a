"""Learning from what came before: profiles, levels and shares of reports out of quarters of an hour.

Rules held here:
- History teaches what minutes would have taught, but for how they scatter and for what is under way; no alarm comes
  of it.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from haoma.watch.model import Floats
from haoma.watch.parts import Parts
from haoma.watch.profile import Hour

__all__ = ["in_quarters", "learn_hour"]

_QUARTER_MIN = 15


def learn_hour(parts: Parts, minute: int, counts: Floats) -> None:
    """Learn counts [4, hotlines, signals] of the hour that begins with a minute, NaN where missing."""
    layout, habits, level = parts.layout, parts.habits, parts.level
    opened = np.stack([layout.open(minute + 15 * quarter) for quarter in range(4)])
    seen = np.isfinite(counts[..., 0]) & opened
    told = np.isfinite(counts[..., 1:]) & seen[..., None]
    inquiries = np.where(seen, counts[..., 0], 0.0)
    reports = np.where(told, counts[..., 1:], 0.0).transpose(0, 2, 1)
    exposed = np.where(told, inquiries[..., None], 0.0).transpose(0, 2, 1)
    for zone in layout.zones:
        which, local = zone.which, layout.local(zone, minute)
        came = inquiries[:, which]
        dispersion, slow = habits.dispersion()[which], level.slow()[which]
        usual = parts.profile.estimate(local, which, dispersion)
        quarters = [replace(local, quarter=each) for each in range(4)]
        shares = np.stack([parts.profile.shares(each, which, usual.calls, dispersion) for each in quarters])
        part = (seen[:, which] * shares / 4).sum(axis=0)
        hour = Hour(came.sum(axis=0), 15.0 * seen[:, which].sum(axis=0), part, came)
        due = np.where(usual.known & local.day.ordinary, usual.an_hour * part, 0)
        known = np.where(due > 0, hour.came, 0)
        habits.learn_spread(which, known, due * slow)
        habits.learn_reports(which, reports[..., which], exposed[..., which])
        level.learn(which, known, due, 1 / dispersion)
        parts.profile.learn(local, which, hour, slow, dispersion)
        parts.scale[which] = level.slow()[which]


def in_quarters(counts: Floats) -> Floats:
    """Quarters of an hour [quarters, ...] out of minutes [minutes, ...].

    What is missing of one is taken to be as the rest of it, where that is a half; else the quarter is missing.
    """
    parts = counts.reshape(-1, _QUARTER_MIN, *counts.shape[1:])
    there = np.isfinite(parts).sum(axis=1)
    told = np.nansum(parts, axis=1) * _QUARTER_MIN / np.maximum(there, 1)
    return np.where(2 * there >= _QUARTER_MIN, told, np.nan)
