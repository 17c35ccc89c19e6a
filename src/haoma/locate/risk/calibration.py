"""From a score to a probability, learned from cases whose end is known: Platt's line, or isotonic steps.

Rules held here:
- A higher score never becomes a lower probability: calibration changes how sure, not who is riskier.
- Nothing becomes certain: a finite number of cases shows no 0 and no 1.

Reference: Platt (1999) with the targets of Lin, Lin and Weng (2007); pool adjacent violators, Barlow et al. (1972).
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from haoma.errors import BadInput
from haoma.locate.fusion.cities import Floats

__all__ = ["IDENTITY", "Calibration", "calibration_from", "ends_from", "fit_isotonic", "fit_platt"]

FORMAT = "haoma risk calibration 1"


@dataclass(frozen=True, slots=True)
class Calibration:
    """A rising line through points (log-odds, log-odds): beyond its ends it goes on with the slope `beyond`.

    >>> IDENTITY.probability(0.0)
    0.5
    """

    scores: tuple[float, ...]
    log_odds: tuple[float, ...]
    beyond: float

    def __post_init__(self) -> None:
        rising = all(np.diff(self.scores) > 0) and all(np.diff(self.log_odds) >= 0)
        if not self.scores or len(self.scores) != len(self.log_odds) or not rising or not 0 <= self.beyond < math.inf:
            raise BadInput("this calibration does not rise", hint="fit it anew: fit_platt, fit_isotonic")

    def probability(self, score: float) -> float:
        """The probability that belongs to a score in log-odds."""
        first, last = self.scores[0], self.scores[-1]
        inside = float(np.interp(score, self.scores, self.log_odds))
        outside = self.beyond * (min(score - first, 0.0) + max(score - last, 0.0))
        return 1 / (1 + math.exp(-max(-500.0, min(500.0, inside + outside))))

    def json(self) -> str:
        """As JSON."""
        body = {"format": FORMAT, "scores": self.scores, "log_odds": self.log_odds, "beyond": self.beyond}
        return json.dumps(body) + "\n"


IDENTITY = Calibration((0.0,), (0.0,), 1.0)


def calibration_from(text: str) -> Calibration:
    """A calibration out of its JSON; BadInput for anything else.

    >>> calibration_from(IDENTITY.json()) == IDENTITY
    True
    """
    try:
        body = json.loads(text)
        if body["format"] != FORMAT:
            raise BadInput("not a file of a risk calibration", hint=f"its format is {FORMAT!r}")
        scores, log_odds = (tuple(map(float, body[name])) for name in ("scores", "log_odds"))
        return Calibration(scores, log_odds, float(body["beyond"]))
    except (ValueError, TypeError, KeyError) as error:
        raise BadInput("this calibration cannot be read", hint="JSON as Calibration.json() writes it") from error


def ends_from(lines: Iterable[str]) -> tuple[list[float], list[bool]]:
    """The scores (log-odds) of cases, and which of them ended badly, out of JSON lines; empty ones are passed over.

    >>> ends_from(['{"log_odds": -3.5, "bad": false}', '{"log_odds": 1.2, "bad": true}'])
    ([-3.5, 1.2], [False, True])

    Raises BadInput with the number of the first line that cannot be read.
    """
    scores, bad = list[float](), list[bool]()
    for number, line in enumerate(lines, 1):
        if line.strip():
            score, ill = _end(line, number)
            scores.append(score)
            bad.append(ill)
    return scores, bad


def _end(line: str, number: int) -> tuple[float, bool]:
    try:
        row = json.loads(line)
        score, ill = row["log_odds"], row["bad"]
        if isinstance(score, float | int) and not isinstance(score, bool) and isinstance(ill, bool):
            return float(score), ill
    except (ValueError, TypeError, KeyError, OverflowError, RecursionError):
        pass
    hint = 'a line is {"log_odds": -1.2, "bad": false}'
    raise BadInput(f"line {number} is no case whose end is known", hint=hint)


def fit_platt(scores: Sequence[float], bad: Sequence[bool]) -> Calibration:
    """A line in log-odds: few cases are enough. Where risk falls with the score, it is the same for all."""
    x, y = _cases(scores, bad)
    good, ill = float((y == 0).sum()), float(y.sum())
    target = np.where(y > 0, (ill + 1) / (ill + 2), 1 / (good + 2))
    slope, level = 0.0, math.log((ill + 1) / (good + 1))
    for _ in range(100):
        p = 1 / (1 + np.exp(-np.clip(slope * x + level, -500, 500)))
        error, weight = p - target, p * (1 - p) + 1e-12
        gradient = np.array([error @ x, error.sum()])
        curve = np.array([[weight @ (x * x) + 1e-9, weight @ x], [weight @ x, weight.sum() + 1e-9]])
        step = np.linalg.solve(curve, gradient)
        scale = min(1.0, 5 / max(float(np.abs(step).max()), 1e-12))
        slope, level = slope - scale * float(step[0]), level - scale * float(step[1])
        if np.abs(step).max() < 1e-9:
            break
    if slope < 0:
        slope, level = 0.0, math.log((ill + 1) / (good + 1))
    return Calibration((0.0,), (level,), slope)


def fit_isotonic(scores: Sequence[float], bad: Sequence[bool]) -> Calibration:
    """Steps that rise, joined by lines: needs hundreds of cases of each kind, and no form."""
    x, y = _cases(scores, bad)
    blocks: list[tuple[float, float, float]] = []
    for score in np.unique(x):
        here = y[x == score]
        blocks.append((float(here.sum()), float(len(here)), float(score) * len(here)))
        while len(blocks) > 1 and blocks[-2][0] * blocks[-1][1] >= blocks[-1][0] * blocks[-2][1]:
            one, two = blocks.pop(), blocks.pop()
            blocks.append((one[0] + two[0], one[1] + two[1], one[2] + two[2]))
    share = [(ill + 0.5) / (count + 1) for ill, count, _ in blocks]
    odds = np.maximum.accumulate([math.log(p / (1 - p)) for p in share])
    return Calibration(tuple(total / count for _, count, total in blocks), tuple(map(float, odds)), 0.0)


def _cases(scores: Sequence[float], bad: Sequence[bool]) -> tuple[Floats, Floats]:
    x, y = np.asarray(scores, dtype=np.float64), np.asarray(bad, dtype=np.float64)
    if x.shape != y.shape or not np.isfinite(x).all() or not 0 < y.sum() < len(y):
        raise BadInput("a calibration needs finite scores of good cases and of bad ones", hint="one label a score")
    return x, y
