from __future__ import annotations

import math

import numpy as np
import pytest

from haoma.errors import BadInput
from haoma.watch.detectability import detectability, outlooks
from haoma.watch.likelihood import volume
from haoma.watch.simulate import Traffic, World

# Calls an hour for a mean delay of a quarter of an hour, with nobody, 5 % and 20 % reporting, as simulated elsewhere.
KNOWN = {0.1: (10_700, 5_600, 1_100), 0.2: (2_600, 1_540, 410), 0.5: (355, 270, 105), 0.9: (81, 67, 40)}


@pytest.mark.parametrize("p", KNOWN)
def test_the_bound_is_what_simulations_found(p: float) -> None:
    for calls, q in zip(KNOWN[p], (0.0, 0.05, 0.2), strict=True):
        assert detectability(calls, calls * 0.005, p, q) == pytest.approx(15, rel=0.3)


def test_nothing_shows_of_no_calls_or_no_diversion() -> None:
    assert detectability(0, 0, 0.5, 0.1) == math.inf
    assert detectability(100, 1, 0, 0) == math.inf


def test_what_shows_of_a_hotline_is_told_from_large_to_small() -> None:
    shown = outlooks(300, 1.5)
    assert [one.minutes for one in shown[:4]] == sorted(one.minutes for one in shown[:4])
    assert 10 < next(one.minutes for one in shown if (one.p, one.q) == (0.5, 0.05)) < 16


@pytest.mark.parametrize("asked", [(100, 1, 1.0, 0), (100, 1, 0.5, 2), (-1, 0, 0.5, 0), (100, 1, 0.5, 0, 0.0)])
def test_what_cannot_be_asked_is_refused(asked: tuple[float, ...]) -> None:
    with pytest.raises(BadInput, match="cannot be asked"):
        detectability(*asked)


def test_the_ratio_of_a_thinned_count_is_exact() -> None:
    mean, p, wide, n = 4.0, 0.3, 1.5, np.arange(12)
    shape = mean / (wide - 1)

    def log_chance(mean: float) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
        ways = np.array([math.lgamma(shape + each) for each in n])
        return ways + n * np.log(mean / (shape + mean)) + shape * np.log(shape / (shape + mean))

    a, b = volume(np.asarray(p), np.asarray(wide))
    assert n * a + mean * b == pytest.approx(log_chance((1 - p) * mean) - log_chance(mean))


def test_simulated_counts_have_the_variance_that_they_are_told() -> None:
    world = World(Traffic(600.0, level_sd=0.0, own_sd=0.0), 4_000, 29_000_000, 1)
    minute = next(world.minutes(1))
    mean = minute.mean[0]
    assert minute.counts[:, 0].mean() == pytest.approx(mean, rel=0.03)
    assert minute.counts[:, 0].var() == pytest.approx(1.35 * mean + (0.06 * mean) ** 2, rel=0.1)
