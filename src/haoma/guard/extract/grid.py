"""Where the cells of a page's tables stand: in which row and column, and what heads the column.

Rules held here:
- Cells that span rows or columns stand in each of them (HTML §4.9.12). A page has at most `MOST` cells, a row
  `MOST_COLUMNS`; what is beyond stands nowhere.
- A column is headed by the nearest `th` above a cell, else by what stands in the first row
  that is more than a title.
- A table without a row of `th` has that of the last one above that is alike: of as many columns and one class, as the
  panes of one table have, or that is a head and nothing else.
- Blocks in rows of as many, below one another, are a table too, whose first row heads it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from haoma.guard.extract.lines import Element

__all__ = ["Grids", "block_head", "blocks_before"]

MOST, MOST_COLUMNS, MOST_SPANNED, MOST_ROWS, MOST_TITLES = 40_000, 1_000, 100, 2_000, 4
NUMBER = re.compile(r"\d[\d -]{3,}\d")
HIGHEST = 4  # elements up
MOST_BESIDE = 400  # elements beside a cell that has no place
FEWEST, MOST_BLOCKS, MOST_BLOCK_ROWS = 3, 8, 60  # blocks of a row; rows
LONGEST, MOST_PIECES = 40, 40  # characters of a head; pieces of text that are looked at
CELLS = frozenset(("td", "th"))


@dataclass(slots=True)
class _Grid:
    """One table: rows of cells, and where each cell begins."""

    table: Element
    rows: list[list[Element | None]] = field(default_factory=list)
    places: dict[Element, tuple[int, int]] = field(default_factory=dict)
    width: int = 0

    @property
    def top(self) -> int:
        """The first row that is more than a title over the whole table."""
        return next((order for order, row in enumerate(self.rows[:MOST_TITLES]) if len(set(row)) > 1), 0)

    def at(self, row: int, column: int) -> Element | None:
        return self.rows[row][column] if row < len(self.rows) and column < len(self.rows[row]) else None

    def is_headed(self) -> bool:
        """Whether the first row is one of heads, named so: those of other tables may hang on it."""
        return bool(self.rows) and all(cell is not None and cell.tag == "th" for cell in self.rows[0])


class Grids:
    """The tables of one page, laid out when first asked for."""

    def __init__(self, root: Element) -> None:
        self._root = root
        self._grids: dict[Element, _Grid] | None = None
        self._heads: dict[Element, _Grid] = {}

    def left_of(self, cell: Element) -> Iterator[Element]:
        """The cells to the left of one, nearest first, those of rows above that reach down to it among them."""
        grid = self._of(cell)
        if grid is None:
            yield from (one for one in islice(cell.itersiblings(preceding=True), MOST_BESIDE) if one.tag in CELLS)
            return
        row, column = grid.places[cell]
        last: Element | None = None
        for left in range(column - 1, -1, -1):
            one = grid.at(row, left)
            if one is not None and one is not last:
                yield one
            last = one

    def head_of(self, cell: Element) -> Element | None:
        """What heads the column that a cell stands in; nothing over the first row."""
        grid = self._of(cell)
        if grid is None:
            return None
        row, column = grid.places[cell]
        for above in range(row - 1, -1, -1):
            one = grid.at(above, column)
            if one is not None and one.tag == "th" and one is not cell:
                return one
        headed = self._heads.get(grid.table, grid)
        top = headed.top
        first = headed.at(top, column)
        return first if (headed is not grid or row > top) and first is not cell else None

    def _of(self, cell: Element) -> _Grid | None:
        if self._grids is None:
            self._grids = {}
            self._lay_out(self._grids)
        table = next(cell.iterancestors("table"), None)
        grid = self._grids.get(table) if table is not None else None
        return grid if grid is not None and cell in grid.places else None

    def _lay_out(self, grids: dict[Element, _Grid]) -> None:
        room = MOST
        headed: _Grid | None = None
        for table in self._root.iter("table"):
            grid = _laid_out(table, room)
            grids[table] = grid
            room -= sum(map(len, grid.rows))
            if grid.is_headed() and grid.rows[0]:
                headed = grid
            elif headed is not None and headed.width == grid.width > 1 and _is_alike(headed, grid):
                self._heads[table] = headed
            if room <= 0:
                return


def _is_alike(headed: _Grid, grid: _Grid) -> bool:
    """Whether two tables are parts of one."""
    classes = headed.table.get("class")
    return len(headed.rows) == 1 or (classes is not None and classes == grid.table.get("class"))


def _laid_out(table: Element, room: int) -> _Grid:
    """The cells of a table's own rows in their columns."""
    grid = _Grid(table)
    reaching: dict[int, tuple[int, Element]] = {}
    for order, row in enumerate(islice(_rows(table), MOST_ROWS)):
        cells: list[Element | None] = []
        for cell in row.iterchildren(*CELLS):
            _reach(cells, reaching)
            if len(cells) >= min(room, MOST_COLUMNS):
                break
            grid.places[cell] = order, len(cells)
            down, wide = _span(cell, "rowspan"), _span(cell, "colspan")
            for _ in range(wide):
                if down > 1:
                    reaching[len(cells)] = down - 1, cell
                cells.append(cell)
        _reach(cells, reaching)
        grid.rows.append(cells)
        grid.width = max(grid.width, len(cells))
        room -= len(cells)
        if room <= 0:
            break
    return grid


def _reach(cells: list[Element | None], reaching: dict[int, tuple[int, Element]]) -> None:
    """Go on with a row past the cells that reach down into it."""
    while (told := reaching.pop(len(cells), None)) is not None:
        rows, cell = told
        if rows > 1:
            reaching[len(cells)] = rows - 1, cell
        cells.append(cell)


def _rows(table: Element) -> Iterator[Element]:
    for part in table.iterchildren("tr", "thead", "tbody", "tfoot"):
        if part.tag == "tr":
            yield part
        else:
            yield from part.iterchildren("tr")


def _span(cell: Element, name: str) -> int:
    told = cell.get(name, "1").strip()
    return max(1, min(int(told), MOST_SPANNED)) if told.isascii() and told.isdigit() else 1


def _text(element: Element) -> str:
    """What an element says, as far as a head or a number could reach."""
    return "".join(islice(element.itertext(), MOST_PIECES)).strip()[: 5 * LONGEST]


def block_head(element: Element) -> str:
    """What heads the column of blocks that an element is in, where blocks stand in rows as cells do; mostly nothing."""
    for blocks, heads, place in _block_rows(element):
        text = _text(heads[place])
        apart = heads[0] is not blocks[0] and len(text) <= LONGEST
        return text if apart and not any(NUMBER.search(_text(head)) for head in heads) else ""
    return ""


def blocks_before(element: Element) -> list[str]:
    """What the blocks in front of an element's in its row say, where blocks stand in rows as cells do."""
    for blocks, _, place in _block_rows(element):
        told = [_text(block) for block in blocks[:place]]
        return [text for text in told if len(text) <= LONGEST and not NUMBER.search(text)]
    return []


def _block_rows(element: Element) -> Iterator[tuple[list[Element], list[Element], int]]:
    """Rows of blocks that an element is in: its blocks, those of the first row beside it, and the block's place."""
    for block in (element, *islice(element.iterancestors(), HIGHEST)):
        row = block.getparent()
        if row is None or row.tag in ("tr", "body", "html"):
            return
        table = row.getparent()
        blocks = _blocks(row)
        if not FEWEST <= len(blocks) <= MOST_BLOCKS or table is None:
            continue
        beside = [(one, _blocks(one)) for one in islice(table.iterchildren("*"), MOST_BLOCK_ROWS)]
        rows = [cells for one, cells in beside if one.tag == row.tag and len(cells) == len(blocks)]
        if len(rows) > 1 and rows[0] == beside[0][1] and all(one.tag == blocks[0].tag for one in blocks):
            yield blocks, rows[0], blocks.index(block)


def _blocks(row: Element) -> list[Element]:
    """The elements in a row, to one more than a row has."""
    return [*islice(row.iterchildren("*"), MOST_BLOCKS + 1)]
