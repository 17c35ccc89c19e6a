"""What the cells around a cell of a table say of it: those to its left, the head of its column, its namesake's row.

Rules held here:
- A column whose head lists departments, towns or kinds names nobody.
- Who plays a part in one row plays it in another: 代理机构名称 tells whose 代理机构电话 is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING

from haoma.guard.extract.anatomy import cell_of
from haoma.guard.extract.grid import blocks_before
from haoma.guard.extract.lines import Kind, Page
from haoma.guard.extract.title_words import NUMBER

if TYPE_CHECKING:
    from haoma.guard.extract.lines import Element

__all__ = ["beside", "in_row"]

CELLS, ROWS = 8, 40
MOST_CELLS, WALKED, MOST_LINES = 40, 4_000, 200  # cells of a row, elements of a table, lines of a cell
GRID = frozenset(("td", "th"))
LONGEST = 24  # characters of a title
PART = re.compile(r"(?P<part>[\u4e00-\u9fff]{2,8}?)(?:名称|全称|联系方式|联系人|联系电话|电话|地址)?$")
PARTS = re.compile(
    r"部门|科室|业务|城市|地区|区域|省份|网点|分公司|分行|支行|门店|分店|校区|院区|岗位|职务|项目|类别|类型|业态"
    r"|性质|楼层|铺位|展位|姓名|联系人|时间|地址|级别|等级|序号|编号"
)


def beside(page: Page, cell: Element) -> Iterator[tuple[str, bool]]:
    """The titles that a cell's row and column give it, and whether each stands as a title does; nearest first."""
    for left in islice(page.grids.left_of(cell) if cell.tag in GRID else cell.itersiblings(preceding=True), CELLS):
        text, head = _text(page, left), page.grids.head_of(left) if left.tag in GRID else None
        if text and (namesake := _namesake(page, left, text)):
            yield namesake, True
        if text and not (head is not None and PARTS.search(_text(page, head))):
            yield text, left.tag in ("dt", "td", "th")
        if left.tag == "dt":
            return
    head = page.grids.head_of(cell) if cell.tag in GRID else None
    if head is not None and (text := _text(page, head)):
        yield text, True


def in_row(page: Page, element: Element) -> Iterator[str]:
    """What the cells or blocks to the left of what an element is in say, and the head of its column."""
    cell = cell_of(element)
    if cell is None or cell.tag not in GRID:
        yield from reversed(blocks_before(element))
        return
    lefts = [_text(page, left) for left in islice(page.grids.left_of(cell), CELLS)]
    head = page.grids.head_of(cell)
    yield from (*lefts[:1], "" if head is None else _text(page, head), *lefts[1:])


def _namesake(page: Page, label: Element, text: str) -> str:
    """Who another row of the table says plays the part that a label tells the number of."""
    part, row = PART.match(text), label.getparent()
    table = row.getparent() if row is not None and row.tag == "tr" else None
    if part is None or table is None:
        return ""
    rows = (one for one in islice(table.iter(), WALKED) if one.tag == "tr")
    for above in islice(rows, ROWS):
        cells = [*islice(above, MOST_CELLS)]
        for at, cell in enumerate(cells[:-1]):
            if cell is not label and (other := PART.match(_text(page, cell))) and other["part"] == part["part"]:
                return _text(page, cells[at + 1])
    return ""


def _text(page: Page, element: Element) -> str:
    """What a cell without a number says: its one line, or the first where that is short."""
    first, last = page.spans.get(element, (0, 0))
    lines = [
        line for line in page.lines[first : min(last, first + MOST_LINES)] if line.kind == Kind.TEXT and not line.hidden
    ]
    if any(NUMBER.search(line.text) for line in lines):
        return ""
    return lines[0].text if lines and (len(lines) == 1 or len(lines[0].text) <= LONGEST) else ""
