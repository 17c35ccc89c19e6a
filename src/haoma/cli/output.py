"""Rows on stdout in the format a person or the next program reads.

Rules held here:
- Without `--format`, a terminal gets a table and a pipe gets JSON lines.
- Results go to stdout, everything else (`note`, `progress`) to stderr, where it may be lost. What is said of results
  comes behind them also where both go to one file or pipe.
- JSON and JSON lines keep a row's nesting; tables, CSV and Parquet flatten it: `issued_in.city`.
- JSON lines, and CSV with known columns, stream: memory does not grow with the rows. The other formats hold all rows.
- A control character never reaches a terminal, for it could rewrite what is shown there.
"""

from __future__ import annotations

import csv
import itertools
import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from enum import StrEnum
from types import SimpleNamespace
from typing import TYPE_CHECKING, TypeAlias, TypeVar

import click

from haoma.cli.told import tell
from haoma.errors import BadInput

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["Format", "Row", "format_option", "inert", "note", "progress", "write"]

Row: TypeAlias = Mapping[str, object]
_Command = TypeVar("_Command", bound=Callable[..., object])

_CONTROLS = dict.fromkeys((*range(32), *range(127, 160), *range(8234, 8239), *range(8294, 8298)), "�")

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


class Format(StrEnum):
    """The formats that `--format` takes."""

    TABLE = "table"
    JSON = "json"
    JSONL = "jsonl"
    CSV = "csv"
    PARQUET = "parquet"


def format_option(command: _Command) -> _Command:
    """Give a command the option `--format`; it receives `fmt: Format`."""
    return click.option(
        "--format",
        "fmt",
        type=click.Choice([str(fmt) for fmt in Format]),
        callback=lambda _ctx, _param, name: Format(name) if name else _usual(),
        help="How results are written; by default a table on a terminal and jsonl into a pipe.",
    )(command)


def _usual() -> Format:
    return Format.TABLE if sys.stdout.isatty() else Format.JSONL


def write(rows: Iterable[Row], fmt: Format, *, columns: Sequence[str] | None = None, title: str | None = None) -> None:
    """Write rows to stdout.

    `columns` names, in dotted form, what the flat formats show; without it they show every key of every row, which
    needs all rows at once. A value that a format cannot hold is written as its text.
    """
    match fmt:
        case Format.JSON:
            _write_json(rows)
        case Format.JSONL:
            _write_jsonl(rows)
        case Format.TABLE:
            _write_table(*_flat(rows, columns), title)
        case Format.CSV:
            _write_csv(*_flat(rows, columns))
        case Format.PARQUET:
            _write_parquet(*_flat(rows, columns))
    sys.stdout.flush()


def inert(text: str | None, fmt: Format) -> str | None:
    """A text of somebody else's, so that a program for tables does not take its cell of CSV for a formula.

    >>> inert("=1+1", Format.CSV), inert("=1+1", Format.JSON)
    (' =1+1', '=1+1')
    """
    return f" {text}" if text and fmt is Format.CSV and text.startswith(_FORMULA) else text


def note(message: str) -> None:
    """Tell the person something that is not a result."""
    tell(message)


@contextmanager
def progress(label: str, total: int | None = None) -> Iterator[Callable[[int], None]]:
    """Show a bar on a terminal's stderr while the block runs; call the given function with each advance."""
    if not sys.stderr.isatty():
        yield lambda _advance: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    shown = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*shown, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(label, total=total)
        yield lambda advance: bar.update(task, advance=advance)


def _flat(rows: Iterable[Row], columns: Sequence[str] | None) -> tuple[Iterable[dict[str, object]], Sequence[str]]:
    flat = (dict(_leaves(row)) for row in rows)
    if columns is not None:
        return flat, columns
    kept = list(flat)
    names = dict.fromkeys(itertools.chain.from_iterable(kept))
    # A nested part that is missing in one row ("issued_in": null) is no column of its own.
    return kept, [name for name in names if not any(other.startswith(f"{name}.") for other in names)]


def _leaves(row: Row, prefix: str = "") -> Iterator[tuple[str, object]]:
    for key, value in row.items():
        if isinstance(value, Mapping):
            yield from _leaves(value, f"{prefix}{key}.")
        elif isinstance(value, list | tuple | set | frozenset):
            yield f"{prefix}{key}", "; ".join(_text(item) for item in value)
        else:
            yield f"{prefix}{key}", value


def _text(value: object) -> str:
    if isinstance(value, Mapping | list | tuple):
        return _json(value).decode()
    return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def _json(value: object, indent: int | None = None) -> bytes:
    try:
        return json.dumps(value, ensure_ascii=False, default=str, indent=indent).encode()
    except UnicodeEncodeError:
        # A lone surrogate has no UTF-8, but JSON can escape it.
        return json.dumps(value, default=str, indent=indent).encode()


def _write_json(rows: Iterable[Row]) -> None:
    click.echo(_json(list(rows), indent=2))


def _write_jsonl(rows: Iterable[Row]) -> None:
    for row in rows:
        sys.stdout.buffer.write(_json(row) + b"\n")


def _write_csv(rows: Iterable[Mapping[str, object]], columns: Sequence[str]) -> None:
    # A text wrapper would close stdout with it when a full disk stops the writing.
    stdout = SimpleNamespace(write=lambda text: sys.stdout.buffer.write(text.encode("utf-8", "backslashreplace")))
    writer = csv.writer(stdout, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([_text(row.get(column)) for column in columns] for row in rows)


def _write_parquet(rows: Iterable[Mapping[str, object]], columns: Sequence[str]) -> None:
    if sys.stdout.isatty():
        message = "Parquet is binary and does not belong on a terminal"
        raise BadInput(message, hint="send it to a file: haoma … --format parquet > numbers.parquet")
    import pyarrow as pa
    import pyarrow.parquet as pq

    kept = list(rows)
    table = pa.table({column: _column([row.get(column) for row in kept]) for column in columns})
    packed = pa.BufferOutputStream()
    pq.write_table(table, packed)
    sys.stdout.buffer.write(packed.getvalue())


def _column(values: list[object]) -> pa.Array:
    import pyarrow as pa

    try:
        return pa.array(values)
    except (pa.ArrowInvalid, pa.ArrowTypeError, UnicodeEncodeError):
        texts = [None if value is None else _text(value).encode("utf-8", "backslashreplace") for value in values]
        return pa.array(texts, pa.binary()).cast(pa.string())


def _write_table(rows: Iterable[Mapping[str, object]], columns: Sequence[str], title: str | None) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(title=title, title_justify="left", header_style="bold")
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*(Text(_shown(row.get(column))) for column in columns))
    # A pipe has no width: there every row stays on its line.
    width = None if sys.stdout.isatty() else 10_000
    Console(width=width).print(table)


def _shown(value: object) -> str:
    return _text(value).translate(_CONTROLS)
