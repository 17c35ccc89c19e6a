"""What the corrector looks at: how the last quarters of an hour of each hotline differed from what was expected.

Rules held here:
- A quarter tells a log ratio of what came to what the plain detector expected, and how much of that is chance. What the
  corrector itself said is not in it: what is corrected does not feed on its own correction.
- A quarter that is missing, closed or expects nothing tells nothing: its weight is zero.
- The same window, the same quarters and the same clock give the same features to the bit.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from haoma.watch.model import Floats, Integers

__all__ = ["BOUND", "FEATURES", "QUARTER_MIN", "STEPS", "Singles", "Window", "clock", "ratios"]

Singles: TypeAlias = npt.NDArray[np.float32]

QUARTER_MIN = 15
STEPS = 16
"""Quarters that are looked at: four hours."""
FEATURES = 5
"""Of a quarter: log ratio, its weight, sine and cosine of the time of day, and whether the day is free."""
BOUND = 0.3
"""Most that an expectation is changed by, in nats: between 0.74 and 1.35 of it."""

_PRIOR = 8.0  # inquiries that pull a ratio to 1
_FURTHEST = 2.0
_DAY_MIN = 1440.0


def ratios(came: Floats, expected: Floats) -> tuple[Floats, Floats]:
    """Log ratio of what came to what was expected, drawn to 0 where that is few; and its weight, 0-1.

    >>> ratio, weight = ratios(np.array([92.0]), np.array([192.0]))
    >>> round(float(ratio[0]), 3), round(float(weight[0]), 2)
    (-0.693, 0.96)
    """
    found = np.log((came + _PRIOR) / (expected + _PRIOR))
    return np.clip(found, -_FURTHEST, _FURTHEST), expected / (expected + _PRIOR)


def clock(minutes: Integers) -> tuple[Floats, Floats]:
    """Sine and cosine of the time of day, of minutes on a hotline's own clock."""
    angle = 2 * np.pi * (minutes % _DAY_MIN) / _DAY_MIN
    return np.sin(angle), np.cos(angle)


class Window:
    """The last `STEPS` quarters of all hotlines."""

    def __init__(self, hotlines: int) -> None:
        self.quarters: Singles = np.zeros((hotlines, STEPS, 2), dtype=np.float32)

    def add(self, came: Floats, expected: Floats) -> None:
        """Take in a quarter that has ended: inquiries that came in the minutes seen, and what was expected of these."""
        ratio, weight = ratios(came, expected)
        self.quarters[:, :-1] = self.quarters[:, 1:]
        self.quarters[:, -1, 0] = ratio * weight
        self.quarters[:, -1, 1] = weight

    def features(self, ahead: Integers, free: npt.NDArray[np.bool_]) -> Singles:
        """[hotlines, STEPS, FEATURES] for the quarter that begins `ahead` on each hotline's own clock."""
        found = np.zeros((*self.quarters.shape[:2], FEATURES), dtype=np.float32)
        found[..., :2] = self.quarters
        times = ahead[:, None] - QUARTER_MIN * np.arange(STEPS - 1, -1, -1)
        found[..., 2], found[..., 3] = clock(times)
        found[..., 4] = free[:, None]
        return found
