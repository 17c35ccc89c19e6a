"""Parquet: a few rows at a time, whatever the size of its row groups.

Rules held here:
- The columns of the file keep their types and their metadata.
- Pages are read as they are needed: a row group is never held whole.
- Rows are gathered into row groups of a useful size before they are written.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Self

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from haoma.errors import BadInput
from haoma.numbers.files.cells import texts
from haoma.numbers.files.model import Batch, Options, column_at

__all__ = ["ParquetReader", "ParquetWriter", "cells_of"]

BATCH_BYTES = 1 << 23
GROUP_BYTES = 1 << 26
GROUP_ROWS = 1 << 20
READ_BYTES = 1 << 20


class ParquetReader:
    """The rows of a Parquet file, always as a table."""

    def __init__(self, file: BinaryIO, name: str, options: Options, column: str | int | None) -> None:
        self._name = name
        self._size = Path(name).stat().st_size
        try:
            self._file = pq.ParquetFile(file, buffer_size=READ_BYTES, pre_buffer=False)
        except (pa.ArrowException, OSError, ValueError) as error:
            raise BadInput(f"{name}: this is no whole Parquet file", hint="was it cut while it was copied?") from error
        self.names = tuple(self._file.schema_arrow.names)
        self._at = self.place = column_at(self.names, column, name)
        self.column = self.names[self._at]
        self._batch_rows = self._rows_at_once(options.batch_rows)

    def _rows_at_once(self, most: int) -> int:
        meta = self._file.metadata
        groups = [meta.row_group(at) for at in range(meta.num_row_groups)]
        row_bytes = max((group.total_byte_size / max(group.num_rows, 1) for group in groups), default=1.0)
        return int(max(1, min(most, BATCH_BYTES / max(row_bytes, 1.0))))

    def batches(self) -> Iterator[Batch]:
        """The rows, at least one batch of them."""
        rows, share = 0, self._size / max(self._file.metadata.num_rows, 1)
        try:
            for part in self._file.iter_batches(self._batch_rows, use_threads=False):
                table = pa.Table.from_batches([part], self._file.schema_arrow)
                yield Batch(cells_of(part.column(self._at)), None, table, None, int(len(part) * share))
                rows += len(part)
        except (pa.ArrowException, OSError, ValueError) as error:
            if isinstance(error, BadInput):
                raise
            message = f"{self._name}: the Parquet file is damaged behind row {rows}"
            raise BadInput(message, hint="nothing was written; a whole copy is needed") from error
        if not rows:
            empty = self._file.schema_arrow.empty_table()
            yield Batch(cells_of(empty.column(self._at).combine_chunks()), None, empty, None, 0)


def cells_of(column: pa.Array) -> pa.Array:
    """A column of any type as the cells that the engine reads; whole numbers by their digits."""
    kind = column.type
    if pa.types.is_dictionary(kind):
        return cells_of(column.dictionary_decode())
    if pa.types.is_floating(kind):
        whole = pc.and_(pc.is_finite(column), pc.equal(pc.floor(column), column))
        small = pc.and_(whole, pc.less(pc.abs(column), 1e18))
        digits = pc.if_else(small, column, 0).cast(pa.float64()).cast(pa.int64()).cast(pa.string())
        return pc.if_else(pc.or_kleene(pc.is_nan(column), pc.is_null(column)), None, pc.if_else(small, digits, ""))
    return column.cast(pa.binary()) if pa.types.is_large_binary(kind) or pa.types.is_binary(kind) else texts(column)


class ParquetWriter:
    """Writes batches as Parquet; a context manager that lets go of the file where `finish` was not reached."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._writer: pq.ParquetWriter | None = None
        self._held: list[pa.Table] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_failure: object) -> None:
        if self._writer is not None and self._writer.is_open:
            # Left to itself it would write its footer when it is thrown away, and complain that the file is closed.
            with contextlib.suppress(Exception):
                self._writer.close()
            self._writer.is_open = False

    def write(self, batch: Batch, found: pa.Table) -> None:
        """Take the rows of a batch with the columns of `found` behind them."""
        table = batch.table if batch.table is not None else pa.table({})
        for name in found.column_names:
            table = table.append_column(name, found.column(name))
        self._held.append(table)
        if sum(held.nbytes for held in self._held) >= GROUP_BYTES or sum(map(len, self._held)) >= GROUP_ROWS:
            self._flush()

    def _flush(self) -> None:
        if not self._held:
            return
        table = pa.concat_tables(self._held).unify_dictionaries()
        self._held = []
        if self._writer is None:
            self._writer = pq.ParquetWriter(self._file, table.schema, compression="zstd")
        self._writer.write_table(table, row_group_size=GROUP_ROWS)

    def finish(self) -> None:
        """Write what is held back, and the footer."""
        self._flush()
        if self._writer is not None:
            self._writer.close()
