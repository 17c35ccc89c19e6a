from __future__ import annotations

import numpy as np
import pytest

from contracts.fusion import CITIES
from haoma.errors import BadInput
from haoma.locate.fusion import cities_of

GROUPS = {"31": "华东", "44": "华南"}


def names(adcode: str) -> list[str]:
    return [CITIES.adcode[place] for place in CITIES.members(adcode)]


def test_all_cities_are_there_with_weights_that_sum_to_one() -> None:
    assert len(CITIES) > 338
    assert CITIES.weight.sum() == pytest.approx(1)
    assert "华东" in CITIES.groups
    assert (CITIES.spread_m >= 6_000).all()


@pytest.mark.parametrize(
    ("adcode", "found"),
    [
        ("330100", ["330100"]),
        ("330106", ["330100"]),
        ("371202", ["370100"]),
        ("110000", ["110000"]),
        ("310115", ["310000"]),
        ("999999", []),
    ],
)
def test_a_code_means_its_city_today(adcode: str, found: list[str]) -> None:
    assert names(adcode) == found


def test_a_province_means_all_its_cities() -> None:
    assert len(names("330000")) == 11
    assert all(name.startswith("33") for name in names("330000"))


def test_each_city_knows_the_largest_of_its_province() -> None:
    largest = [CITIES.adcode[CITIES.largest[CITIES.index[one]]] for one in ("330200", "330100", "440300", "310000")]
    assert largest == ["330100", "330100", "440100", "310000"]
    assert (CITIES.weight[CITIES.largest] >= CITIES.weight).all()


@pytest.mark.parametrize(
    ("adcode", "lat", "lon", "weight"),
    [
        (["310000"], [1], [1], [1]),
        (["310000", "310000"], [1, 2], [1, 2], [1, 1]),
        (["310000", "440100"], [1], [1, 2], [1, 1]),
        (["310000", "440100"], [1, 2], [1, 2], [1, 0]),
        (["310000", "440100"], [1, float("nan")], [1, 2], [1, 1]),
    ],
)
def test_a_table_that_does_not_fit_is_refused(adcode: list, lat: list, lon: list, weight: list) -> None:
    with pytest.raises(BadInput):
        cities_of(adcode, lat, lon, weight, GROUPS)


def test_the_distance_to_a_city_is_the_great_circle() -> None:
    away = CITIES.distance_m(39.9042, 116.4074)
    assert away[CITIES.index["310000"]] == pytest.approx(1_067_000, rel=0.01)
    assert int(np.argmin(away)) == CITIES.index["110000"]
