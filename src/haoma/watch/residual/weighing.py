"""What a corrector gains: the same held-out weeks, watched with it and without it.

Rules held here:
- Both go on from the same state of the detector, under the same budgets and thresholds.
- Errors and false alarms are of the weeks as they were; delays are of diversions written into them (calls thinned one
  by one, some of the callers reporting), the same ones for both.
- What is not found before a diversion ends has no delay, and counts as missed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from haoma.errors import BadInput
from haoma.watch.detector import Detector
from haoma.watch.model import Bools, Floats
from haoma.watch.residual.serving import Corrector, Model
from haoma.watch.residual.training import Series
from haoma.watch.simulate import divert

__all__ = ["CASES", "Gain", "weigh"]

CASES = ((0.5, 0.05), (0.3, 0.02))
"""Diversions that are written in: the share of calls that go elsewhere, and of their callers who report it."""

_EPISODE_MIN = 240
_EVERY_MIN = 2 * 1440
_CLEAR = 2.5  # standard errors


@dataclass(frozen=True, slots=True)
class Gain:
    """Figures without the corrector, and with it: one pair for each.

    `error` is the mean absolute error of a minute's inquiries as expected, `false_alarms` the alarms of weeks in which
    nothing was diverted, `delays` the median minutes to an alarm for each of `CASES` (inf if more than half were
    missed), `found` the share of these that were found; `sooner` by how many minutes alarms came sooner with it, on
    average, and the standard error of that (one that was missed counts as one at the end of its diversion).
    """

    hotlines: int
    minutes: int
    error: tuple[float, float]
    false_alarms: tuple[int, int]
    delays: tuple[tuple[float, float], ...]
    found: tuple[tuple[float, float], ...]
    sooner: tuple[tuple[float, float], ...]
    factors: tuple[float, float]

    @property
    def gains(self) -> bool:
        """Whether it is worth being switched on: sooner in one case, later in none, for no more false alarms."""
        clear = [minutes / max(error, 1e-9) for minutes, error in self.sooner]
        return max(clear) > _CLEAR and min(clear) > -1 and self.false_alarms[1] <= self.false_alarms[0]


def weigh(series: Series, watch: Detector, model: Path, seed: int = 11) -> Iterator[float | Gain]:
    """Watch what follows the detector's last minute in a series: yields the share done, at last the figures.

    Raises BadInput where no two days follow.
    """
    begin = series.since if watch.minute is None else watch.minute + 1
    held = series.counts[begin - series.since :]
    if len(held) < _EVERY_MIN:
        raise BadInput("less than two days to weigh a corrector on", hint="hold out more of the series")
    served, rng = Model(model), np.random.default_rng(seed)
    starts = _starts(len(held), held.shape[1], rng)
    kinds = [held, *(_diverted(held, starts, p, q, rng) for p, q in CASES)]
    runs = list[_Run]()
    for number, counts in enumerate(kind for kind in kinds for _ in range(2)):
        again = Detector.resume(
            watch.tuning, watch.state.tobytes(), signals=watch.signals, hours=series.hours, offset=series.offset
        )
        run = _Run(again, Corrector(served, again) if number % 2 else None)
        for at, minute in enumerate(range(begin, begin + len(counts))):
            run.step(minute, counts[at])
            if at % 1440 == 0:
                yield (number + at / len(counts)) / (2 * len(kinds))
        runs.append(run)
    yield _gain(held, starts, runs)


class _Run:
    """What comes of one run over the held-out weeks."""

    def __init__(self, watch: Detector, corrector: Corrector | None) -> None:
        self._watch, self._corrector = watch, corrector
        self._error = self._minutes = 0.0
        self.alarms = list[Bools]()
        self.factors = (1.0, 1.0)

    @property
    def error(self) -> float:
        """Mean absolute error of a minute's inquiries."""
        return self._error / max(self._minutes, 1)

    def step(self, minute: int, counts: Floats) -> None:
        """Watch a minute."""
        factors = None if self._corrector is None else self._corrector.factors(minute)
        scores = self._watch.step(minute, counts, factors=factors)
        if self._corrector is not None and factors is not None:
            self._corrector.follow(counts, scores)
            self.factors = min(self.factors[0], float(factors.min())), max(self.factors[1], float(factors.max()))
        seen = np.isfinite(counts[:, 0]) & scores.ready
        self._error += float(np.abs(counts[:, 0] - scores.expected[:, 0])[seen].sum())
        self._minutes += float(seen.sum())
        self.alarms.append(scores.alarm)


def _gain(held: Floats, starts: list[tuple[int, int]], runs: list[_Run]) -> Gain:
    plain, corrected = runs[:2]
    delays = [
        (_delays(without, starts), _delays(with_, starts))
        for without, with_ in zip(runs[2::2], runs[3::2], strict=True)
    ]
    return Gain(
        hotlines=held.shape[1],
        minutes=len(held),
        error=(plain.error, corrected.error),
        false_alarms=(int(np.sum(plain.alarms)), int(np.sum(corrected.alarms))),
        delays=tuple((float(np.median(without)), float(np.median(with_))) for without, with_ in delays),
        found=tuple((float(np.isfinite(a).mean()), float(np.isfinite(b).mean())) for a, b in delays),
        sooner=tuple(_sooner(without, with_) for without, with_ in delays),
        factors=corrected.factors,
    )


def _sooner(without: Floats, with_: Floats) -> tuple[float, float]:
    """Mean of the minutes that one is ahead of the other, pair by pair, and its standard error."""
    ahead = np.minimum(without, _EPISODE_MIN) - np.minimum(with_, _EPISODE_MIN)
    return float(ahead.mean()), float(ahead.std(ddof=1) / np.sqrt(len(ahead)))


def _starts(minutes: int, hotlines: int, rng: np.random.Generator) -> list[tuple[int, int]]:
    """When a diversion begins, and of which hotline: each has one every other day, at any time of it."""
    days = range(0, minutes - _EVERY_MIN + 1, _EVERY_MIN)
    return [(day + int(rng.integers(1440)), hotline) for hotline in range(hotlines) for day in days]


def _diverted(held: Floats, starts: list[tuple[int, int]], p: float, q: float, rng: np.random.Generator) -> Floats:
    found = held.copy()
    for at, hotline in starts:
        part = slice(at, at + _EPISODE_MIN)
        found[part, hotline, :2] = divert(held[part, hotline, :2], p, q, rng)
    return found


def _delays(run: _Run, starts: list[tuple[int, int]]) -> Floats:
    """Minutes from the first minute of each diversion to the end of that in which an alarm was raised; inf for none."""
    alarms = np.array(run.alarms)
    found = np.full(len(starts), np.inf)
    for number, (at, hotline) in enumerate(starts):
        raised = np.flatnonzero(alarms[at : at + _EPISODE_MIN, hotline])
        if len(raised):
            found[number] = raised[0] + 1
    return found
