"""`haoma number`: what a number is, and what its segment says.

Rules held here:
- A line of stdin is a cell: it ends at a line feed alone, and a carriage return before that is none of it. Bytes that
  are not UTF-8 become U+FFFD, so that every line has its row.
- Rows that can be told are told before the next line is waited for.
- `parse` and `lookup` exit with 0 where every argument holds a number and with 1 where one does not; `-` alone with 0.
- A whole number is shown here because it was asked for by name.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator

import click

from haoma.cli.describe import described
from haoma.cli.enrich import enrich
from haoma.cli.find import find
from haoma.cli.lookup import lookup
from haoma.cli.options import current_settings
from haoma.cli.output import Format, Row, format_option, write

__all__ = ["number"]

STDIN = "-"
CHUNK = 1 << 16
FLAT = (
    "input", "kind", "uri", "national", "extension", "valid", "issued_by", "province", "city", "adcode", "area_code",
    "postcode", "confidence", "sources", "reason",
)  # fmt: skip
SHOWN = ("input", "kind", "national", "issued_in", "issued_by", "confidence", "uri", "reason")


@click.group()
def number() -> None:
    """Parse, look up and enrich phone numbers."""
    from haoma.numbers.tables import use

    use(current_settings())


number.add_command(enrich)
number.add_command(find)
number.add_command(lookup)


@number.command()
@click.argument("cells", nargs=-1, required=True, metavar="CELL...")
@click.option(
    "--region", default="CN", show_default=True, metavar="CODE", help="Where a number without country code rings."
)
@format_option
@click.pass_context
def parse(ctx: click.Context, cells: tuple[str, ...], region: str, fmt: Format) -> None:
    """Tell the numbers in each CELL; `-` reads cells from stdin, one a line."""
    asked = _Asked(cells, region)
    rows = asked.rows()
    match fmt:
        case Format.TABLE:
            write((row for cell in rows for row in _shown(cell)), fmt, columns=SHOWN)
        case Format.CSV | Format.PARQUET:
            write((row for cell in rows for row in _flat(cell)), fmt, columns=FLAT)
        case _:
            write(rows, fmt)
    ctx.exit(1 if asked.missed else 0)


class _Asked:
    """The cells of a command line and their answers; `missed` tells whether an argument held no number."""

    def __init__(self, cells: Iterable[str], region: str) -> None:
        self.cells = cells
        self.region = region.upper()
        self.missed = False

    def rows(self) -> Iterator[Row]:
        """One row a cell, in order."""
        for cell in self.cells:
            if cell == STDIN:
                yield from (self._row(line) for line in lines())
                continue
            row = self._row(cell)
            self.missed |= not row["numbers"]
            yield row

    def _row(self, cell: str) -> Row:
        from haoma.numbers.service import read_cell

        numbers, reason = read_cell(cell, self.region)
        row: dict[str, object] = {"input": cell, "numbers": [described(found) for found in numbers]}
        return row if numbers else {**row, "reason": reason}


def lines() -> Iterator[str]:
    """The lines of stdin as they come; what has been written so far is flushed before more is waited for."""
    parts: list[bytes] = []
    while chunk := _more():
        head, feed, tail = chunk.rpartition(b"\n")
        if feed:
            yield from map(_text, b"".join((*parts, head)).split(b"\n"))
            parts.clear()
        parts.append(tail)
    if last := b"".join(parts):
        yield _text(last)


def _more() -> bytes:
    sys.stdout.flush()
    try:
        return os.read(0, CHUNK)
    except OSError as error:
        from haoma.numbers.files.text import unreadable

        raise unreadable("stdin", error) from error


def _text(line: bytes) -> str:
    return line.removesuffix(b"\r").decode("utf-8", "replace")


def _flat(cell: Row) -> Iterator[Row]:
    """One row a number, or one that tells why there is none."""
    numbers = cell["numbers"]
    if not isinstance(numbers, list) or not numbers:
        yield {"input": cell["input"], "kind": "invalid", "valid": False, "reason": cell.get("reason")}
        return
    for found in numbers:
        place = found["issued_in"] or {}
        yield {**found, **place, "input": cell["input"]}


def _shown(cell: Row) -> Iterator[Row]:
    for row in _flat(cell):
        yield {
            **row,
            "issued_in": " ".join(dict.fromkeys(str(row[key]) for key in ("province", "city") if row.get(key))),
        }
