"""What passes between a file's reader, the engine and a file's writer. Values only.

Rules held here:
- A batch holds its rows either as the bytes they came in, or as columns; never both.
- A message shows a column's name masked where it looks like a number: a file without a header begins with one.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Protocol

import pyarrow as pa

from haoma.errors import BadInput
from haoma.numbers.model import mask

__all__ = [
    "COMPRESSED",
    "Batch",
    "FileFormat",
    "Options",
    "Reader",
    "Summary",
    "Writer",
    "column_at",
    "format_of",
    "masked",
]

COMPRESSED = ".gz"
_DIGITS = re.compile(r"\d(?:[ .()-]{0,2}\d){4,}")


class FileFormat(StrEnum):
    """Formats of files."""

    CSV = "csv"
    TSV = "tsv"
    JSONL = "jsonl"
    PARQUET = "parquet"

    @property
    def delimited(self) -> bool:
        """Whether rows are cells between delimiters."""
        return self in {FileFormat.CSV, FileFormat.TSV}


_SUFFIXES = {
    ".csv": FileFormat.CSV, ".tsv": FileFormat.TSV, ".txt": FileFormat.CSV, ".jsonl": FileFormat.JSONL,
    ".ndjson": FileFormat.JSONL, ".parquet": FileFormat.PARQUET,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Options:
    """How a file is read and written. What is None is told by the file itself.

    `columns` are the columns to add, all where it is None; `prefix` stands before each of their names. `header` tells
    whether a CSV file's first row names its columns. `batch_rows` bounds the rows held at once.

    `subjects` makes of a column of URIs what stands in their place, as a column `subject`: then no column shows the
    number, neither the one it was read from nor an added one, and a row that cannot be read shows nothing at all.
    """

    columns: tuple[str, ...] | None = None
    prefix: str = ""
    encoding: str | None = None
    delimiter: str | None = None
    header: bool = True
    source_format: FileFormat | None = None
    target_format: FileFormat | None = None
    overwrite: bool = False
    batch_rows: int = 262_144
    subjects: Callable[[pa.Array], pa.Array] | None = None


@dataclass(frozen=True, slots=True)
class Summary:
    """What came out of a file.

    `nulls` are rows without a cell, `invalid` rows whose cell holds no number; `reasons` tells why, and of how many
    numbers the place is not known. `added` are the names of the new columns. `busy_s` is how long each stage worked
    (load, read, enrich, write); they overlap.
    """

    rows: int
    nulls: int
    invalid: int
    kinds: Counter[str]
    issued_by: Counter[str]
    provinces: Counter[str]
    reasons: Counter[str]
    added: tuple[str, ...]
    seconds: float
    busy_s: dict[str, float]

    @property
    def rows_per_s(self) -> float:
        """Rows a second, the loading of the engine left out."""
        return self.rows / max(self.seconds - self.busy_s.get("load", 0.0), 1e-9)


@dataclass(frozen=True, slots=True)
class Batch:
    """Some rows of a file: the cells to be read, and the rows themselves as `raw` bytes or as a `table`.

    `failed` tells why a row could not be read as the file's others, null where it could. `size` is how many bytes of
    the file were read for it.
    """

    cells: pa.Array
    raw: pa.Array | None
    table: pa.Table | None
    failed: pa.Array | None
    size: int


class Reader(Protocol):
    """A file's rows. `names` are the columns it has, as far as they are known before its end; `place` the numbers'."""

    names: tuple[str, ...]
    place: int

    def batches(self) -> Iterator[Batch]:
        """The rows, in order; raises BadInput with file and row where nothing more can be read."""


class Writer(Protocol):
    """Takes batches with what was found for them."""

    def write(self, batch: Batch, found: pa.Table) -> None:
        """Write the rows of a batch with the columns of `found` behind them."""

    def finish(self) -> None:
        """Write what is still held back."""


def format_of(path: Path | str, given: FileFormat | None) -> FileFormat:
    """The format of a file by its name, `.gz` left out; raises BadInput where the name does not tell."""
    if given is not None:
        return given
    suffixes = [suffix.lower() for suffix in Path(path).suffixes]
    if suffixes and suffixes[-1] == COMPRESSED:
        suffixes.pop()
    found = _SUFFIXES.get(suffixes[-1]) if suffixes else None
    if found is None:
        message = f"{path}: its name does not tell its format"
        raise BadInput(message, hint=f"{', '.join(_SUFFIXES)}; --in-format and --out-format tell it otherwise")
    return found


def column_at(names: Sequence[str], wanted: str | int | None, file: str) -> int:
    """The place of the column that is asked for by name, or by number from 1; by None, the only one there is."""
    if wanted is None and len(names) == 1:
        return 0
    if isinstance(wanted, int):
        if 1 <= wanted <= len(names):
            return wanted - 1
    else:
        places = [at for at, name in enumerate(names) if name == wanted]
        places = places or [at for at, name in enumerate(names) if wanted and name.strip() == wanted.strip()]
        if len(places) == 1:
            return places[0]
    seen = "which column holds the numbers?" if wanted is None else f"it has no one column {masked(str(wanted))!r}"
    raise BadInput(f"{file}: {seen}", hint=f"columns there: {', '.join(map(masked, names)) or 'none'}")


def masked(text: str) -> str:
    """A text for a message, without whole numbers in it.

    >>> masked("phone"), masked("+86 138 0013 8000")
    ('phone', '+861****8000')
    """
    return _DIGITS.sub(lambda run: mask(re.sub(r"\D", "", run[0])), text[:80])
