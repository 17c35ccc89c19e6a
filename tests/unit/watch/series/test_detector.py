from __future__ import annotations

import pickle
from collections.abc import Callable

import numpy as np
import pytest

from haoma.watch.series import Series, Tuning

Random = np.random.Generator


def scores(values: np.ndarray, tuning: Tuning | None = None) -> np.ndarray:
    series = Series(tuning or Tuning())
    return np.array([series.step(value)[0] for value in values.tolist()])


def alerts(values: np.ndarray, known: int = 0) -> list[int]:
    """The rows that alert, of those behind the first `known`."""
    series = Series()
    found = [row for row, value in enumerate(values.tolist()) if series.step(value)[1]]
    return [row for row in found if row >= known]


def week(rows: int) -> np.ndarray:
    """A daily pattern of 288 rows, to the digit the same each day."""
    return np.round(10 * np.sin(2 * np.pi * np.arange(rows) / 288), 1)


@pytest.mark.parametrize("value", [60.0, -60.0])
def test_an_incident_alerts_where_it_begins_and_not_while_it_lasts(value: float) -> None:
    values = week(3_000)
    values[2_000:2_040] = value
    assert alerts(values, 600) == [2_000]


def test_a_greater_incident_alerts_when_the_last_one_is_some_time_ago() -> None:
    values = week(3_000)
    values[2_000:2_020], values[2_100:2_120], values[2_400:2_420] = 60.0, 90.0, 600.0
    assert alerts(values, 600) == [2_000, 2_400]


def test_a_value_between_two_modes_is_as_strange_as_one_beyond_them() -> None:
    values = np.where(np.arange(2_000) % 60 < 30, 0.0, 100.0)
    values[1_500] = 50.0
    assert alerts(values, 600) == [1_500]


def test_a_level_that_stays_a_little_high_alerts_though_each_value_is_usual() -> None:
    values = np.random.default_rng(5).integers(0, 100, 6_000).astype(np.float64)
    values[5_000:5_080] = np.random.default_rng(6).integers(85, 100, 80)
    assert [row for row in alerts(values, 5_000) if row < 5_080] != []


def test_what_was_forgotten_is_strange_again() -> None:
    small = Tuning(memory_rows=500)
    values = week(4_000)
    rows = [1_000, 1_288, 3_016]  # at the same time of three days
    values[rows] = 60.0
    assert (scores(values, small)[rows] > 0.999).tolist() == [True, False, True]
    assert (scores(values)[rows] > 0.999).tolist() == [True, False, False]


def test_the_first_rows_have_no_score() -> None:
    values = np.random.default_rng(1).normal(size=200)
    values[100] = 1e6
    assert scores(values)[:150].tolist() == [0.0] * 150


@pytest.mark.parametrize(
    "noise",
    [
        lambda random, rows: random.normal(size=rows),
        lambda random, rows: random.poisson(20, rows).astype(float),
        lambda random, rows: random.uniform(size=rows),
    ],
    ids=["Gaussian", "Poisson", "uniform"],
)
def test_one_ordinary_row_in_a_thousand_or_fewer_alerts(noise: Callable[[Random, int], np.ndarray]) -> None:
    values = noise(np.random.default_rng(7), 20_000)
    assert 1 <= len(alerts(values)) <= 20


def test_memory_does_not_grow_with_the_series() -> None:
    series, random = Series(Tuning(memory_rows=400)), np.random.default_rng(2)
    sizes = []
    for _ in range(3):
        for value in random.normal(size=2_000).tolist():
            series.step(value)
        sizes.append(len(pickle.dumps(series)))
    assert max(sizes) < 1.1 * min(sizes)


def test_a_series_goes_on_where_it_was_put_away() -> None:
    values = np.random.default_rng(3).normal(size=600).tolist()
    series = Series()
    for value in values[:400]:
        series.step(value)
    again = pickle.loads(pickle.dumps(series))  # noqa: S301 - our own, just made
    assert [again.step(value) for value in values[400:]] == [series.step(value) for value in values[400:]]
