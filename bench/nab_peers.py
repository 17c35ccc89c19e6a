"""Other streaming detectors over the same series, asked row by row, each with one configuration for all.

Rules held here:
- What is run here is scored by the same rules in the same run; `PUBLISHED` is not run here, but what others have
  published for these very series.
- A peer sees a row, gives its score, and then learns from it. None sees a row before its time, also for its scale.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from importlib.util import find_spec
from math import erfc, sqrt

import numpy as np
from numpy.typing import NDArray

__all__ = ["PUBLISHED", "Floats", "peers"]

Floats = NDArray[np.float64]
Detect = Callable[[Floats], Floats]
# Standard profile, on the 28 series of artificialNoAnomaly, artificialWithAnomaly, realKnownCause and realTweets, from
# the results that NAB keeps in its repository.
PUBLISHED: Mapping[str, float] = {
    "ARTime": 76.2,
    "Numenta HTM": 65.8,
    "CAD OSE": 63.9,
    "Random Cut Forest": 44.2,
    "Windowed Gaussian": 33.9,
}
WINDOW, STEP = 6_400, 100


def peers() -> Iterator[tuple[str, Detect]]:
    """The peers that are there, each with a function of a whole series; river's where river is installed."""
    yield "windowed Gaussian", windowed_gaussian
    if find_spec("river") is not None:
        yield "river HalfSpaceTrees", half_space_trees
        yield "river StandardAbsoluteDeviation", standard_absolute_deviation


def windowed_gaussian(values: Floats) -> Floats:
    """The share of a Gaussian of the last 6,400 values that lies below a value; the window moves on by 100 at once.

    NAB's own baseline, which sees what is high and nothing else.
    """
    scores = np.zeros(len(values))
    mean, sd, kept = 0.0, 1.0, 0
    for row, value in enumerate(values.tolist()):
        if row:
            scores[row] = 1 - 0.5 * erfc((value - mean) / sd / sqrt(2))
        behind = row + 1
        if behind <= WINDOW or (behind - WINDOW) % STEP == 0:
            kept = max(behind - WINDOW, 0)
            window = values[kept:behind]
            mean, sd = float(window.mean()), float(window.std()) or 1e-6
    return scores


def half_space_trees(values: Floats) -> Floats:
    """River's half-space trees on value and change, each scaled to the range seen so far."""
    from river.anomaly import HalfSpaceTrees
    from river.preprocessing import MinMaxScaler

    model = MinMaxScaler() | HalfSpaceTrees(n_trees=10, height=6, window_size=250, seed=1)
    return _asked(values, model.score_one, model.learn_one)


def standard_absolute_deviation(values: Floats) -> Floats:
    """How many standard deviations from the mean of all values so far, as river counts them."""
    from river.anomaly import StandardAbsoluteDeviation

    model = StandardAbsoluteDeviation()
    return _asked(
        values, lambda row: abs(model.score_one(None, row["value"])), lambda row: model.learn_one(None, row["value"])
    )


def _asked(
    values: Floats, score: Callable[[dict[str, float]], float], learn: Callable[[dict[str, float]], object]
) -> Floats:
    scores, before = np.zeros(len(values)), float(values[0]) if len(values) else 0.0
    for place, value in enumerate(values.tolist()):
        row = {"value": value, "change": value - before}
        scores[place], before = score(row), value
        learn(row)
    return np.nan_to_num(scores, posinf=0.0)
