from __future__ import annotations

import pytest

from haoma.guard.extract import mentions_of
from haoma.guard.extract.abroad import Readings
from haoma.guard.extract.forms import candidates


@pytest.mark.parametrize(
    ("text", "regions", "digits"),
    [
        ("Phone: 907/683-2567", ["US"], ["9076832567"]),
        ("Call 303.333.PAUL today", ["US"], ["3033337285"]),
        ("303-683-5033 303-558-4269", ["US"], ["3036835033", "3035584269"]),
        ("Tel: +44 (0)20 7433 3338", ["US"], ["442074333338"]),
        ("(632) 442-0061, 929-5452", ["PH"], ["6324420061", "6329295452"]),
        ("021-38784800/68674800", ["CN"], ["02138784800", "68674800"]),
        ("垂询：四零零　八一零　九零九零", ["CN"], ["4008109090"]),
        ("４００－８２０－８８２０", ["CN"], ["4008208820"]),
        ("0571-88888888转8001", ["CN"], ["057188888888"]),
        ("Tel 33 0141735441", ["FR"], ["330141735441"]),
        ("客服 400_855_0112", ["CN"], ["4008550112"]),
        ("客服 4OO-855-O112", ["CN"], ["4008550112"]),
        ("0591-5550 7740 / 7741", ["CN"], ["059155507740", "059155507741"]),
        ("021-38784800/01、02", ["CN"], ["02138784800", "02138784801", "02138784802"]),
        ("0571-88888888/24小时", ["CN"], ["057188888888"]),
        ("采购 0580/55501005", ["CN"], ["058055501005"]),
        ("电话：010-65051166/7", ["CN"], ["01065051166", "01065051167"]),
        ("座机 6505-1166（北京）", ["CN"], ["65051166"]),
        ("客服 9 5 5 8 8", ["CN"], ["95588"]),
        ("投诉：95588-2-1", ["CN"], ["95588"]),
        ("拨 400-855-3401 或 96034。", ["CN"], ["4008553401", "96034"]),
        ("10048 / 400-155-0048", ["CN"], ["10048", "4001550048"]),
        ("客服热线自今日起变更为 96177，敬请留意", ["CN"], ["96177"]),
        ("全国客服 ▶ 95079", ["CN"], ["95079"]),
        ("预约95588", ["CN"], ["95588"]),
    ],
)
def test_numbers_are_read_as_pages_write_them(text: str, regions: list[str], digits: list[str]) -> None:
    found = [one.digits for one in candidates(text, regions)]
    assert [one.removeprefix("021") for one in found] == [one.removeprefix("021") for one in digits]


@pytest.mark.parametrize(
    "text",
    [
        "IP 5.167.214.238",
        "Fort Worth TX 76101 - 76199",
        "Branchburg, NJ 08876-3440",
        "last updated: 15/04/2014",
        "-122.3877972",
        "单位净值 1.3862 (2025-03-14)",
        "执行标准：GB/T 13006-2013，JB/T 53058-93",
        "138****8000",
        "$2,029,993,975",
        "© 2013 AUXADI",
        "1-" * 5000,
    ],
    ids=[
        "address",
        "range of postcodes",
        "postcode",
        "date",
        "degrees",
        "value",
        "standards",
        "masked",
        "price",
        "year",
        "rubbish",
    ],
)
def test_what_is_no_number_is_none(text: str) -> None:
    assert candidates(text, ["US", "DE"]) == []


def test_a_code_is_a_number_behind_its_label_alone() -> None:
    assert [one.digits for one in candidates("95588", ["CN"], "客服热线")] == ["95588"]
    assert candidates("共 95588 人", ["CN"]) == []
    assert [one.digits for one in candidates("保险给的是95531，4S店说不是", ["CN"])] == ["95531"]
    assert [one.digits for one in candidates("证监会 12386 服务热线", ["CN"])] == ["12386"]


@pytest.mark.parametrize("text", ["咨询 12345 次", "投诉 12345 件", "阅读 95588", "电话：20240301", "服务 2019-2024"])
def test_what_is_counted_and_days_are_no_numbers(text: str) -> None:
    assert candidates(text, ["CN"]) == []


@pytest.mark.parametrize(
    ("text", "region", "digits"),
    [
        ("如遇火情请拨打119。", "CN", "119"),
        ("請撥165反詐騙諮詢專線", "TW", "165"),
        ("消費者保護專線 1950。", "TW", "1950"),
        ("政府熱線：1823", "HK", "1823"),
    ],
)
def test_short_numbers_of_help_are_numbers_behind_a_label(text: str, region: str, digits: str) -> None:
    assert [one.digits for one in candidates(text, [region, "CN"])] == [digits]
    assert candidates(f"共 {digits} 件", [region, "CN"]) == []


def test_a_number_that_no_plan_knows_is_kept_without_a_uri_where_a_label_names_it() -> None:
    (one,) = candidates("Telephone: 0 123 456 789", ["AU"])
    assert one.uri is None
    assert candidates("0 123 456 789", ["AU"]) == []


@pytest.mark.parametrize(
    "text", ["138****0500", "13800138***", "0571-8505****转12", "12**34-**56", "电话：1380013xxxx8"]
)
def test_what_is_masked_is_no_number(text: str) -> None:
    assert candidates(text, ["CN"]) == []


def test_a_page_that_has_used_up_its_questions_still_has_the_numbers_of_china() -> None:
    text, left = "电话 021-38784800; Berlin 030 901820", Readings(3)
    assert len(candidates(text, ["CN", "GB", "DE"], readings=left)) == 2
    assert [one.digits for one in candidates(text, ["CN", "GB", "DE"], readings=left)] == ["02138784800"]


def local(*lines: str) -> list[str]:
    page = "".join(f"<p>{line}</p>" for line in lines)
    return [one.digits for one in mentions_of(f"<html lang='zh'><body>{page}</body></html>")]


def test_a_house_whose_telephone_is_known_has_others_without_area_code() -> None:
    assert local("传真：7226100", "校长室：7226101　教务处：7226103") == ["7226100", "7226101", "7226103"]
    assert local("监督：023-67881190", "招生咨询", "67530101", "68612202") == ["02367881190", "67530101", "68612202"]
    assert local("电话：0575-85801200", "服务台：85801277") == ["057585801200", "85801277"]


def test_digits_that_no_telephone_of_the_page_is_like_are_none() -> None:
    assert local("校长室：7226101") == []
    assert local("电话：0575-85801200", "单号", "7226101", "35612345") == ["057585801200"]
    assert local("电话：0575-85801200", "建所：20160521", "20160521") == ["057585801200"]
