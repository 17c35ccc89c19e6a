from __future__ import annotations

import math

import numpy as np
import pytest

from haoma.places import distance_m, distances_m
from haoma.places.distance import EARTH_M, chord, on_sphere


def test_a_quarter_of_a_meridian_is_ten_thousand_kilometres() -> None:
    assert distance_m(0, 0, 90, 0) == pytest.approx(10_007_557, abs=1)


def test_antipodes_are_half_of_earth_apart() -> None:
    assert distance_m(30, 120, -30, -60) == pytest.approx(math.pi * EARTH_M)
    assert distance_m(0.5, 179.7, -0.5, -0.3) == pytest.approx(math.pi * EARTH_M)


def test_the_date_line_is_no_wall() -> None:
    assert distance_m(0, 179.999, 0, -179.999) == pytest.approx(222.4, abs=0.1)


def test_a_metre_is_still_a_metre() -> None:
    assert distance_m(30, 120, 30 + 1 / 111_195, 120) == pytest.approx(1, rel=1e-5)


def test_arrays_and_single_points_agree() -> None:
    cities = distances_m([39.9, 31.2], [116.4, 121.5], 22.5, 114.0)
    assert cities.tolist() == pytest.approx(
        [distance_m(39.9, 116.4, 22.5, 114.0), distance_m(31.2, 121.5, 22.5, 114.0)]
    )


def test_the_chord_is_the_straight_line() -> None:
    here, there = on_sphere(np.array([30.0, 31.0]), np.array([120.0, 122.0]))
    assert chord(distance_m(30, 120, 31, 122)) == pytest.approx(float(np.linalg.norm(here - there)))
