"""Delays of the detector and of an oracle, on the same diverted minutes.

Rules held here:
- Two kinds of traffic: simulated (haoma.watch.simulate), and the calls of a US bank of 2003 thinned to less, whose
  reports are simulated. What is diverted is thinned binomially. No public data has diversions in it.
- A delay counts from the first diverted minute to the end of the one with the alarm, for hotlines without an alarm
  before it. Ingestion and a runner's grace come on top.
- Both are allowed one false alarm a month and hotline: the detector over all its channels, the oracle (see
  bench/watch_oracle.py) for the one thing that it looks for.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import numpy as np

from bench.watch_oracle import Case, Oracle, first, says
from haoma.watch.calendar import Hours
from haoma.watch.detector import Detector
from haoma.watch.model import MONTH_MIN, SHANGHAI_MIN, Bools, Channel, Floats, Scores, Tuning, minute_of
from haoma.watch.simulate import Minute, Traffic, World, divert

__all__ = ["CASES", "DAY", "HISTORY_WEEKS", "WEEK", "Alarms", "Delays", "Fork", "alone", "false_alarms", "simulated"]

MONDAY = minute_of(datetime(2025, 3, 3, tzinfo=UTC)) - SHANGHAI_MIN
CASES: tuple[Case, ...] = ((0.5, 0.05), (0.5, 0.2), (0.9, 0.05), (0.5, 0.0), (0.2, 0.05))
DAY, WEEK, HISTORY_WEEKS = 1440, 7 * 1440, 8
LONGEST_MIN = 600


@dataclass(frozen=True, slots=True)
class Delays:
    """Minutes until an alarm for one diversion of some hotlines, and the oracle's; inf where there was none."""

    calls_per_hour: float
    case: Case
    detector: Floats
    oracle: Floats

    @property
    def medians(self) -> tuple[float, float]:
        """Of the detector and of the oracle."""
        return float(np.median(self.detector)), float(np.median(self.oracle))

    @property
    def soon(self) -> tuple[float, float]:
        """Share of alarms within a quarter of an hour."""
        return float(np.mean(self.detector <= 15)), float(np.mean(self.oracle <= 15))

    @property
    def held(self) -> bool:
        """Whether it is of those that the detector is held to."""
        return self.calls_per_hour >= 100 and self.case[0] >= 0.5 and self.case[1] >= 0.05


class Fork:
    """The detector and an oracle from one minute on, in a world where calls go elsewhere."""

    def __init__(self, watching: Detector, to_come: Sequence[Minute], oracle: Oracle, free: Bools) -> None:
        forked, chance = watching.take(np.arange(len(free))), np.random.default_rng(99)
        self.oracle, self.free, self._sums = oracle, free, oracle.sums
        self._noticed, self._said = np.full(len(free), np.inf), list[Floats]()
        for at, minute in enumerate(to_come):
            counts = divert(minute.counts, *oracle.case, chance)
            raised = forked.step(minute.minute, counts).alarm & np.isinf(self._noticed)
            self._noticed[raised] = at + 1
            self._said.append(says(replace(minute, counts=counts), oracle.case, oracle.report_share))
            if at % 30 == 29 and np.isfinite(self._noticed[free]).all():
                break

    def delays(self, which: slice, calls_per_hour: float) -> Delays:
        """Of some hotlines alike that had no alarm before."""
        free = self.free[which]
        known = first(self._sums[which], np.stack(self._said)[:, which], self.oracle.threshold(which))
        return Delays(calls_per_hour, self.oracle.case, self._noticed[which][free], known[free])


class Alarms:
    """False alarms as they come, by the channel that raised them: [channels, hotlines]."""

    def __init__(self, hotlines: int) -> None:
        self.raised, self.minutes = np.zeros((len(Channel), hotlines)), 0

    def add(self, seen: Scores) -> None:
        """Take in a minute in which nothing is wrong."""
        self.minutes += 1
        np.add.at(self.raised, (seen.channel[seen.alarm], np.flatnonzero(seen.alarm)), 1)

    @property
    def months(self) -> float:
        """Of all hotlines together."""
        return self.raised.shape[1] * self.minutes / MONTH_MIN

    @property
    def rates(self) -> Floats:
        """A month of one hotline, by channel."""
        found: Floats = self.raised.sum(axis=1) / self.months
        return found

    @property
    def wide(self) -> float:
        """Half of the 95 % interval of the rate over all channels: one hotline's alarms may hang together."""
        each = self.raised.sum(axis=0)
        return float(1.96 * each.std() * np.sqrt(len(each)) / self.months)


def alone(hotlines: int, hours: Hours | None = None, offset: int = SHANGHAI_MIN, budget: float = 1.0) -> Detector:
    """A detector whose hotlines have nothing in common, and may each have so many false alarms a month."""
    tuning = Tuning()
    tuning = replace(tuning, budget=replace(tuning.budget, fleet=float("inf"), hotline=budget))
    return Detector(tuning, hotlines, hours=hours, offset=offset, groups=np.arange(hotlines))


def simulated(calls_per_hour: float, hotlines: int, cases: Sequence[Case] = CASES) -> Iterator[Delays]:
    """Diversions at ten on a workday, of simulated hotlines with so many calls an hour then."""
    traffic = Traffic(calls_per_hour)
    world, watching = World(traffic, hotlines, MONDAY, 7), alone(hotlines)
    watching.learn(MONDAY, world.quarters(HISTORY_WEEKS * 7 * 96))
    oracles = [Oracle(case, traffic.reports_per_call, hotlines) for case in cases]
    free = np.ones(hotlines, dtype=bool)
    for minute in world.minutes(2 * DAY + 600):
        free = ~watching.step(minute.minute, minute.counts).open
        for oracle in oracles:
            oracle.add(minute)
    to_come = list(world.minutes(LONGEST_MIN))
    for oracle in oracles:
        yield Fork(watching, to_come, oracle, free).delays(slice(None), calls_per_hour)


def false_alarms(hotlines: int, weeks: int, budget: float = 1.0) -> Alarms:
    """Of simulated hotlines with 10 to 3,000 calls an hour in the mean of a week, every decade alike."""
    traffic = Traffic(2 * 10 ** np.random.default_rng(2).uniform(1.0, 3.5, hotlines))
    world, watching = World(traffic, hotlines, MONDAY, 11), alone(hotlines, budget=budget)
    found = Alarms(hotlines)
    watching.learn(MONDAY, world.quarters(HISTORY_WEEKS * 7 * 96))
    for at, minute in enumerate(world.minutes(DAY + weeks * WEEK)):
        seen = watching.step(minute.minute, minute.counts)
        if at >= DAY:
            found.add(seen)
    return found
