"""From a budget of false alarms to a threshold, and from a statistic to a score.

Rules held here:
- A CUSUM with threshold h and divergence K before the change alarms by chance once in T minutes where e^h - h - 1 =
  T·K (Lorden 1971). Minutes are no infinitely small steps: h may be lower by what it overshoots, 1.166 standard
  deviations of a step, √(2K) (Siegmund 1985, §X), and no more than a step can be.
- Both are of a busy hour, and T of such hours alone: where half of the week is quiet, there is half as much chance.
- A detector has many CUSUMs for each channel and estimates its baseline, which both cost false alarms: how much higher
  its threshold must be for that was simulated, and stands in `CORRECTION`; `python -m bench.watch` shows what is left.
- A score is one less the chance that a minute without a fault is as striking, found by the same simulation (`TAIL`).
"""

from __future__ import annotations

import math

import numpy as np

from haoma.watch.memory import Reals
from haoma.watch.model import Floats

__all__ = [
    "CALLS_PER_HOUR",
    "CORRECTION",
    "FEW_NATS",
    "FEW_Q",
    "FLOOR",
    "JUMP_NATS",
    "LARGE_NATS",
    "LARGE_P",
    "SMALL_NATS",
    "SMALL_P",
    "SOON_CALLS",
    "SOON_NATS",
    "SOON_P",
    "TAIL",
    "correction",
    "score",
    "soon",
    "threshold",
]

CALLS_PER_HOUR = (15.0, 45.0, 150.0, 450.0, 1500.0, 4500.0)
"""Inquiries in a busy hour that corrections were simulated at; between them they are interpolated."""

CORRECTION = (
    (0.1, -0.15, 0.0, 0.9, 0.8, -0.5),
    (2.2, 2.4, 2.3, 1.7, 0.3, 0.2),
    (0.2, 0.1, 0.2, 0.9, 0.7, 1.2),
    (-0.5, -0.7, -0.3, 0.6, 1.1, 1.2),
)
"""Nats on top of the formula, for each Channel, at one false alarm a month and a spread of `USUAL_SPREAD`."""

USUAL_SPREAD, SPREAD_NATS, SPREADS = 0.07, (10.0, 20.0, 0.0, 0.0), (0.03, 0.12)
"""How many nats more each Channel asks for each unit that an hour strays further from the level of its days."""

TIGHT_NATS = 0.18
"""Nats more for each nat that a budget is below one false alarm a month: levels stray further than chance alone."""

SMALL_P, SMALL_NATS = 0.4, 2.0
"""Diversions below this share are easily mistaken for a level that wanders: JOINT and VOLUME ask more nats of them."""

FEW_Q, FEW_NATS = 0.04, 1.6
"""Diversions that fewer callers report look like no diversion for longest: JOINT asks more nats of them."""

LARGE_P, LARGE_NATS = 0.9, 0.6
"""Diversions above this share are suspected after a minute or two without calls, and ask more nats in JOINT."""

SOON_P, SOON_NATS, SOON_CALLS = 0.5, 1.0, 400.0
"""Diversions above this share show soon, and leave the budget of JOINT to those that hardly do in time: they ask more
nats, so many of all calls gone, and half as many of a hotline with so many calls in a busy hour."""

JUMP_NATS = 0.1
"""A report jumps, and overshoots more than a step of the same variance: fewer nats in JOINT for each that it says."""

_OVERSHOOT, _WIDEST = 1.166, 4.0

FLOOR = 4.0
"""Least threshold, in nats: below it a single report would be an alarm."""

TAIL = ((3.0, 0.0), (4.1, -0.69), (5.2, -2.3), (6.9, -4.6), (8.7, -6.9), (11.9, -10.3))
"""Nats that the highest CUSUM stands at, and logarithm of the chance that a usual minute has as many or more."""


def threshold(minutes: float | Reals, divergence: Reals, most: Reals | None = None) -> Reals:
    """Nats that a CUSUM of that divergence (nats a minute) reaches by chance once in so many minutes.

    `most` is what one minute can say at most, where that is bounded: it cannot overshoot by more.

    >>> round(float(threshold(43200.0, np.float32([0.847]))[0]), 2)
    8.99
    """
    expected = minutes * divergence
    # np.log is vectorised and log1p is not; once more makes it right to a hundredth above the floor.
    nats = np.log(1 + np.log(1 + expected) + expected)
    over = _OVERSHOOT * np.minimum(np.sqrt(2 * divergence), _WIDEST)
    found: Reals = nats - (over if most is None else np.minimum(over, most))
    return found


def correction(calls_per_hour: Floats, spread: Floats, budget: float) -> Floats:
    """[channels, hotlines]: nats on top of `threshold` for a bank with an estimated baseline.

    `spread` is the relative deviation of an hour from the level of its days, `budget` false alarms a month.
    """
    known, rows = np.log(CALLS_PER_HOUR), np.asarray(CORRECTION)
    at = np.clip(np.log(np.maximum(calls_per_hour, 1e-6)), known[0], known[-1])
    before = np.clip(np.searchsorted(known, at) - 1, 0, len(known) - 2)
    part = (at - known[before]) / np.diff(known)[before]
    stray = np.clip(spread, *SPREADS) - USUAL_SPREAD
    found: Floats = rows[:, before] + part * np.diff(rows)[:, before]
    return found + np.outer(SPREAD_NATS, stray) + TIGHT_NATS * max(-math.log(budget), 0.0)


def soon(p: Floats, calls_per_hour: Floats) -> Floats:
    """[p, hotlines]: nats more that JOINT asks of a share p of calls that go elsewhere, which shows soon.

    >>> soon(np.array([0.5, 0.75]), np.array([40.0, 4000.0])).round(2).tolist()
    [[0.0, 0.0], [0.5, 0.0]]
    """
    large = SOON_NATS * np.maximum(p - SOON_P, 0) / (1 - SOON_P)
    found: Floats = np.multiply.outer(large, 1 / (1 + (calls_per_hour / SOON_CALLS) ** 2))
    return found


def score(nats: Floats) -> Floats:
    """0-1: one less the chance that a usual minute has a CUSUM as high, or higher."""
    at, tail = np.asarray(TAIL).T
    slope = (tail[-1] - tail[-2]) / (at[-1] - at[-2])
    inside = np.interp(nats, at, tail)
    beyond = tail[-1] + slope * (nats - at[-1])
    found: Floats = 0.0 - np.expm1(np.where(nats > at[-1], beyond, inside))
    return found
