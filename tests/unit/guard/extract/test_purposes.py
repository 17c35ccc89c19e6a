from __future__ import annotations

import pytest

from haoma.guard.extract.purposes import purpose_of
from haoma.guard.model import Purpose


@pytest.mark.parametrize(
    ("before", "purpose"),
    [
        ("客服热线（9:00-18:00）：", "客服"),
        ("订房热线 ", "客服"),
        ("客戶服務熱線 ", "客服"),
        ("Toll free: ", "客服"),
        ("信用卡投诉热线 ", "投诉"),
        ("服务监督 ", "投诉"),
        ("如需举报，请拨打", "投诉"),
        ("道路救援 ", "售后"),
        ("24 小时抢险抢修：", "售后"),
        ("After-sales service: ", "售后"),
        ("維修服務專線 ", "售后"),
        ("样品寄修：", "售后"),
        ("监督（纪委办公室）：", "投诉"),
        ("宝意佳直营服务中心 电话：", "售后"),
        ("如有疑问请致电", "客服"),
        ("全国加盟热线 ", "招商"),
        ("招商咨询：", "招商"),
        ("商家入驻与合作请拨打 ", "招商"),
        ("图文传真：", "传真"),
        ("传\u3000\u3000真：", "传真"),
        ("F: ", "传真"),
        ("總機：", "other"),
        ("媒体联络：", "other"),
        ("Switchboard: ", "other"),
        ("电话：", "other"),
    ],
)
def test_the_words_before_a_number_tell_what_it_is_for(before: str, purpose: str) -> None:
    assert purpose_of(before, "", "") == purpose


@pytest.mark.parametrize(
    ("before", "purpose"),
    [
        ("客服：400-855-0112，投诉：", "投诉"),
        ("投诉：010-55500287；总机：", "other"),
        ("客服热线：400-855-0112 / ", "客服"),
        ("投诉：021-55500116、021-55500117、", "投诉"),
        ("客服及投诉热线：", "客服"),
        ("客服投诉电话：", "投诉"),
    ],
)
def test_the_nearest_label_counts_and_numbers_in_a_row_share_it(before: str, purpose: str) -> None:
    assert purpose_of(before, "", "") == purpose


@pytest.mark.parametrize(
    ("after", "purpose"),
    [
        ("（传真）", "传真"),
        (" 客服热线", "客服"),
        ("【售后】", "售后"),
        ("  传真：021-65500101", "other"),
        (" 分店：", "other"),
    ],
)
def test_words_behind_a_number_count_unless_they_are_the_label_of_the_next(after: str, purpose: str) -> None:
    assert purpose_of("电话：", after, "") == purpose


def test_the_heading_counts_where_the_label_says_nothing() -> None:
    assert purpose_of("电话：", "", "消费投诉渠道") is Purpose.COMPLAINT
    assert purpose_of("传真：", "", "消费投诉渠道") is Purpose.FAX
    assert purpose_of("总机：", "", "客户服务") is Purpose.OTHER
    assert purpose_of("官方短号 ", "", "报修热线 400-855-0800", "95097") is Purpose.CARE


@pytest.mark.parametrize(
    "before",
    [
        "招商银行 ",
        "Express Logistics Tel ",
        "某市市场监督管理局 电话 ",
        "某某管理咨询有限公司 电话 ",
        "杭州某某电子商务有限公司 电话：",
    ],
)
def test_a_name_is_no_purpose(before: str) -> None:
    assert purpose_of(before, "", "") is Purpose.OTHER


@pytest.mark.parametrize("digits", ["95088", "4008550112", "8008550112", "10049", "12306", "+864008550112"])
def test_a_national_service_number_without_words_is_for_customers(digits: str) -> None:
    assert purpose_of("", "", "", digits) is Purpose.CARE
    assert purpose_of("投诉 ", "", "", digits) is Purpose.COMPLAINT


def test_a_number_of_a_place_without_words_is_for_nothing_named() -> None:
    assert purpose_of("", "", "", "02155500116") is Purpose.OTHER


def test_a_label_of_a_megabyte_is_read_at_its_end() -> None:
    assert purpose_of("招商 " * 500_000 + "投诉电话：", "（传真" * 500_000, "售后" * 500_000) is Purpose.COMPLAINT


def test_a_national_line_of_supervision_is_for_complaints() -> None:
    assert purpose_of("投资者热线：", "", "", "12386") == Purpose.COMPLAINT
    assert purpose_of("投资者热线：", "", "", "95588") != Purpose.COMPLAINT
