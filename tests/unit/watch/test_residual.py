from __future__ import annotations

import numpy as np
import pytest

from haoma.watch.model import Tuning
from haoma.watch.residual import LEARNING_WEEKS, WEEK_MIN, Gain
from haoma.watch.residual.card import verdict
from haoma.watch.residual.training import Series, watched
from haoma.watch.residual.window import FEATURES, STEPS, Window, ratios

SINCE = 29_630_400
AHEAD, FREE = np.array([480, 960]), np.array([False, True])


def test_a_quarter_tells_its_ratio_and_how_much_that_rests_on() -> None:
    window = Window(2)
    window.add(np.array([50.0, 0.0]), np.array([100.0, 0.0]))
    last = window.features(AHEAD, FREE)[:, -1]
    ratio, weight = ratios(np.array([50.0]), np.array([100.0]))
    assert last[0, :2] == pytest.approx([ratio[0] * weight[0], weight[0]])
    assert last[1, :2].tolist() == [0, 0]
    assert last[:, 4].tolist() == [0, 1]


def test_a_window_forgets_what_is_older_than_it() -> None:
    window = Window(2)
    window.add(np.array([500.0, 500.0]), np.array([10.0, 10.0]))
    for _ in range(STEPS):
        window.add(np.zeros(2), np.zeros(2))
    assert not window.features(AHEAD, FREE)[..., :2].any()
    assert window.features(AHEAD, FREE).shape == (2, STEPS, FEATURES)


def test_nothing_is_told_of_the_weeks_that_a_profile_is_learnt_from() -> None:
    counts = np.full((LEARNING_WEEKS * WEEK_MIN + 60, 2, 2), 10.0)
    shares = list(watched(Series(SINCE, counts, 480), Tuning(), len(counts)))
    found, watch = shares.pop()
    assert shares == [0.0]
    assert found.came.tolist() == [[150.0, 150.0]] * 4
    assert found.expected == pytest.approx(np.full((4, 2), 150.0), rel=0.05)
    assert watch.minute == SINCE + len(counts) - 1


@pytest.mark.parametrize(
    ("sooner", "alarms", "gains"),
    [
        (((3.0, 1.0), (0.0, 1.0)), (4, 4), True),
        (((3.0, 1.0), (0.0, 1.0)), (4, 5), False),
        (((2.0, 1.0), (2.0, 1.0)), (4, 4), False),
        (((9.0, 1.0), (-3.0, 1.0)), (4, 4), False),
    ],
)
def test_a_corrector_gains_only_beyond_chance_and_for_no_more_false_alarms(
    sooner: tuple[tuple[float, float], ...], alarms: tuple[int, int], gains: bool
) -> None:
    pair = (1.0, 1.0)
    gain = Gain(8, 10_080, pair, alarms, (pair, pair), (pair, pair), sooner, pair)
    assert gain.gains is gains
    assert ("leave it off" in verdict(gain)) is not gains
