from __future__ import annotations

import sys

import numpy as np
import pytest

from haoma.errors import BadInput, Unavailable
from haoma.places import Sites, distance_m


def test_the_nearest_store_is_found_with_its_distance() -> None:
    sites = Sites([30.25, 31.23, 30.27], [120.16, 121.47, 120.2], ["a", "b", "c"])
    found = sites.nearest(30.251, 120.161)
    assert found is not None
    assert found.id == "a"
    assert found.distance_m == pytest.approx(distance_m(30.251, 120.161, 30.25, 120.16), rel=1e-6)
    assert len(sites) == 3


def test_a_store_at_the_limit_counts_and_one_beyond_does_not() -> None:
    sites = Sites([30.0], [120.0], ["a"])
    metres = sites.nearest_of_each([30.02], [120.0])[1][0]
    assert sites.nearest(30.02, 120.0, within_m=metres) is not None
    assert sites.nearest(30.02, 120.0, within_m=metres - 0.001) is None
    assert sites.nearest(30.0, 120.0, within_m=0) is not None


def test_answers_come_in_the_order_of_the_questions() -> None:
    sites = Sites([20.0, 30.0, 40.0], [110.0, 120.0, 100.0], ["a", "b", "c"])
    number, metres = sites.nearest_of_each([40.1, 0.0, 20.1, 30.1], [100.0, 0.0, 110.0, 120.0], within_m=50_000)
    assert number.tolist() == [2, -1, 0, 1]
    assert metres[1] == np.inf
    assert (metres[[0, 2, 3]] < 12_000).all()


def test_the_date_line_and_the_poles_are_no_walls() -> None:
    sites = Sites([0.0, 89.9], [179.9, 0.0], ["date line", "pole"])
    east, pole = sites.nearest(0.0, -179.9, within_m=30_000), sites.nearest(89.9, 180.0, within_m=30_000)
    assert east is not None
    assert pole is not None
    assert (east.id, pole.id) == ("date line", "pole")


def test_without_sites_there_is_none() -> None:
    sites = Sites([], [], [])
    assert sites.nearest(30.0, 120.0) is None
    assert sites.nearest_of_each([1.0, 2.0], [1.0, 2.0])[0].tolist() == [-1, -1]


def test_without_questions_there_is_no_answer() -> None:
    number, metres = Sites([30.0], [120.0], ["a"]).nearest_of_each([], [])
    assert (len(number), len(metres)) == (0, 0)


def test_each_site_needs_an_id() -> None:
    with pytest.raises(BadInput, match="2 places and 1 ids"):
        Sites([30.0, 31.0], [120.0, 121.0], ["a"])


@pytest.mark.parametrize("within_m", [-1.0, float("nan")])
def test_a_distance_below_nothing_is_bad_input(within_m: float) -> None:
    with pytest.raises(BadInput, match="0 or more"):
        Sites([30.0], [120.0], ["a"]).nearest(30.0, 120.0, within_m=within_m)


def test_a_point_off_earth_is_bad_input() -> None:
    with pytest.raises(BadInput, match="not on Earth"):
        Sites([120.0], [30.0], ["a"])
    with pytest.raises(BadInput, match="not on Earth"):
        Sites([30.0], [120.0], ["a"]).nearest(120.0, 30.0)


def test_without_scipy_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "scipy.spatial", None)
    with pytest.raises(Unavailable) as caught:
        Sites([30.0], [120.0], ["a"])
    assert caught.value.hint == "pip install 'haoma[places]'"
