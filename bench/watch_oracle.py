"""The CUSUM that knows everything: the baseline of each minute, the diversion to come, and how counts scatter.

Rules held here:
- It sees the very minutes that the detector sees, and alarms by chance as rarely as the detector's whole budget allows.
- Its threshold is simulated, not the formula's: how often it rises to a level that is passed a few hundred times is
  counted, and from there on e^-h is a law. The formula would make it slower than it is, by a tenth or two.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from haoma.watch.model import MONTH_MIN, Floats
from haoma.watch.simulate import Minute

__all__ = ["Case", "Oracle", "Rises", "first", "says"]

Case = tuple[float, float]
"""p and q: the share of calls that go elsewhere, and of their callers who report it."""

_LEVELS = np.arange(1.0, 11.0, 0.25)
_ENOUGH = 200


def says(minute: Minute, case: Case, report_share: float) -> Floats:
    """Nats of a minute for a diversion against none, for every hotline; missing counts say nothing."""
    p, q = case
    mean, shape, counts = minute.mean, minute.shape, minute.counts
    shrunk = np.log((shape + mean) / (shape + (1 - p) * mean))
    volume = counts[:, 0] * (np.log1p(-p) + shrunk) + shape * shrunk
    reports = counts[:, 1] * np.log1p(p * q / report_share) - p * q * mean
    found: Floats = np.nan_to_num(volume + (reports if q else 0))
    return found


class Rises:
    """How often statistics rose to each level when nothing was wrong: [levels, hotlines]."""

    def __init__(self, hotlines: int) -> None:
        self.minutes = 0
        self._armed = np.ones((len(_LEVELS), hotlines), dtype=bool)
        self._rises = np.zeros((len(_LEVELS), hotlines))

    def add(self, sums: Floats) -> None:
        """Take in where they stand after a minute."""
        above = sums >= _LEVELS[:, None]
        self._rises += above & self._armed
        self._armed = (self._armed & ~above) | (sums <= 0)
        self.minutes += 1

    def threshold(self, which: slice, between_min: float = MONTH_MIN) -> float:
        """Nats that hotlines alike rise to once in so many minutes."""
        rises = self._rises[:, which].sum(axis=1)
        known = np.flatnonzero(rises >= _ENOUGH)
        at = known[-1] if len(known) else 0
        hotlines = self._rises[:, which].shape[1]
        return float(_LEVELS[at] + np.log(between_min * max(rises[at], 1) / (hotlines * self.minutes)))


@dataclass
class Oracle:
    """Its sums for one case, and how often they rose."""

    case: Case
    report_share: float
    hotlines: int
    sums: Floats = field(init=False)

    def __post_init__(self) -> None:
        self.sums = np.zeros(self.hotlines)
        self._rises = Rises(self.hotlines)

    def add(self, minute: Minute) -> None:
        """Take in a minute in which nothing is wrong."""
        self.sums = np.maximum(self.sums + says(minute, self.case, self.report_share), 0)
        self._rises.add(self.sums)

    def threshold(self, which: slice) -> float:
        """Nats that hotlines alike rise to once a month."""
        return self._rises.threshold(which)


def first(sums: Floats, said: Floats, threshold: float) -> Floats:
    """Minutes until sums that go on with what is said [minutes, hotlines] reach a threshold; inf where they do not."""
    sums = np.minimum(sums, threshold - 1e-9)
    found = np.full(len(sums), np.inf)
    for at, minute in enumerate(said):
        sums = np.maximum(sums + minute, 0)
        found[(sums >= threshold) & np.isinf(found)] = at + 1
    return found
