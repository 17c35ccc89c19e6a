"""How soon a diversion can show: no later than physics needs, and no sooner than it allows.

Rules held here:
- The bound is the CUSUM that knows its baseline and what to look for: with e^h - h - 1 = T·K (K the divergence of what
  is normal from the diversion, T the minutes between false alarms), its mean delay is (h - 1 + e^-h) / K', K' the
  other way round (Lorden 1971). No detector with as few false alarms is quicker on average.
- It is said in minutes, and is infinite where nothing shows.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from haoma.errors import BadInput
from haoma.watch.likelihood import reports_after, reports_before, volume_after, volume_before
from haoma.watch.model import MONTH_MIN

__all__ = ["Shows", "bound", "detectability", "outlooks"]

_CASES = ((0.9, 0.05), (0.5, 0.05), (0.2, 0.05), (0.1, 0.05), (0.5, 0.0), (0.5, 0.2))
_ROUNDS = 60


@dataclass(frozen=True, slots=True)
class Shows:
    """A share p of calls goes elsewhere, a share q of these callers reports it: that shows after so many minutes."""

    p: float
    q: float
    minutes: float


def bound(between_min: float, before: float, after: float) -> float:
    """Mean delay in minutes of the CUSUM that knows everything, for divergences in nats a minute.

    >>> round(bound(43_200, 0.847, 0.673), 1)
    14.1
    """
    if before <= 0 or after <= 0:
        return math.inf
    low, high = 0.0, math.log1p(between_min * before) + 40
    for _ in range(_ROUNDS):
        h = (low + high) / 2
        low, high = (low, h) if math.expm1(h) - h > between_min * before else (h, high)
    return (low + math.expm1(-low)) / after


def detectability(
    calls_per_hour: float, reports_per_hour: float, p: float, q: float, budget: float = 1.0, dispersion: float = 1.35
) -> float:
    """Minutes until a diversion shows, on average, at best; `budget` is false alarms a month (30 days) of the hotline.

    Raises BadInput for shares outside 0-1, and for counts or a budget below zero.

    >>> round(detectability(355, 1.8, 0.5, 0.0)), round(detectability(1540, 7.7, 0.2, 0.05))
    (14, 16)
    """
    if not (0 <= p < 1 and 0 <= q <= 1 and min(calls_per_hour, reports_per_hour) >= 0 and min(budget, dispersion) > 0):
        raise BadInput(
            f"p={p:g}, q={q:g} cannot be asked", hint="0 <= p < 1, 0 <= q <= 1, counts and a budget above zero"
        )
    if not (p and calls_per_hour):
        return math.inf
    calls = calls_per_hour / 60
    share = max(reports_per_hour / calls_per_hour, 1e-4)
    volume = np.asarray(p), np.asarray(max(dispersion, 1.0))
    reports = np.asarray(p * q), np.asarray(share), np.asarray(1.0)
    before = float(volume_before(*volume)) + float(reports_before(*reports))
    after = float(volume_after(*volume)) + float(reports_after(*reports))
    return bound(MONTH_MIN / budget, before * calls, after * calls)


def outlooks(
    calls_per_hour: float, reports_per_hour: float, budget: float = 1.0, dispersion: float = 1.35
) -> tuple[Shows, ...]:
    """What shows of a hotline as it is now, and after how many minutes, from large diversions to small ones."""
    return tuple(
        Shows(p, q, detectability(calls_per_hour, reports_per_hour, p, q, budget, dispersion)) for p, q in _CASES
    )
