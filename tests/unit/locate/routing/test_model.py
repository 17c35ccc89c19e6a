from __future__ import annotations

from datetime import datetime

import pytest

from haoma.errors import BadInput
from haoma.locate.routing import Desk, Remote, Rules, language_tag
from haoma.locate.routing.hours import hours_of, is_open
from haoma.locate.routing.model import covers, shadowed
from haoma.places import Level, Region, macro_region, named, province

MONDAY = datetime.fromisoformat("2026-11-23T10:00:00+08:00")


def desk(name: str, languages: tuple[str, ...] = ("*",), *regions: str, hours: str = "") -> Desk:
    found = tuple(macro_region(named(one[1:]).adcode) if one[0] == "~" else named(one) for one in regions)
    return Desk(name, name, name, languages, found, (hours_of(hours),) if hours else ())


def test_the_first_desk_that_matches_answers() -> None:
    rules = Rules((desk("a", ("en",)), desk("b", ("zh",), "浙江"), desk("c", ("zh",))), desk("z"), (), "zh")
    asked = [("杭州", "en"), ("杭州", "zh-CN"), ("上海", "zh"), ("上海", "ja")]
    assert [rules.choose(named(where), said, MONDAY).desk_rule for where, said in asked] == [
        "desks.a", "desks.b", "desks.c", "fallback",
    ]  # fmt: skip


def test_a_closed_desk_is_passed_over_and_a_fallback_answers_even_so() -> None:
    night = desk("night", hours="22:00-06:00")
    rules = Rules((night,), desk("day", hours="mon-fri 09:00-18:00"), (), "zh")
    late = MONDAY.replace(hour=23)
    assert rules.choose(None, "", late)[1:3] == ("desks.night", True)
    assert rules.choose(None, "", MONDAY)[1:3] == ("fallback", True)
    assert rules.choose(None, "", MONDAY.replace(hour=20))[1:3] == ("fallback", False)


def test_the_first_remote_area_that_matches_has_the_notice() -> None:
    areas = [Remote(one, one, one, days, (named(one),)) for one, days in (("拉萨市", 7), ("西藏", 5))]
    rules = Rules((), desk("z"), tuple(areas), "zh")
    found = [rules.choose(named(one), "", MONDAY).notice for one in ("拉萨市", "日喀则市", "上海市")]
    assert [one and one.extra_days for one in found] == [7, 5, None]
    assert rules.choose(None, "", MONDAY).notice is None


def test_a_region_is_matched_as_coarsely_as_it_is_known() -> None:
    zhejiang, east = named("浙江"), macro_region("330000")
    hangzhou = named("杭州")
    assert [covers(rule, hangzhou) for rule in (hangzhou, zhejiang, east)] == [True] * 3
    assert [covers(rule, zhejiang) for rule in (hangzhou, zhejiang, east)] == [False, True, True]
    assert [covers(rule, east) for rule in (hangzhou, zhejiang, east)] == [False, False, True]


def test_a_municipality_is_its_province_and_its_city() -> None:
    city, whole = named("上海市"), province("310000")
    assert (city.level, whole.level) == (Level.CITY, Level.PROVINCE)
    assert covers(city, whole)
    assert covers(whole, city)
    assert not covers(city, Region("", "华东", Level.MACRO_REGION))


@pytest.mark.parametrize(
    ("text", "at", "opened"),
    [
        ("09:00-18:00", "2026-11-22T01:00:00+00:00", True),
        ("09:00-18:00", "2026-11-22T10:00:00+00:00", False),
        ("mon-fri 09:00-18:00", "2026-11-22T12:00:00+08:00", False),
        ("fri-mon 09:00-18:00", "2026-11-22T12:00:00+08:00", True),
        ("sat 22:00-06:00", "2026-11-22T05:59:00+08:00", True),
        ("sat 22:00-06:00", "2026-11-22T22:30:00+08:00", False),
        ("00:00-24:00", "2026-11-22T23:59:59+08:00", True),
    ],
)
def test_hours_are_chinas_and_go_through_midnight(text: str, at: str, opened: bool) -> None:
    assert is_open([hours_of(text)], datetime.fromisoformat(at)) is opened


@pytest.mark.parametrize(
    "text",
    ["", "9-18", "09:00", "09:00-09:00", "24:00-06:00", "08:00-24:30", "mo 09:00-18:00", "mon-fri", "09:00-18:00 "],
)
def test_what_is_no_hours_is_told(text: str) -> None:
    with pytest.raises(BadInput):
        hours_of(text)


@pytest.mark.parametrize("text", ["", "z", "zh_CN", "zh-", "中文", "en\n", "a" * 9, "zh-" + "a" * 40, "en;q=0.8"])
def test_what_is_no_language_is_told(text: str) -> None:
    with pytest.raises(BadInput):
        language_tag(text)


def test_a_desk_that_is_never_reached_is_found() -> None:
    wide, narrow = desk("wide", ("zh",), "浙江"), desk("narrow", ("zh-CN",), "杭州", "宁波")
    assert list(shadowed([wide, narrow])) == [(narrow, wide)]
    assert list(shadowed([narrow, wide])) == []
    assert list(shadowed([desk("day", hours="09:00-18:00"), narrow])) == []
    assert list(shadowed([desk("all", ("zh",)), desk("any")])) == []
