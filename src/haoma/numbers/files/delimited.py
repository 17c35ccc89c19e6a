"""CSV and TSV: rows in as they are, the same bytes out with more cells behind them.

Rules held here:
- No row is lost: as many come out as the file has, and each reads back to the cells it had.
- A cell is text and stays it, to the byte: 007, dates and long numbers are not touched. An empty cell is null, and `""`
  an empty text, as Arrow and Spark have it.
- A row that is not like the header comes out with its reason: missing cells are empty, surplus ones are together in the
  last column, and a quote that nothing closes is written so that it closes.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from typing import BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from haoma.errors import BadInput
from haoma.numbers.files import rows as found_rows
from haoma.numbers.files.cells import csv_cells, decoded, joined
from haoma.numbers.files.model import Batch, FileFormat, Options, column_at
from haoma.numbers.files.rows import PATIENCE, QUOTE, Rows, scan
from haoma.numbers.files.text import ANOTHER, GB18030, UTF_8, WRONG, Text

__all__ = ["KEPT", "DelimitedReader", "DelimitedWriter", "distinct_names"]

BLOCK = 1 << 22
KEPT = frozenset({UTF_8, GB18030})
NO_SLOTS = np.zeros(0, np.int32)


class DelimitedReader:
    """The rows of a CSV or TSV file; as a table where `as_table`, else as the bytes they are."""

    def __init__(
        self, text: Text, kind: FileFormat, options: Options, column: str | int | None, *, as_table: bool
    ) -> None:
        self._text = text
        self._options = options
        self._as_table = as_table
        self._buffer = self._first_row()
        if not self._buffer:
            raise BadInput(f"{text.name} is empty", hint="a CSV file begins with a header, unless --no-header is given")
        self.delimiter = options.delimiter or ("\t" if kind is FileFormat.TSV else self._sniffed())
        self.names = self._header()
        self._at = self.place = self._place(column)
        self.column = self.names[self._at]
        self._row = 2 if options.header else 1

    def _place(self, column: str | int | None) -> int:
        try:
            return column_at(self.names, column, self._text.name)
        except BadInput as error:
            if not any("\ufffd" in name for name in self.names):
                raise
            raise BadInput(f"{error}, and {self._text.wrong('row 1 has ')}", hint=ANOTHER) from None

    def _first_row(self) -> bytes:
        buffer = self._text.read(BLOCK)
        while buffer and b"\n" not in buffer and (more := self._text.read(BLOCK)):
            buffer = self._checked(buffer + more, 1)
        return buffer

    def _sniffed(self) -> str:
        line = self._buffer.partition(b"\n")[0]
        counts = {mark: line.count(mark.encode()) for mark in (",", ";", "\t")}
        return max(counts, key=lambda mark: counts[mark]) if self._options.header else ","

    def _header(self) -> tuple[str, ...]:
        mark = ord(self.delimiter)
        while True:
            seen = scan(self._buffer, NO_SLOTS, mark, QUOTE, final=False)
            if len(seen.first):
                break
            more = self._text.read(BLOCK)
            if not more:
                seen = scan(self._buffer, NO_SLOTS, mark, QUOTE, final=True)
                break
            self._buffer = self._checked(self._buffer + more, 1)
        if not len(seen.first) or seen.last[0] <= seen.first[0]:
            raise BadInput(f"{self._text.name}: the first line is empty", hint="the first line names the columns")
        line = self._buffer[seen.first[0] : seen.last[0]]
        wide = scan(line, np.arange(seen.fields[0], dtype=np.int32), mark, QUOTE, final=True)
        self.raw_header = line
        self.line_end = b"\r\n" if self._buffer[seen.last[0] : seen.last[0] + 2] == b"\r\n" else b"\n"
        if self._text.recoded and self._options.header and WRONG in line:
            raise BadInput(f"{self._text.name}: {self._text.wrong('row 1 has ')}", hint=ANOTHER)
        if not self._options.header:
            return tuple(str(at + 1) for at in range(int(seen.fields[0])))
        next_row = seen.first[1] if len(seen.first) > 1 else seen.consumed
        self._buffer = self._buffer[next_row:]
        slots = range(wide.starts.shape[1])
        return tuple(self._cell_texts(wide, at, wide.open, _Failures(1))[0].as_py() or "" for at in slots)

    def batches(self) -> Iterator[Batch]:
        """The rows, at least one batch of them, of about 4 MiB each."""
        slots = np.full(len(self.names), -1, np.int32)
        slots[np.arange(len(self.names)) if self._as_table else [self._at]] = (
            np.arange(len(self.names)) if self._as_table else 0
        )
        buffer, final, told = self._buffer, False, False
        while not final:
            more = self._text.read(BLOCK)
            final = not more
            buffer += more
            seen = scan(buffer, slots, ord(self.delimiter), QUOTE, final=final)
            buffer = self._checked(buffer[seen.consumed :], self._row + len(seen.first))
            size = self._text.advanced()
            for at in range(0, len(seen.first), self._options.batch_rows):
                yield self._batch(_slice(seen, at, at + self._options.batch_rows), size)
                size, told = 0, True
            self._row += len(seen.first)
        if not told:
            yield self._batch(seen, size)

    def _checked(self, buffer: bytes, row: int) -> bytes:
        if len(buffer) > PATIENCE + 2 * BLOCK:
            message = f"{self._text.name}: row {row} is longer than {PATIENCE >> 20} MiB"
            raise BadInput(message, hint="is this a CSV file?")
        return buffer

    def _batch(self, seen: Rows, size: int) -> Batch:
        failed = _Failures(len(seen.first))
        odd = self._note_shapes(seen, failed)
        wrong = self._wrong(seen)
        failed.note(wrong, self._text.wrong(""))
        slot = self._at if self._as_table else 0
        cells = self._cell_texts(seen, slot, seen.open, failed)
        if odd is not None:
            cells = pc.if_else(pa.array(odd), "", cells)
        table = self._table(seen, failed) if self._as_table else None
        raw = None if self._as_table else self._raw(seen, wrong)
        return Batch(cells, raw, table, failed.reasons(), size)

    def _note_shapes(self, seen: Rows, failed: _Failures) -> NDArray[np.bool_] | None:
        """Note the rows that are not like the header, and say which they are."""
        wanted = len(self.names)
        odd: NDArray[np.bool_] = seen.fields != wanted
        if not odd.any() and not seen.open.any():
            return None
        failed.note(seen.open, "a quote is opened and never closed")
        failed.note(odd & (seen.first == seen.last), "an empty line")
        for count in np.unique(seen.fields[odd]):
            failed.note(seen.fields == count, f"row has {count} field{'s' if count > 1 else ''}, header {wanted}")
        odd |= seen.open
        return odd

    def _cell_texts(self, seen: Rows, slot: int, literal: NDArray[np.bool_], failed: _Failures) -> pa.Array:
        cells = found_rows.cells(seen.data, seen.starts[:, slot], seen.ends[:, slot], literal)
        text, wrong = decoded(cells, self._text.encoding)
        if wrong is not None:
            failed.note(wrong, self._text.wrong(""))
        bare = seen.starts[:, slot] == seen.ends[:, slot]
        return pc.if_else(pa.array(bare), None, text) if bare.any() else text

    def _wrong(self, seen: Rows) -> NDArray[np.bool_]:
        """The rows of a file in another encoding that lose something, in whichever cell."""
        wrong = np.zeros(len(seen.first), np.bool_)
        if self._text.recoded and len(wrong):
            start = seen.first[0]
            places = np.flatnonzero(seen.data[start : seen.last[-1]] == WRONG[0])
            wrong[np.searchsorted(seen.first, places + start, "right") - 1] = True
        return wrong

    def _raw(self, seen: Rows, wrong: NDArray[np.bool_]) -> pa.Array:
        whole = found_rows.cells(seen.data, seen.first, seen.last)
        odd = (seen.fields != len(self.names)) | seen.open | wrong
        if not odd.any():
            return whole
        made = [self._mended(seen, int(at)) for at in np.flatnonzero(odd)]
        if self._text.recoded:
            made = [row.replace(WRONG, "\ufffd".encode()) for row in made]
        return pc.replace_with_mask(whole, pa.array(odd), pa.array(made, whole.type))

    def _mended(self, seen: Rows, at: int) -> bytes:
        """A row with as many cells as the header."""
        data, wanted, mark = seen.data, len(self.names), self.delimiter.encode()
        row = data[seen.first[at] : seen.last[at]].tobytes()
        if seen.open[at]:
            parts = row.split(mark, wanted - 1)
            return mark.join(
                [_in_quotes(part) if b'"' in part or mark in part else part for part in parts]
                + [b""] * (wanted - len(parts))
            )
        if seen.fields[at] <= wanted:
            return row + mark * (wanted - int(seen.fields[at]))
        cut = int(seen.tail[at] - seen.first[at])
        return row[:cut] + _in_quotes(row[cut:])

    def _table(self, seen: Rows, failed: _Failures) -> pa.Table:
        last, surplus = len(self.names) - 1, seen.fields > len(self.names)
        columns = []
        for slot in range(len(self.names)):
            literal = seen.open
            if slot == last and surplus.any():
                seen.ends[surplus, slot] = seen.last[surplus]
                literal = seen.open | surplus
            columns.append(self._cell_texts(seen, slot, literal, failed))
        return pa.table(columns, names=distinct_names(self.names))


class _Failures:
    """Why rows failed; the first reason that is noted for a row stands."""

    def __init__(self, n: int) -> None:
        self._codes = np.zeros(n, np.int32)
        self._words: list[str | None] = [None]

    def note(self, where: NDArray[np.bool_], reason: str) -> None:
        """Give a reason to the rows that are true and have none."""
        self._codes[where & (self._codes == 0)] = len(self._words)
        self._words.append(reason)

    def reasons(self) -> pa.Array | None:
        """The reasons, null where there is none; None where no row failed."""
        return pa.array(self._words, pa.string()).take(pa.array(self._codes)) if self._codes.any() else None


def _slice(seen: Rows, start: int, stop: int) -> Rows:
    part = slice(start, stop)
    return seen._replace(
        first=seen.first[part],
        last=seen.last[part],
        starts=seen.starts[part],
        ends=seen.ends[part],
        fields=seen.fields[part],
        open=seen.open[part],
        tail=seen.tail[part],
    )


def _in_quotes(cell: bytes) -> bytes:
    return b'"' + cell.replace(b'"', b'""') + b'"'


def distinct_names(names: Sequence[str]) -> list[str]:
    """Column names of which no two are alike.

    >>> distinct_names(["a", "a", "b"])
    ['a', 'a_2', 'b']
    """
    made: dict[str, None] = {}
    for name in names:
        free, count = name, 1
        while free in made:
            count += 1
            free = f"{name}_{count}"
        made[free] = None
    return list(made)


class DelimitedWriter:
    """Writes batches as CSV or TSV. A reader of the same format lends its header, line ends and encoding."""

    def __init__(
        self, file: BinaryIO, kind: FileFormat, reader: DelimitedReader | None, text: Text | None, *, header: bool
    ) -> None:
        self._file = file
        self._reader = reader
        self._delimiter = reader.delimiter if reader else "\t" if kind is FileFormat.TSV else ","
        self._line_end = reader.line_end if reader else b"\n"
        self._encoding = text.encoding if text else UTF_8
        self._bom = text.bom if text else b""
        self._header = header
        self._begun = False

    def write(self, batch: Batch, found: pa.Table) -> None:
        """Write the rows of a batch with the columns of `found` behind them."""
        if not self._begun:
            self._file.write(self._bom + self._first_row(batch, found.column_names))
            self._begun = True
        own = [batch.raw] if batch.raw is not None else list(map(self._cells, _table_of(batch).columns))
        *rows, last = [*own, *map(self._cells, found.columns)]
        rows.append(pc.binary_join_element_wise(last, self._line_end, b""))
        self._file.write(joined(rows, self._delimiter.encode()))

    def _cells(self, column: pa.ChunkedArray) -> pa.Array:
        return csv_cells(column.combine_chunks(), self._delimiter, self._encoding)

    def _first_row(self, batch: Batch, added: list[str]) -> bytes:
        if not self._header:
            return b""
        names = [*(_table_of(batch).column_names if batch.raw is None else ()), *added]
        line = io.StringIO()
        csv.writer(line, delimiter=self._delimiter, lineterminator="").writerow(names)
        mine = line.getvalue().encode(self._encoding, "replace")
        kept = [self._reader.raw_header] if batch.raw is not None and self._reader else []
        return self._delimiter.encode().join([*kept, mine]) + self._line_end

    def finish(self) -> None:
        """Nothing is held back."""


def _table_of(batch: Batch) -> pa.Table:
    return pa.table({}) if batch.table is None else batch.table
