"""What holds of the score of any series."""

from __future__ import annotations

import numpy as np
from hypothesis import assume, given
from hypothesis import strategies as st

from haoma.watch.series import Series, Tuning

# Everything happens within a few rows: values become known and are forgotten, news is suppressed and comes again.
SMALL = Tuning(
    level_rows=3, memory_rows=30, apart_rows=3, recent_rows=4, quiet_rows=10, quiet_least=3, warm_rows=6, alert=1e-3
)
values = st.one_of(
    st.floats(-1e100, 1e100),
    st.integers(0, 5).map(float),
    st.sampled_from([0.0, 1e100, -1e100, 5e-324, 1.0]),
)


def scores(given: list[float], tuning: Tuning = SMALL) -> list[tuple[float, bool]]:
    series = Series(tuning)
    return [series.step(value) for value in given]


@given(st.lists(values, min_size=20, max_size=120), st.integers(0, 120))
def test_a_part_of_a_series_has_the_scores_of_the_whole(given: list[float], end: int) -> None:
    assert scores(given[:end]) == scores(given)[:end]


@given(st.integers(0, 2**32 - 1), st.integers(150, 400), st.integers(1, 50))
def test_what_comes_later_changes_no_score_before(seed: int, end: int, rows: int) -> None:
    random = np.random.default_rng(seed)
    first = random.standard_t(2, end).tolist()
    one, other = (random.normal(size=rows) * scale for scale in (1.0, 1e6))
    default = Tuning()
    assert scores(first + one.tolist(), default)[:end] == scores(first + other.tolist(), default)[:end]


@given(st.lists(values, max_size=120))
def test_a_score_is_between_0_and_1_whatever_comes(given: list[float]) -> None:
    assert all(0 <= score <= 1 for score, _ in scores(given))


@given(st.floats(-1e6, 1e6), st.integers(1, 200))
def test_what_never_changes_has_no_score(value: float, rows: int) -> None:
    assert scores([value] * rows) == [(0.0, False)] * rows


@given(st.lists(st.integers(-99, 99).map(float), min_size=20, max_size=120), st.integers(-20, 20))
def test_neither_the_unit_nor_the_sign_of_a_series_changes_a_score(given: list[float], power: int) -> None:
    # A power of two, for which floating point is exact.
    assume(len(set(given)) > 1)
    assert scores([-value * 2.0**power for value in given]) == scores(given)


@given(st.integers(0, 2**32 - 1), st.integers(200, 500))
def test_what_has_never_been_nearly_so_far_alerts(seed: int, rows: int) -> None:
    ordinary = np.random.default_rng(seed).normal(size=rows).tolist()
    assert scores([*ordinary, 100.0], Tuning())[-1][1]
