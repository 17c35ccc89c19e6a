"""The calls of a US bank in 2003, thinned to hotlines with less, as real traffic to be watched.

Rules held here:
- Buckets of five minutes are dealt to their minutes by chance, and each call is kept with one probability: what is left
  has the days, the weeks and the surprises of the real ones. Reports are simulated.
- The oracle knows more than can be known: the mean of the unthinned calls from twenty minutes before to twenty after.
- The bank has its own hours, and no Chinese holiday; American ones are in the series, and alarms then are counted.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from bench.watch_delays import CASES, DAY, HISTORY_WEEKS, WEEK, Alarms, Delays, Fork, alone
from bench.watch_oracle import Oracle
from haoma.watch.calendar import Hours
from haoma.watch.model import Floats, minute_of
from haoma.watch.simulate import Minute

__all__ = ["THINNED", "thinned"]

BANK = Path(__file__).resolve().parents[2] / "shared" / "data" / "watch" / "bank_calls.csv"
THINNED = (100.0, 300.0, 1000.0)
REPORT_SHARE, DISPERSION = 0.005, 1.35
AFTER_MIN, FORK_DAYS, AT_MIN = 180, 4, 11 * 60


class Bank:
    """The bank's calls by the minute from a Monday on, NaN where none are told, for hotlines with some of them each."""

    def __init__(self, shares: Floats) -> None:
        with BANK.open(encoding="utf-8", newline="") as lines:
            rows = [(_minute(row["DateTime"]), float(row["Calls"])) for row in csv.DictReader(lines)]
        self.since = (rows[0][0] + 3 * DAY) // WEEK * WEEK - 3 * DAY
        buckets = np.full((rows[-1][0] - self.since) // 5 + 1, np.nan)
        for minute, calls in rows:
            buckets[(minute - self.since) // 5] = calls
        self._shares, self._chance = shares, np.random.default_rng(5)
        dealt = self._chance.multinomial(np.nan_to_num(buckets).astype(np.int64), [0.2] * 5)
        self.calls = np.where(np.isfinite(buckets)[:, None], dealt, np.nan).ravel()
        width = np.ones(9)
        near = np.convolve(np.isfinite(buckets), width, "same")
        self._mean = np.repeat(np.convolve(np.nan_to_num(buckets), width, "same") / np.maximum(near, 1), 5) / 5

    def thin(self, at: int, minutes: int = 1) -> Floats:
        """Counts [hotlines, 2] of some minutes from a place on."""
        calls = self.calls[at : at + minutes]
        if not len(calls) or np.isnan(calls).any():
            return np.full((len(self._shares), 2), np.nan)
        kept = self._chance.binomial(int(calls.sum()), self._shares)
        return np.stack((kept, self._chance.binomial(kept, REPORT_SHARE)), axis=-1).astype(np.float64)

    def minute(self, at: int) -> Minute:
        """A minute from a place on, with what an oracle knows."""
        mean = np.maximum(self._mean[min(at, len(self._mean) - 1)] * self._shares, 1e-6)
        return Minute(self.since + at, self.thin(at), mean, mean / ((DISPERSION - 1) * self._shares))


def thinned(weeks: int, copies: int) -> tuple[Alarms, list[Delays]]:
    """False alarms over so many weeks after the history, and delays of diversions at eleven on some of their days."""
    per_hour = np.repeat(THINNED, copies)
    bank = Bank(np.full(1, 1.0))
    bank = Bank(np.minimum(per_hour / (60 * float(np.nanmean(bank.calls))), 1))
    watching = alone(len(per_hour), Hours.parse("Mo-Fr 07:00-21:05"), 0)
    history = HISTORY_WEEKS * WEEK
    watching.learn(bank.since, np.stack([bank.thin(at, 15) for at in range(0, history, 15)]))
    oracles = [Oracle(case, REPORT_SHARE, len(per_hour)) for case in CASES[:3]]
    alarms, forks = Alarms(len(per_hour)), list[Fork]()
    for at in range(history, min(history + weeks * WEEK, len(bank.calls))):
        minute = bank.minute(at)
        seen = watching.step(minute.minute, minute.counts)
        alarms.add(seen)
        for oracle in oracles:
            oracle.add(minute)
        if at % (FORK_DAYS * DAY) == AT_MIN and np.isfinite(minute.counts).all():
            to_come = [bank.minute(at + after) for after in range(1, AFTER_MIN)]
            forks += [Fork(watching, to_come, oracle, ~seen.open) for oracle in oracles]
    return alarms, [_together(forks, oracle, calls, copies) for calls in range(len(THINNED)) for oracle in oracles]


def _together(forks: Sequence[Fork], oracle: Oracle, place: int, copies: int) -> Delays:
    which, calls = slice(place * copies, (place + 1) * copies), THINNED[place]
    found = [fork.delays(which, calls) for fork in forks if fork.oracle is oracle]
    both = (np.concatenate([one.detector for one in found]), np.concatenate([one.oracle for one in found]))
    return Delays(calls, oracle.case, *both)


def _minute(text: str) -> int:
    """A time on the bank's own clock, as if it were UTC."""
    return minute_of(datetime.fromisoformat(text).replace(tzinfo=UTC))
