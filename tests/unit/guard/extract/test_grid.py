from __future__ import annotations

import tracemalloc

import pytest
from lxml import etree

from haoma.guard.extract import mentions_of
from haoma.guard.extract.grid import Grids, block_head
from haoma.guard.model import Role

HEAD = "<tr><th>网点</th><th>电话</th><th>传真</th></tr>"
SPANNING = (
    "<tr><td colspan='2'>网点</td><td>电话</td><td>传真</td></tr>"
    "<tr><td rowspan='2'>城东</td><td>一部</td><td>-</td><td>-</td></tr><tr>"
)
ROW = "<tr><td>城东</td><td>021-55500101</td><td>021-55500102</td></tr>"


def roles(page: str) -> dict[str, Role]:
    return {one.digits: one.role for one in mentions_of(f"<html lang='zh-CN'><body>{page}</body></html>")}


@pytest.mark.parametrize(
    "table",
    [
        f"<table>{HEAD}{ROW}</table>",
        f"<table><thead>{HEAD}</thead><tbody><tr><td>城西</td><td>-</td><td>-</td></tr>{ROW}</tbody></table>",
        f"<table>{HEAD}</table><table>{ROW}</table>",
        f"<table class='t'>{HEAD}<tr><td>城西</td><td>-</td><td>-</td></tr></table><table class='t'>{ROW}</table>",
        f"<table>{SPANNING}<td>二部</td><td>021-55500101</td><td>021-55500102</td></tr></table>",
        "<div><div><p>网点</p><p>电话</p><p>传真</p></div><div><p>城东</p><p>021-55500101</p><p>021-55500102</p></div></div>",
        f"<table><tr><td colspan='3'>客服电话一览</td></tr>{HEAD}{ROW}</table>",
        f"<table>{HEAD}<tr><td>甲路（邮编200120）</td><td>021-55500101</td><td>021-55500102</td></tr></table>",
        "<table><tr><td>电话</td><td>021-55500101</td></tr><tr><td>传真</td><td>-</td><td>021-55500102</td></tr></table>",
    ],
)
def test_a_column_is_what_its_head_says(table: str) -> None:
    assert roles(table) == {"02155500101": Role.VOICE, "02155500102": Role.FAX}


def test_a_label_counts_for_each_number_of_its_row() -> None:
    table = "<p>证券代码：600000</p><table><tr><td>传真</td><td>021-55500101</td><td>021-55500102</td></tr></table>"
    assert set(roles(table).values()) == {Role.FAX}


def test_cells_to_the_left_are_those_that_reach_down_too() -> None:
    root = etree.HTML("<table><tr><td rowspan=2>甲</td><td>乙</td></tr><tr><td>丙</td></tr></table>")
    *_, last = root.iter("td")
    assert [cell.text for cell in Grids(root).left_of(last)] == ["甲"]


@pytest.mark.parametrize("span", ["0", "-1", "x", "999999999"])
def test_a_span_without_sense_is_borne(span: str) -> None:
    root = etree.HTML(f"<table><tr><td colspan='{span}' rowspan='{span}'>甲</td><td>乙</td></tr></table>")
    *_, last = root.iter("td")
    assert [cell.text for cell in Grids(root).left_of(last)] == ["甲"]


def test_a_list_of_cards_has_no_head() -> None:
    root = etree.HTML("<div><div><b>甲</b><p>传真：021-55500101</p><p>x</p></div><div><b>乙</b><p>x</p><p>y</p></div>")
    *_, last = root.iter("p")
    assert block_head(last) == ""


def test_the_head_of_a_column_makes_local_digits_and_codes_numbers() -> None:
    head = "<tr><th>城市</th><th>邮编</th><th>电话</th></tr>"
    rows = "<tr><td>杭州</td><td>310000</td><td>55500101</td></tr><tr><td>政务</td><td></td><td>12345</td></tr>"
    assert roles(f"<table>{head}{rows}</table>") == {"55500101": Role.VOICE, "12345": Role.VOICE}


@pytest.mark.parametrize(
    "page",
    [
        "<p>021-55500101</p><table><tr><td>科</td><td>电话（区号021）</td></tr><tr><td>甲</td><td>55511102-803</td></tr></table>",
        "<p>总机 021-55500101</p><h3>常用号码</h3><dl><dt>甲科</dt><dd>55511102</dd></dl>",
        "<p>总机 021-55500101</p><p>现场服务：55511102（8:30-17:00）</p>",
        "<p>总机 021-55500101</p><p>可向保卫处（55500102）反映</p>",
    ],
)
def test_local_numbers_are_found_beside_a_landline(page: str) -> None:
    assert len(roles(page).keys() & {"02155500101", "55511102", "55500102"}) == 2


def test_digits_alone_that_begin_otherwise_are_no_local_number() -> None:
    assert roles("<p>总机 021-55500101</p><p>88811102</p><p>20240301</p>").keys() == {"02155500101"}


def test_a_row_that_spans_millions_of_columns_takes_little_memory() -> None:
    root = etree.HTML(f"<table><tr>{'<td colspan=99 rowspan=9>' * 20_000}x</table>")
    *_, last = root.iter("td")
    tracemalloc.start()
    Grids(root).head_of(last)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 4_000_000
