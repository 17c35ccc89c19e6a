"""What could be known: an observer that knows how simulated traffic comes about, and everything but the level.

Rules held here:
- It knows each hotline's week, how counts scatter and how a level wanders, better than anybody can learn it; the level
  itself it must tell from the counts. Whoever knows less is no quicker, with the same kind of test.
- Its density of the level is a grid's, exact but for the grid's step, once for nothing being wrong and once for a
  diversion since its CUSUM last stood at zero: what a diversion takes is never mistaken for a level that fell.
- Its threshold is simulated as the oracle's is. Told one case, all its budget is that case's; told that it is one of
  several, they share one budget.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from copy import deepcopy
from dataclasses import replace

import numpy as np
from scipy.special import gammaln

from bench.watch_delays import CASES, DAY, HISTORY_WEEKS, MONDAY, Delays
from bench.watch_oracle import Case, Oracle, Rises, first, says
from haoma.watch.model import Floats
from haoma.watch.simulate import Minute, Traffic, World, divert

__all__ = ["Observer", "ideal"]

_STEP, _WIDEST = 0.02, 4.0  # of the logarithm of the level; in its standard deviations
_QUARTER_MIN = 15
_AFTER_MIN = 90
_SOON = 1.5
"""Nats more that nine tenths gone are asked for among several cases: they show within minutes all the same."""


class Observer:
    """Densities of the levels of all hotlines, and for each case how much likelier it makes what was seen."""

    def __init__(self, traffic: Traffic, cases: Sequence[Case], hotlines: int) -> None:
        self.traffic, self.cases = traffic, cases
        many = int(_WIDEST * traffic.level_sd / _STEP)
        self._at: Floats = _STEP * np.arange(-many, many + 1, dtype=np.float64)
        keeps = np.exp(-_QUARTER_MIN / 60 / traffic.level_memory_h)
        wide = traffic.level_sd * float(np.sqrt(1 - keeps**2))
        self._moves = _normal(self._at - float(keeps) * self._at[:, None], wide)
        self._usual = np.tile(_normal(self._at, traffic.level_sd), (hotlines, 1))
        self._diverted = np.zeros((len(cases), *self._usual.shape))

    def add(self, usual: Floats, minute: Minute) -> Floats:
        """[cases, hotlines]: nats that each CUSUM has after a minute whose mean is `usual` at a level of 1."""
        if minute.minute % _QUARTER_MIN == 0:
            self._usual, self._diverted = self._usual @ self._moves, self._diverted @ self._moves
        mean = usual[:, None] * np.exp(self._at - self.traffic.level_sd**2 / 2)
        shape = mean / (self.traffic.dispersion - 1 + self.traffic.spread**2 * mean)
        came = minute.counts[:, :1]
        likely = gammaln(came + shape) - gammaln(shape) + came * np.log(mean / (shape + mean))
        likely += shape * np.log(shape / (shape + mean)) - self.traffic.reports_per_call * mean
        likely = np.exp(likely - likely.max(axis=1, keepdims=True))
        again = self._diverted.sum(axis=-1) < 1
        self._diverted = np.where(again[..., None], self._usual, self._diverted)
        for at, case in enumerate(self.cases):
            whole = Minute(minute.minute, np.repeat(minute.counts, len(self._at), axis=0), mean.ravel(), shape.ravel())
            said = says(whole, case, self.traffic.reports_per_call).reshape(mean.shape)
            self._diverted[at] *= likely * np.exp(said)
        self._usual *= likely
        total = self._usual.sum(axis=1, keepdims=True)
        self._usual, self._diverted = self._usual / total, self._diverted / total
        found: Floats = np.log(np.maximum(self._diverted.sum(axis=-1), 1e-12))
        return found


def ideal(calls_per_hour: float, hotlines: int, *, together: bool, seed: int = 7) -> Iterator[Delays]:
    """The observer's delays beside the oracle's, as `bench.watch_delays.simulated` has the detector's.

    `together` it is told the three cases that the detector is held to, else each of them alone.
    """
    traffic, cases = Traffic(calls_per_hour), CASES[:3]
    world = World(traffic, hotlines, MONDAY, seed)
    world.quarters(HISTORY_WEEKS * 7 * 96)
    observer, oracles = Observer(traffic, cases, hotlines), [Oracle(case, 0.005, hotlines) for case in cases]
    more = np.array([[_SOON if p > 0.8 else 0.0] for p, _ in cases]) if together else np.zeros((len(cases), 1))
    rises = [Rises(hotlines) for _ in cases]
    for minute in world.minutes(2 * DAY + 600):
        said = _judged(observer.add(world.usual(minute.minute), minute) - more, together)
        for rise, oracle, stands in zip(rises, oracles, said, strict=True):
            rise.add(stands)
            oracle.add(minute)
    free = np.stack([stands < rise.threshold(slice(None)) for rise, stands in zip(rises, said, strict=True)])
    to_come = [(minute, world.usual(minute.minute)) for minute in world.minutes(_AFTER_MIN)]
    for at, oracle in enumerate(oracles):
        forked, chance = deepcopy(observer), np.random.default_rng(99)
        noticed, known = np.full(hotlines, np.inf), list[Floats]()
        for after, (minute, usual) in enumerate(to_come, 1):
            diverted = replace(minute, counts=divert(minute.counts, *oracle.case, chance))
            stands = _judged(forked.add(usual, diverted) - more, together)[at]
            noticed[(stands >= rises[at].threshold(slice(None))) & np.isinf(noticed)] = after
            known.append(says(diverted, oracle.case, oracle.report_share))
        best = first(oracle.sums, np.stack(known), oracle.threshold(slice(None)))
        yield Delays(calls_per_hour, oracle.case, noticed[free[at]], best[free[at]])


def _judged(said: Floats, together: bool) -> Floats:
    """What each case is judged by: what it says itself, or the highest of all."""
    return np.broadcast_to(said.max(axis=0), said.shape) if together else said


def _normal(off: Floats, sd: float) -> Floats:
    """A normal density over the last axis, adding up to 1."""
    found: Floats = np.exp(-0.5 * (off / sd) ** 2)
    found /= found.sum(axis=-1, keepdims=True)
    return found
