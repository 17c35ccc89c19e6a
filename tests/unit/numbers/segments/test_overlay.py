from __future__ import annotations

import dataclasses
import datetime as dt
from array import array
from pathlib import Path

import pytest

from haoma import settings
from haoma.errors import BadInput
from haoma.numbers.model import Kind
from haoma.numbers.segments import overlay
from haoma.numbers.segments.build import build
from haoma.numbers.segments.mobiles import apply_overlays
from haoma.numbers.segments.phonedat import FIRST_PREFIX, PREFIXES
from haoma.numbers.segments.regions import resolve
from haoma.numbers.segments.rowtable import RowTable
from haoma.numbers.segments.vote import MIIT, OVERLAY, Answer

NOW = dt.datetime.fromtimestamp(0, dt.UTC)
BASE = Answer(Kind.MOBILE, "中国移动", "浙江省", "杭州市", "330100", "0571", "310000", 999_000, MIIT)


def written(tmp_path: Path, text: str, name: str = "mine") -> Path:
    path = tmp_path / f"{name}.csv"
    path.write_text(text, encoding="utf-8")
    return path


def applied(*files: Path) -> tuple[RowTable, array[int], int, array[int]]:
    """A table whose every prefix says `BASE`, under the overlays."""
    table = RowTable()
    segments = array("H", [table.add(BASE)]) * PREFIXES
    first, fine = apply_overlays(table, segments, tuple(overlay.read(path) for path in files))
    return table, segments, first, fine


def answer(table: RowTable, segments: array[int], prefix: int) -> Answer:
    return table.get(segments[prefix - FIRST_PREFIX])


BAD_ROWS = {
    "prefix\n12345\n": "line 2: prefix",
    "prefix\n13\n": "line 2: prefix",
    "prefix\n1390000123\n": "line 2: prefix",
    "prefix\n\n# note\n13x\n": "line 4: prefix",
    "prefix,kind\n139,landline\n": "line 2: kind",
    "prefix,province,city\n139,浙江,无此城\n": "line 2: no region 浙江省无此城",
    "prefix,province,city\n139,,杭州\n": "line 2: city",
    "prefix,province\n139,无此省\n": "line 2: no region",
    "prefix,area_code\n139,571\n": "line 2: area_code",
    "prefix,postcode\n139,31000\n": "line 2: postcode",
    "prefix,kind\n139\n": "line 2: 1 cells for 2 columns",
    "prefix,colour\n139,red\n": "columns",
    "province\n浙江\n": "columns",
    "": "columns",
}


@pytest.mark.parametrize("text", BAD_ROWS)
def test_a_wrong_row_is_bad_input_naming_file_and_row(tmp_path: Path, text: str) -> None:
    with pytest.raises(BadInput) as caught:
        overlay.read(written(tmp_path, text))
    assert "mine.csv" in str(caught.value)
    assert BAD_ROWS[text] in str(caught.value)


def test_a_file_that_is_not_there_or_not_utf_8_is_bad_input(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"none\.csv"):
        overlay.read(tmp_path / "none.csv")
    path = tmp_path / "gbk.csv"
    path.write_bytes("prefix,province\n139,浙江\n".encode("gb18030"))
    with pytest.raises(BadInput, match="UTF-8"):
        overlay.read(path)


def test_comments_blank_lines_and_a_byte_order_mark_are_taken(tmp_path: Path) -> None:
    (segment,) = overlay.read(written(tmp_path, "\ufeffprefix, kind\n# ours\n\n 1390000 , mvno \n")).segments
    assert (segment.prefix, segment.kind) == ("1390000", Kind.MVNO)


def test_a_blank_cell_leaves_what_the_sources_say(tmp_path: Path) -> None:
    table, segments, _, _ = applied(written(tmp_path, "prefix,kind,issued_by\n1390000,,某公司\n"))
    changed = answer(table, segments, 1390000)
    assert changed == dataclasses.replace(BASE, issued_by="某公司", sources=MIIT | OVERLAY)
    assert answer(table, segments, 1390001) == BASE


def test_a_place_replaces_the_whole_place(tmp_path: Path) -> None:
    table, segments, _, _ = applied(written(tmp_path, "prefix,province,city\n139,江苏,苏州\n"))
    changed = answer(table, segments, 1395555)
    assert (changed.city, changed.adcode, changed.area_code, changed.postcode) == ("苏州市", "320500", None, None)
    assert (changed.issued_by, changed.confidence_ppm) == ("中国移动", 1_000_000)


def test_a_longer_prefix_wins_over_a_shorter_and_a_later_file_over_an_earlier(tmp_path: Path) -> None:
    first = written(tmp_path, "prefix,issued_by\n1390,甲\n139,乙\n", "first")
    second = written(tmp_path, "prefix,issued_by\n139,丙\n", "second")
    table, segments, _, _ = applied(first, second)
    assert answer(table, segments, 1390000).issued_by == "甲"
    assert answer(table, segments, 1391000).issued_by == "丙"


def test_prefixes_of_eight_and_nine_digits_make_a_finer_table(tmp_path: Path) -> None:
    text = "prefix,issued_by\n13900001,八\n139000012,九\n139000199,末\n"
    table, segments, first, fine = applied(written(tmp_path, text))
    assert answer(table, segments, 1390000) == BASE
    start = (segments[1390000 - FIRST_PREFIX] - first) * 100
    said = [table.get(row).issued_by for row in fine[start : start + 100]]
    assert said[9:13] == ["中国移动", "八", "八", "九"]
    start = (segments[1390001 - FIRST_PREFIX] - first) * 100
    assert [table.get(row).issued_by for row in fine[start + 98 : start + 100]] == ["中国移动", "末"]


@pytest.mark.slow
def test_an_overlay_opens_a_block_and_names_itself_as_source(tmp_path: Path) -> None:
    from haoma.numbers.segments.file import parse_image
    from haoma.numbers.segments.pack import Pack

    path = written(tmp_path, "prefix,issued_by,province,city\n154,新运营商,海南,三亚\n13900001,,北京,\n", "ours")
    body = build(dataclasses.replace(settings.load(), overlays=(path,)), "0" * 16, NOW)
    pack = Pack(parse_image(memoryview(body), "test"))
    row = pack.row(pack.segment_row("1541234"))
    assert (row.kind, row.issued_by, row.sources) == (Kind.MOBILE, "新运营商", ("ours",))
    assert row.issued_in is not None
    assert row.issued_in.adcode == resolve("海南", "三亚").adcode
    fine = pack.row(pack.segment_row("139000015")).issued_in
    assert fine is not None
    assert fine.city == "北京市"
    assert pack.row(pack.segment_row("1390000")) == pack.row(pack.segment_row("139000099"))


def test_two_sources_of_one_name_are_bad_input(tmp_path: Path) -> None:
    path = written(tmp_path, "prefix\n139\n", "miit")
    with pytest.raises(BadInput, match="miit"):
        build(dataclasses.replace(settings.load(), overlays=(path,)), "", NOW)


def test_too_many_overlays_are_bad_input(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="13 overlay files"):
        build(dataclasses.replace(settings.load(), overlays=(tmp_path / "x.csv",) * 13), "", NOW)
