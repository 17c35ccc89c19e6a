"""Laws of the number engine: one grammar behind every door, for whatever text anyone writes."""

from __future__ import annotations

import unicodedata

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from haoma.numbers import Kind, Number, enrich, find, parse_cell
from haoma.numbers.grammar.decode import symbolise
from haoma.numbers.grammar.layout import FIELDS, S_PLAIN, STATE
from haoma.numbers.grammar.reading import read_plain, scan
from haoma.numbers.service import read_cell, scratch
from haoma.numbers.tables import tables

# Pieces of numbers, of what stands around them, and of what only looks like them.
PIECES = [
    *r"""
    138 0013 8000 13800138000 86 +86 0086 (86) 086 0 00 1 12 010 0571 0592 88888888 3386666 65051166 400 8123
    4008123123 95588 95 96110 10086 12345 110 120 119 114 17951 12593 转 分机 ext x # ;ext= - . ( ) （ ） / 、 ,
    ; 或 和 电话 手机： 邮编 单号 订单号 QQ 号 元 人 小时 ¥ * ** @ a AB tel Fax: 一 三 零零零 幺 八 〇一〇 １
    ３８ ＋ － 😀 : ： 2023 11 15 2023-11-15 9:00 18:00 852 +852 22876767 +1 800 633 0738 phone-context =+86571
    ;phone-context=+8610 ⑩ ½ é ü % ~ 年 E+10 http:// www. ' " = 106 1064812345678 1440012345678 17400123456
    15412345678 拨打 银行 公司： 医院 移动 热线（24小时）： 第 共 1-800-633-0738 192.168.1.1 是
    """.split(),  # noqa: SIM905 - a hundred pieces read better in rows
    " ", "  ", "\t", "\n", "\u200b", "\u3000", "\ufeff", "\x00", "\u202e", "\U0001f3fb", "\ufdfa",
]  # fmt: skip
pieces = st.lists(st.sampled_from(PIECES), max_size=12).map("".join)
mobiles = st.builds(
    lambda prefix, head, gaps, number: prefix + number[:3] + gaps[0] + number[3:7] + gaps[1] + number[7:] + head,
    st.sampled_from(
        ["", "+86", "86", "0086", "+86 ", "86-", "(+86)", "+(86)", "0", "00", "+", "(", "86 86", "1-", "+0086"]
    ),
    st.sampled_from(["", " ", "1", "-1", ".0", ")", "a", "元", "/", "\u200b"]),
    st.tuples(*[st.sampled_from(["", "-", " ", ".", "--", " - ", "_", "       ", "        ", "/"])] * 2),
    st.from_regex(r"1[3-9][0-9]{9,11}", fullmatch=True),
)
fixed = st.builds(
    lambda head, code, gaps, number, tail: head + code + gaps[0] + number[:4] + gaps[1] + number[4:] + tail,
    st.sampled_from(["", "0", "(0", "00", "-", " ", "086"]),
    st.sampled_from(["10", "571", "25", "851", "863", "201", "40", "400", "4008", "800", "95", "96", "114", "12"]),
    st.tuples(*[st.sampled_from(["", "", "-", " ", ".", ")", " - ", "      ", "       ", "--", "/"])] * 2),
    st.from_regex(r"[0-9]{0,10}", fullmatch=True),
    st.sampled_from(["", "", "转1", "转8001", "转12345678", "轉12", "转", " 转8", "-801", " ", ")", "元", "/"]),
)
wide = st.one_of(mobiles, fixed).map(
    lambda cell: "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else "\u3000" if c == " " else c for c in cell)
)
anything = st.text(max_size=40)
cells = st.one_of(pieces, mobiles, fixed, wide, anything, st.tuples(anything, mobiles).map("".join))


FOLLOWING = "." * 100  # the column's short ways look at what text follows a cell


def row_of(text: str | None) -> dict[str, object]:
    """What one cell's answer looks like as a row of the column."""
    if text is None:
        return dict.fromkeys(
            ("uri", "kind", "issued_by", "province", "city", "adcode", "area_code", "confidence"), None
        ) | dict.fromkeys(("valid", "count", "reason"), None)
    numbers, reason = read_cell(text)
    first = numbers[0] if numbers else Number(Kind.INVALID, reason=reason)
    place = first.issued_in
    return {
        "uri": first.uri,
        "kind": str(first.kind),
        "issued_by": first.issued_by,
        **{name: getattr(place, name) if place else None for name in ("province", "city", "adcode", "area_code")},
        "confidence": first.confidence,
        "valid": first.valid,
        "count": len(numbers),
        "reason": first.reason,
    }


@given(st.lists(st.one_of(st.none(), cells), max_size=60))
@settings(max_examples=100, suppress_health_check=[HealthCheck.too_slow])
def test_a_column_says_what_each_of_its_cells_says(column: list[str | None]) -> None:
    storable = [None if text is None else text.encode("utf-8", "replace").decode() for text in column]
    rows = [row_of(text) for text in storable]
    for kind in (pa.string(), pa.large_string()):
        assert enrich(pa.array(storable, kind)).to_pylist() == rows
        assert enrich(pa.array([*storable, FOLLOWING], kind)).to_pylist()[:-1] == rows


@given(st.lists(cells, min_size=3, max_size=20), st.data())
def test_a_column_does_not_depend_on_how_it_is_cut(column: list[str], data: st.DataObject) -> None:
    texts = pa.array([text.encode("utf-8", "replace").decode() for text in column])
    cut = data.draw(st.integers(0, len(column)))
    chunks = pa.chunked_array([texts.slice(0, cut), texts.slice(cut)])
    assert enrich(chunks).to_pylist() == enrich(texts).to_pylist()
    assert enrich(texts.slice(1, 2)).to_pylist() == enrich(texts).to_pylist()[1:3]


@given(cells)
def test_the_short_way_and_the_whole_grammar_agree(cell: str) -> None:
    data = cell.encode("utf-8", "surrogatepass")
    s, short, whole = scratch(len(data)), [0] * 99 * FIELDS, [0] * 99 * FIELDS
    n = symbolise(tables(), s, data, 0, len(data))
    if s[STATE][S_PLAIN] and read_plain(tables(), s, n, short):
        symbolise(tables(), s, data, 0, len(data))
        assert scan(tables(), s, n, 0, whole) == 1
        assert short == whole


@given(cells)
def test_identity_is_stable(cell: str) -> None:
    for number in parse_cell(cell):
        assert [again.uri for again in parse_cell(number.uri or "")] == [number.uri]
        assert [again.uri for again in parse_cell(f" {number.uri}\u200b")] == [number.uri]


@given(cells)
def test_what_a_number_prints_as_never_holds_it_whole(cell: str) -> None:
    for number in parse_cell(cell):
        digits = (number.uri or "").removeprefix("tel:").partition(";")[0].lstrip("+")
        assert digits not in str(number)
        assert digits not in repr(number)


@given(cells)
def test_compatibility_forms_change_nothing(cell: str) -> None:
    assert [n.uri for n in parse_cell(unicodedata.normalize("NFKC", cell))] == [n.uri for n in parse_cell(cell)]


@given(st.lists(cells, max_size=5).map("。".join))
def test_mentions_stand_in_order_where_they_say(text: str) -> None:
    end = 0
    for mention in find(text):
        assert end <= mention.start < mention.end <= len(text)
        end = mention.end
        written = text[mention.start : mention.end]
        assert any(unicodedata.normalize("NFKC", c).isalnum() for c in written)


@given(st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True), st.from_regex(r"[0-9]{1,4}", fullmatch=True))
def test_a_digit_too_many_spoils_a_number(number: str, more: str) -> None:
    assert all(number not in (found.uri or "") for found in parse_cell(number + more) if len(number + more) != 13)


@pytest.mark.parametrize("text", ["\ud800", "13800138000\udfff", "\x00" * 100, "\uffff", "\U0010ffff13800138000"])
def test_no_character_stops_a_reader(text: str) -> None:
    assert [n.uri for n in parse_cell(text)] == (["tel:+8613800138000"] if "138" in text else [])
    find(text)


@given(
    st.sampled_from(["电话0571-88888888转8001", "订单号13800138000", "拨打95588", "验证码95588", "13800138000"]),
    st.integers(3300, 4200),
)
def test_where_a_text_is_cut_changes_nothing(core: str, before: int) -> None:
    near = [(m.start, m.end, m.number.uri) for m in find("文" * 300 + core + "文" * 20)]
    far = [(m.start - before + 300, m.end - before + 300, m.number.uri) for m in find("文" * before + core + "文" * 20)]
    assert far == near
