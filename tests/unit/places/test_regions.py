from __future__ import annotations

import pytest

from haoma.errors import BadInput, NotFound
from haoma.numbers.segments.regions import place_by_adcode
from haoma.places import (
    Grouping,
    Level,
    Region,
    cities,
    city,
    city_of,
    distance_m,
    is_shifted,
    macro_region,
    named,
    province,
    provinces,
)
from haoma.places.tables import rows

CIVILIANS = 1_409_778_724  # 第七次全国人口普查公报（第三号）: 31 provinces
OFF = {"220000": 44_639, "650000": -349_996 - 20_000}  # what data/population.csv says of itself


def test_every_city_of_numbers_is_a_city_here() -> None:
    for one in cities():
        place = place_by_adcode(one.region.adcode)
        assert place is not None
        assert one.region.name == (place.city or place.province)
    assert {one.region.parent for one in cities()} == {one.adcode for one in provinces()}


def test_names_in_the_tables_are_those_of_the_codes() -> None:
    known = {one.adcode: one.name for one in provinces()} | {one.region.adcode: one.region.name for one in cities()}
    for table in ("cities.csv", "population.csv"):
        assert all(known[row["adcode"]] == row["name"] for row in rows(table))
    assert all(row["adcode"] in known and row["old"] not in known for row in rows("old_adcodes.csv"))


def test_the_census_adds_up() -> None:
    people = {row["adcode"]: int(row["people"]) for row in rows("population.csv")}
    of_province = {one.adcode: people[one.adcode] for one in provinces() if one.adcode < "7"}
    assert sum(of_province.values()) == CIVILIANS
    for code, whole in of_province.items():
        assert whole - sum(one.people for one in cities() if one.region.parent == code) == OFF.get(code, 0)


def test_the_mainland_is_shifted_and_the_rest_is_not() -> None:
    for one in cities():
        assert is_shifted(one.lat, one.lon) == one.is_mainland, one.region.name


def test_a_city_has_another_of_its_province_near_it() -> None:
    alone = set()
    for one in cities():
        near = sorted(cities(), key=lambda other: distance_m(one.lat, one.lon, other.lat, other.lon))[1:7]
        siblings = sum(other.region.parent == one.region.parent for other in cities())
        if siblings > 1 and not any(other.region.parent == one.region.parent for other in near):
            alone.add(one.region.name)
    assert alone <= {"赤峰市", "通辽市", "兴安盟", "昭通市", "阿里地区", "固原市"}


def test_no_two_cities_share_a_point() -> None:
    points = sorted((round(one.lat, 2), round(one.lon, 2)) for one in cities())
    assert len(set(points)) == len(points)


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("330100", "杭州市"), ("330106", "杭州市"), ("310115", "上海市"), ("500243", "重庆市"), ("429004", "仙桃市"),
        ("659001", "石河子市"), ("371202", "济南市"), ("542421", "那曲市"), ("341424", "马鞍山市"),
        ("341421", "合肥市"), ("130682", "定州市"), ("810000", "香港特别行政区"), ("710000", "台湾省"),
        ("632121", "海东市"),
    ],
)  # fmt: skip
def test_a_code_is_answered_with_todays_city(code: str, name: str) -> None:
    assert city(code).region.name == name


@pytest.mark.parametrize("code", ["330000", "339900", "990000", "000000"])
def test_a_code_without_a_city_is_not_found(code: str) -> None:
    with pytest.raises(NotFound, match="no city has the adcode"):
        city(code)


@pytest.mark.parametrize("code", ["", "33010", "3301000", "33010a", "３３０１００"])
def test_what_is_no_code_is_bad_input(code: str) -> None:
    for ask in (city, province, macro_region):
        with pytest.raises(BadInput, match="six digits"):
            ask(code)


def test_no_province_begins_like_this() -> None:
    with pytest.raises(NotFound, match="begins with 99"):
        province("990000")


def test_both_groupings_know_every_province() -> None:
    customary = {macro_region(one.adcode).name for one in provinces()}
    by_code = {macro_region(one.adcode, Grouping.GBT2260).name for one in provinces()}
    assert customary == {"华北", "东北", "华东", "华中", "华南", "西南", "西北", "港澳台"}
    assert by_code == {"华北", "东北", "华东", "中南", "西南", "西北", "台湾", "港澳"}
    digits = {(one.adcode[0], macro_region(one.adcode, Grouping.GBT2260).name) for one in provinces()}
    assert len(digits) == len(by_code)


@pytest.mark.parametrize(
    ("text", "code", "level"),
    [
        ("杭州市", "330100", Level.CITY), ("浙江", "330000", Level.PROVINCE), ("浙江杭州", "330100", Level.CITY),
        ("吉林", "220000", Level.PROVINCE), ("吉林市", "220200", Level.CITY), ("吉林省吉林市", "220200", Level.CITY),
        ("北京", "110000", Level.CITY), ("恩施", "422800", Level.CITY), ("香港", "810000", Level.CITY),
        ("内蒙古呼和浩特", "150100", Level.CITY), ("湖北襄樊", "420600", Level.CITY), ("朝阳", "211300", Level.CITY),
    ],
)  # fmt: skip
def test_a_name_finds_its_region(text: str, code: str, level: Level) -> None:
    found = named(text)
    assert (found.adcode, found.level) == (code, level)


@pytest.mark.parametrize("text", ["", "市", "海", "Hangzhou", "浙江纽约", "某新城", "\x00"])
def test_a_name_that_nothing_has_is_not_found_nor_repeated(text: str) -> None:
    with pytest.raises(NotFound) as caught:
        named(text)
    assert not text or text not in str(caught.value)


def test_official_names_are_unique_to_their_level() -> None:
    for one in cities():
        assert named(one.region.name) == one.region
    for one in provinces():
        assert named(one.name).adcode == one.adcode


def test_a_seat_is_its_own_city() -> None:
    for one in cities():
        assert city_of(one.lat, one.lon) == one


@pytest.mark.parametrize(("lat", "lon"), [(35.68, 139.69), (51.5, 0.0), (-90.0, 0.0)])
def test_far_away_there_is_no_city(lat: float, lon: float) -> None:
    with pytest.raises(NotFound, match="within 500 km"):
        city_of(lat, lon)


def test_a_region_is_a_value() -> None:
    assert Region("330100", "杭州市", Level.CITY, "330000") == city("330100").region
    assert len({city("330100").region, named("杭州")}) == 1
