from __future__ import annotations

import pytest

from haoma.numbers.segments import Pack
from haoma.numbers.segments.regions import UnknownPlace, known_part, place_by_adcode, resolve, resolve_text
from haoma.numbers.segments.tables import rows

TODAY = {
    ("山东", "莱芜"): "济南市",
    ("湖北", "襄樊"): "襄阳市",
    ("安徽", "巢湖"): "合肥市",
    ("云南", "思茅"): "普洱市",
    ("贵州", "毕节地区"): "毕节市",
    ("贵州", "铜仁地区"): "铜仁市",
    ("青海", "海东地区"): "海东市",
    ("西藏", "那曲地区"): "那曲市",
    ("西藏", "昌都地区"): "昌都市",
    ("新疆", "吐鲁番地区"): "吐鲁番市",
    ("新疆", "哈密"): "哈密市",
    ("湖南", "吉首"): "湘西土家族苗族自治州",
    ("贵州", "凯里"): "黔东南苗族侗族自治州",
    ("四川", "西昌"): "凉山彝族自治州",
    ("新疆", "奎屯"): "伊犁哈萨克自治州",
    ("青海", "格尔木"): "海西蒙古族藏族自治州",
    ("青海", "海南"): "海南藏族自治州",
    ("吉林", "吉林"): "吉林市",
    ("湖北", "仙桃"): "仙桃市",
    ("湖北", "神农架"): "神农架林区",
    ("河南", "济源"): "济源市",
    ("新疆", "石河子"): "石河子市",
    ("重庆", "万州"): "重庆市",
    ("北京", "北京"): "北京市",
    ("西藏", "阿里"): "阿里地区",
    ("内蒙古", "锡林浩特"): "锡林郭勒盟",
}


@pytest.mark.parametrize(("province", "city"), TODAY)
def test_a_source_s_name_gives_today_s_region(province: str, city: str) -> None:
    assert resolve(province, city).city == TODAY[province, city]


def test_a_name_for_several_regions_gives_the_province_alone() -> None:
    place = resolve("湖北", "江汉")
    assert (place.province, place.city, place.adcode) == ("湖北省", None, "420000")


def test_an_unknown_city_is_reported_and_never_guessed() -> None:
    assert known_part("浙江", "无此城") == (resolve("浙江"), "浙江无此城")
    with pytest.raises(UnknownPlace):
        resolve("浙江", "无此城")
    with pytest.raises(UnknownPlace):
        resolve_text("无此省无此城")


def test_a_single_character_names_no_city() -> None:
    with pytest.raises(UnknownPlace):
        resolve("浙江", "杭")


def test_every_place_of_the_installed_sources_is_resolved(pack: Pack) -> None:
    assert pack.header["unknown_places"] == []


def test_every_city_of_the_pack_is_in_the_table_of_regions(pack: Pack) -> None:
    known = {(row["province"], row["name"], row["adcode"]) for row in rows("regions.csv")}
    for number in range(len(pack)):
        place = pack.row(number).issued_in
        if place and place.city:
            assert (place.province, place.city, place.adcode) in known


def test_abolished_regions_are_gone_and_new_ones_there() -> None:
    assert place_by_adcode("371200") is None
    assert place_by_adcode("542400") is None
    assert place_by_adcode("540600") == resolve("西藏", "那曲")
    assert place_by_adcode("999999") is None


def test_each_change_leads_to_a_region_of_its_province() -> None:
    for row in rows("changes.csv"):
        assert resolve(row["province"], row["name"]).province.startswith(row["province"])
