"""Coordinates beside other implementations, and beside what a map service itself answered.

pygcj carries 3,510 answers of 高德's own service, one for each degree of a rectangle around China.
"""

from __future__ import annotations

import random
import statistics
from pathlib import Path

import eviltransform
import pygcj
import pytest
from pygcj import eviltransform as transform

from haoma.places import bd09_to_wgs84, cities, distance_m, gcj02_to_wgs84, is_shifted, wgs84_to_bd09, wgs84_to_gcj02

Point = tuple[float, float]


@pytest.fixture(scope="module")
def points() -> list[Point]:
    """2,000 points of the mainland, around its cities."""
    chance = random.Random(5)
    known = [one for one in cities() if one.is_mainland]
    chosen = (chance.choice(known) for _ in range(4_000))
    near = [(one.lat + chance.uniform(-0.5, 0.5), one.lon + chance.uniform(-0.5, 0.5)) for one in chosen]
    return [point for point in near if is_shifted(*point)][:2_000]


@pytest.fixture(scope="module")
def amap() -> list[tuple[Point, Point]]:
    """Points in WGS-84 and what 高德 answered."""
    lines = (Path(pygcj.__file__).parent / "gcps_gd").read_text(encoding="ascii").split()
    rows = ([float(number) for number in line.split(",")] for line in lines)
    return [((lat, lon), (there_lat, there_lon)) for lon, lat, there_lon, there_lat, *_ in rows]


def test_both_ways_agree_with_other_implementations(points: list[Point]) -> None:
    assert len(points) == 2_000
    for point in points:
        there = wgs84_to_gcj02(*point)
        assert distance_m(*there, *transform.transform(*point)) < 1e-6
        # it takes another axis of Earth for the metres
        assert distance_m(*there, *eviltransform.wgs2gcj(*point)) < 0.02
        assert distance_m(*wgs84_to_bd09(*point), *eviltransform.wgs2bd(*point)) < 0.02


def test_the_inverse_is_the_better_one(points: list[Point]) -> None:
    ours, theirs = [], []
    for point in points:
        there, baidu = transform.transform(*point), wgs84_to_bd09(*point)
        ours.append(max(distance_m(*point, *gcj02_to_wgs84(*there)), distance_m(*point, *bd09_to_wgs84(*baidu))))
        theirs.append(distance_m(*point, *eviltransform.gcj2wgs_exact(*there)))
    assert max(ours) < 1e-6
    assert 0.05 < max(theirs) < 1


def test_the_formula_is_within_ten_metres_of_the_service(amap: list[tuple[Point, Point]]) -> None:
    off = [distance_m(*wgs84_to_gcj02(*point), *shown) for point, shown in amap if is_shifted(*point)]
    assert len(off) > 900
    assert statistics.median(off) < 2
    assert max(off) < 10


def test_the_service_shifts_all_that_the_outline_holds(amap: list[tuple[Point, Point]]) -> None:
    assert all(distance_m(*point, *shown) > 10 for point, shown in amap if is_shifted(*point))
