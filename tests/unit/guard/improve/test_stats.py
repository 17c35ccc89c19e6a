"""Figures of the literature; tests/peers/test_improve.py compares with SciPy."""

from __future__ import annotations

import math

import pytest

from haoma.errors import BadInput
from haoma.guard.improve.stats import (
    compare_rates,
    compare_shares,
    fisher,
    garwood,
    needed_for_rates,
    needed_for_shares,
    poisson_ratio,
    wilson,
)


@pytest.mark.parametrize(
    ("events", "of", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (29, 29, 0.8830, 1.0)],
)
def test_intervals_of_shares_are_those_of_newcombe_1998_table_i(events: int, of: int, low: float, high: float) -> None:
    found = wilson(events, of)
    assert (round(found.low, 4), round(found.high, 4)) == (low, high)


@pytest.mark.parametrize(("events", "low", "high"), [(0, 0.0, 3.689), (1, 0.025, 5.572), (10, 4.795, 18.390)])
def test_intervals_of_counts_are_those_of_garwood(events: int, low: float, high: float) -> None:
    found = garwood(events, 1)
    assert (round(found.low, 3), round(found.high, 3)) == (low, high)


def test_the_lady_tasting_tea_is_fisher_s_own() -> None:
    assert round(fisher(4, 4, 0, 4), 4) == 0.0286
    assert fisher(1, 2, 1, 2) == pytest.approx(1)


def test_a_difference_of_shares_has_newcombe_s_interval() -> None:
    found = compare_shares(56, 70, 48, 80)
    assert (round(found.interval.low, 4), round(found.interval.high, 4)) == (-0.3339, -0.0524)
    assert round(found.effect, 2) == -0.2


def test_equal_rates_differ_by_chance_alone() -> None:
    found = compare_rates(5, 100, 5, 100)
    assert found.p_value == pytest.approx(1)
    assert found.interval.low < 1 < found.interval.high


def test_nothing_happened_says_nothing() -> None:
    p_value, interval = poisson_ratio(0, 30, 0, 31)
    assert (p_value, interval.low, interval.high) == (1.0, 0.0, math.inf)
    assert math.isnan(compare_rates(0, 30, 0, 31).effect)
    assert compare_rates(0, 30, 3, 31).effect == math.inf


def test_a_smaller_effect_needs_a_larger_sample() -> None:
    assert needed_for_shares(0.10, 0.05) < needed_for_shares(0.10, 0.08)
    assert needed_for_rates(0.5) < needed_for_rates(0.8)
    assert needed_for_rates(0.5) == needed_for_rates(2.0)
    assert (needed_for_shares(0.1, 0.1), needed_for_rates(1), needed_for_rates(0)) == (None, None, None)


@pytest.mark.parametrize("wrong", [(-1, 10), (11, 10), (0, 0), (1, 10**9)])
def test_what_cannot_have_been_counted_is_refused(wrong: tuple[int, int]) -> None:
    with pytest.raises(BadInput):
        wilson(*wrong)
    with pytest.raises(BadInput):
        fisher(*wrong, 1, 2)
    with pytest.raises(BadInput):
        garwood(-1, 1)
    with pytest.raises(BadInput):
        garwood(1, 0)
