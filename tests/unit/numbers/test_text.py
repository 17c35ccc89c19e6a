"""Numbers in running text, and where they stand."""

from __future__ import annotations

import re
import time
import unicodedata
from pathlib import Path

import pytest

from haoma.errors import BadInput
from haoma.numbers import find

NOTICE = (
    "招商银行95555，消费者投诉12315或12345；电话400-820-8820转801，订单号20231115138001380001，身份证11010519491231002X，"
    "日期2023-11-15 10:00，IP 192.168.1.100，卡号6222020200112233445，共95588元，第12345名，120人，价格12306元，"
    "拨打110，手机１３８００１３８０００，(021)6234 5678-801，邮编100020，"
    "北京市朝阳区 100010。Cupertino CA 95014. 2024年12345件"
)


def found(text: str, region: str | None = "CN") -> list[str]:
    return [text[mention.start : mention.end] for mention in find(text, region)]


def test_finds_hotlines_and_extensions_and_nothing_else() -> None:
    assert found(NOTICE) == [
        "95555", "12315", "12345", "400-820-8820转801", "110", "１３８００１３８０００", "(021)6234 5678-801",
    ]  # fmt: skip


def test_positions_hold_in_a_text_of_many_windows() -> None:
    text = "".join(f"第{i}行😀客服热线95588，\n" for i in range(5000))
    mentions = find(text)
    assert len(mentions) == 5000
    assert {text[m.start : m.end] for m in mentions} == {"95588"}


@pytest.mark.parametrize(
    ("text", "region", "numbers"),
    [
        ("Call (650) 253-0000 or +86 10 6505 1166.", "US", ["tel:+16502530000", "tel:+861065051166"]),
        ("Call (650) 253-0000 or +86 10 6505 1166.", None, ["tel:+861065051166"]),
        ("Call (650) 253-0000 or +1 650-253-0001.", "CN", ["tel:+16502530001"]),
        ("电话 2287 6767", "HK", ["tel:+85222876767"]),
    ],
)
def test_a_region_decides_whose_national_numbers_count(text: str, region: str | None, numbers: list[str]) -> None:
    assert [mention.number.uri for mention in find(text, region)] == numbers


@pytest.mark.parametrize(
    "text",
    [
        "时间戳1440012345678",
        "ZIP 95014",
        "售出96325件",
        "https://a.cn/13800138000/95588",
        "京A·12345",
        "共有110个，120元",
        "编号95588",
        "95588%",
        "v95588",
    ],
)
def test_other_numbers_are_left_alone(text: str) -> None:
    assert found(text) == []


def test_long_lines_lose_no_number() -> None:
    for between in ("，", " ", '",', "]["):
        assert len(find(between.join(["13800138000"] * 3000))) == 3000


def test_a_list_of_short_codes_shares_its_label() -> None:
    for text in ("客服：95588、95533", "客服热线95588/95533", "热线：95588 95533", "拨打95588或95533"):
        assert found(text) == ["95588", "95533"]


def test_endless_digits_and_separators_take_seconds() -> None:
    began = time.process_time()
    assert find("1" * 1_000_000) == []
    assert find("字" * 100_000) == []
    assert find("1-" * 5_000) == []
    assert time.process_time() - began < 10


def test_a_text_that_is_none_and_an_unknown_region_are_refused() -> None:
    with pytest.raises(BadInput):
        find(None)  # type: ignore[arg-type]
    with pytest.raises(BadInput, match="ZZ"):
        find("95588", "ZZ")


SENTENCES = [
    (text, [number for number in numbers.split(",") if number])
    for numbers, text in (
        line.split("\t")
        for line in (Path(__file__).parent / "running_text.tsv").read_text(encoding="utf-8").splitlines()[2:]
    )
]


def digits(text: str) -> str:
    return "".join(char for char in unicodedata.normalize("NFKC", text) if char.isdigit())


@pytest.mark.parametrize(("text", "numbers"), SENTENCES)
def test_a_sentence_tells_telephones_from_other_numbers(text: str, numbers: list[str]) -> None:
    assert [digits(mention) for mention in found(text)] == numbers


@pytest.mark.parametrize(("text", "numbers"), SENTENCES)
def test_blanks_between_digits_and_characters_change_nothing(text: str, numbers: list[str]) -> None:
    spaced = re.sub(r"(?<=[\u4e00-\u9fff])(?=[0-9])|(?<=[0-9])(?=[\u4e00-\u9fff])", " ", text)
    assert [digits(mention) for mention in found(spaced)] == numbers


@pytest.mark.parametrize("text", ["9️⃣5️⃣5️⃣8️⃣8️⃣", "95588\u20e3", "+86 138 0013 800️⃣0️⃣"])
def test_a_mention_holds_the_whole_of_its_last_keycap(text: str) -> None:
    assert found(f"热线{text}。") == [text]
    assert found(f"热线{text}") == [text]


@pytest.mark.parametrize("text", ["公司95812", "银行95812", "医院110", "公安120", "移动95588", "银行10086"])
def test_an_organisation_bears_out_codes_of_its_own_kind_alone_unless_a_colon_stands_between(text: str) -> None:
    assert found(text) == []
    organisation, code = re.fullmatch(r"(\D+)(\d+)", text).groups()  # type: ignore[union-attr]
    assert found(f"{organisation}：{code}") == ([code] if len(code) > 3 else [])
    assert found(f"{organisation}电话{code}") == [code]
