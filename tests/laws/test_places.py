"""Laws of places: coordinates come back, the nearest is the nearest, and blurring never tells more."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from haoma.places import (
    City,
    Grouping,
    Level,
    Region,
    Sites,
    bd09_to_wgs84,
    blur,
    cities,
    city,
    city_of,
    distance_m,
    distances_m,
    gcj02_to_wgs84,
    is_shifted,
    macro_region,
    provinces,
    shared_by,
    wgs84_to_bd09,
    wgs84_to_gcj02,
)
from haoma.places.outline import inside
from haoma.places.tables import rows

EDGE = [(float(row["lat"]), float(row["lon"])) for row in rows("outline.csv")]
METRE = 1 / 111_195  # degrees of latitude
AROUND = 2_000 * METRE

lats, lons = st.floats(-90, 90), st.floats(-180, 180)
points = st.tuples(lats, lons)
china = st.tuples(st.floats(18, 53.5), st.floats(73.6, 134.7))
near_the_edge = st.builds(
    lambda at, north, east: (at[0] + north, at[1] + east),
    st.sampled_from(EDGE),
    st.floats(-AROUND, AROUND),
    st.floats(-AROUND, AROUND),
)
# the formula's square root has a kink there
at_105_east = st.tuples(
    st.floats(24, 41),
    st.builds(lambda sign, power: 105 + sign * 10.0**power, st.sampled_from([-1, 1]), st.floats(-15, -2)),
)
regions = st.sampled_from(
    [*(one.region for one in cities()), *provinces(), *(macro_region(one.adcode) for one in provinces())]
)
levels, groupings = st.sampled_from(list(Level)), st.sampled_from(list(Grouping))


@given(st.one_of(china, near_the_edge, at_105_east))
@example((17.4006, 112.1552))  # a corner of the outline
def test_a_shifted_point_comes_back_to_a_micrometre(point: tuple[float, float]) -> None:
    there = wgs84_to_gcj02(*point), wgs84_to_bd09(*point)
    if is_shifted(*point):
        assert distance_m(*point, *gcj02_to_wgs84(*there[0])) < 1e-6
        assert distance_m(*point, *bd09_to_wgs84(*there[1])) < 1e-6
    else:
        assert there == (point, point)


@given(st.one_of(points, near_the_edge))
def test_an_unshifted_point_comes_back_as_it_is_or_is_read_as_one_inside(point: tuple[float, float]) -> None:
    if is_shifted(*point):
        return
    for back in (gcj02_to_wgs84, bd09_to_wgs84):
        found = back(*point)
        assert found == point or (is_shifted(*found) and distance_m(*found, *point) < 1_600)


@pytest.mark.slow
@given(st.lists(near_the_edge, min_size=1, max_size=9))
def test_many_points_are_converted_as_each_is_alone(many: list[tuple[float, float]]) -> None:
    lat, lon = np.array(many).T
    for convert in (wgs84_to_gcj02, wgs84_to_bd09, gcj02_to_wgs84, bd09_to_wgs84):
        together = np.array(convert(lat, lon))
        alone = np.array([convert(y, x) for y, x in many]).T
        assert np.allclose(together, alone, rtol=0, atol=1e-11)


@pytest.mark.slow
@given(st.lists(st.one_of(points, near_the_edge, st.sampled_from(EDGE)), min_size=65, max_size=90))
def test_what_is_inside_does_not_depend_on_how_many_are_asked(many: list[tuple[float, float]]) -> None:
    lat, lon = np.array(many).T
    assert inside(lat, lon).tolist() == [bool(inside(np.array([y]), np.array([x]))[0]) for y, x in many]


@given(points, points, points)
def test_distance_is_a_metric(one: tuple[float, float], two: tuple[float, float], three: tuple[float, float]) -> None:
    assert distance_m(*one, *two) == distance_m(*two, *one)
    assert distance_m(*one, *one) == 0
    assert distance_m(*one, *three) <= distance_m(*one, *two) + distance_m(*two, *three) + 1e-3
    assert math.isclose(distance_m(*one, *two), float(distances_m(*one, *two)), rel_tol=1e-9, abs_tol=1e-6)


@given(
    st.lists(st.one_of(points, near_the_edge), min_size=1, max_size=40),
    st.lists(st.one_of(points, near_the_edge), min_size=1, max_size=20),
    st.one_of(st.just(math.inf), st.floats(0, 2e7)),
)
def test_the_nearest_site_is_that_of_brute_force(
    stores: list[tuple[float, float]], asked: list[tuple[float, float]], within_m: float
) -> None:
    y, x = np.array(stores).T
    number, metres = Sites(y, x, [str(i) for i in range(len(y))]).nearest_of_each(*np.array(asked).T, within_m=within_m)
    for (lat, lon), found, far in zip(asked, number, metres, strict=True):
        all_m = distances_m(lat, lon, y, x)
        if found < 0:
            assert all_m.min() > within_m - (1e-5 if within_m < 1.9e7 else 0.5)
        else:
            assert far <= within_m
            fine = 1e-5 if far < 1.9e7 else 0.5  # an arc sine is blunt at the antipodes
            assert math.isclose(all_m[found], all_m.min(), rel_tol=0, abs_tol=fine)
            assert math.isclose(far, all_m[found], rel_tol=0, abs_tol=fine)


@given(regions, levels, levels, groupings)
def test_blurring_never_tells_more(region: Region, one: Level, other: Level, grouping: Grouping) -> None:
    order = list(Level)
    blurred = blur(region, one, grouping)
    assert order.index(blurred.level) <= order.index(one)
    assert blur(blurred, one, grouping) == blurred
    coarser = min(one, other, key=order.index)
    assert blur(blurred, other, grouping) == blur(region, coarser, grouping)


@given(
    st.sampled_from(cities()),
    st.dictionaries(st.sampled_from([one.region.adcode for one in cities()]), st.integers(0, 9), max_size=30),
    st.integers(1, 20),
    groupings,
)
def test_an_answer_is_shared_by_k(one: City, people: dict[str, int], k: int, grouping: Grouping) -> None:
    region = one.region
    shown = shared_by(region, people, k, grouping)
    sharing = {
        level: sum(
            n for code, n in people.items() if blur(city(code).region, level, grouping) == blur(region, level, grouping)
        )
        for level in Level
    }
    if shown is None:
        assert sharing[Level.MACRO_REGION] < k
    else:
        assert sharing[shown.level] >= k
        assert all(sharing[level] < k for level in Level if list(Level).index(level) > list(Level).index(shown.level))


@given(china)
def test_the_city_of_a_point_is_the_one_with_the_nearest_seat(point: tuple[float, float]) -> None:
    found = city_of(*point, within_m=1e7)
    nearest = min(distance_m(*point, one.lat, one.lon) for one in cities())
    assert math.isclose(distance_m(*point, found.lat, found.lon), nearest, rel_tol=1e-9, abs_tol=0.2)
