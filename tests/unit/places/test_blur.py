from __future__ import annotations

import pytest

from haoma.errors import BadInput
from haoma.places import Grouping, Level, blur, macro_region, named, province, shared_by


def test_a_city_is_shown_as_whatever_the_grant_allows() -> None:
    wuhan = named("武汉")
    assert blur(wuhan, Level.CITY) == wuhan
    assert blur(wuhan, Level.PROVINCE) == province("420000")
    assert blur(wuhan, Level.MACRO_REGION).name == "华中"
    assert blur(wuhan, Level.MACRO_REGION, Grouping.GBT2260).name == "中南"


def test_what_is_coarse_stays_coarse() -> None:
    east = macro_region("330000")
    assert blur(east, Level.CITY) == blur(east, Level.PROVINCE) == blur(east, Level.MACRO_REGION) == east
    assert blur(province("330000"), Level.CITY) == province("330000")


def test_a_municipality_blurs_into_its_province_of_the_same_name() -> None:
    assert blur(named("北京市"), Level.PROVINCE) == province("110000")
    assert blur(named("北京市"), Level.PROVINCE).level is Level.PROVINCE


def test_the_smallest_region_that_enough_people_share_is_shown() -> None:
    people = {"330100": 4, "330200": 1, "420100": 9}
    shown = [shared_by(named("杭州"), people, k) for k in (1, 4, 5, 6)]
    assert [one and one.name for one in shown] == ["杭州市", "杭州市", "浙江省", None]


def test_the_grouping_decides_who_is_counted() -> None:
    people = {"420100": 1, "440100": 9}
    assert shared_by(named("武汉"), people, 10) is None
    found = shared_by(named("武汉"), people, 10, Grouping.GBT2260)
    assert found is not None
    assert found.name == "中南"


def test_nobody_counted_is_nobody_shown() -> None:
    assert shared_by(named("杭州"), {}, 1) is None


@pytest.mark.parametrize("k", [0, -1])
def test_a_crowd_of_nobody_is_bad_input(k: int) -> None:
    with pytest.raises(BadInput, match="at least 1"):
        shared_by(named("杭州"), {"330100": 5}, k)
