"""What a Spark worker does with its rows: Arrow batches in, the same rows with what is known of their numbers out.

Rules held here:
- It is what the local engine does, batch by batch, with the settings of who asked.
- Dictionaries are written out, for Spark knows none.
"""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from haoma.numbers.files.jsonl import JsonlWriter, Lines
from haoma.numbers.files.model import Batch
from haoma.numbers.files.parquet import cells_of
from haoma.numbers.files.rows import NONE, scan
from haoma.numbers.files.service import COUNTED, enrich_batch

__all__ = ["HIDDEN", "LINE", "TYPES", "SparkBatches"]

LINE = "value"  # Spark's name for the only column of a text file
HIDDEN = tuple(f"haoma {name}" for name in COUNTED)
TYPES = {"confidence": "double", "valid": "boolean", "count": "int"}
NO_SLOTS = np.zeros(0, np.int32)


@dataclass(frozen=True, slots=True)
class SparkBatches:
    """The function for `mapInArrow`: lines or columns in, lines or columns out, `HIDDEN` behind them to be counted."""

    cell: str
    names: tuple[str, ...]
    wanted: tuple[str, ...]
    added: tuple[str, ...]
    lines: bool
    as_lines: bool
    env: dict[str, str]

    def __call__(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """The rows of the batches, enriched."""
        os.environ.update({name: value for name, value in self.env.items() if value})
        for batch in batches:
            read = self._from_lines(batch) if self.lines else self._from_columns(batch)
            found = enrich_batch(read, tuple(dict.fromkeys((*self.wanted, *COUNTED))))
            shown = found.select(self.wanted).rename_columns(list(self.added))
            made = self._as_lines(read, shown) if self.as_lines else _as_columns(read, shown)
            hidden = [_plain(found.column(name)) for name in COUNTED]
            columns = [*made.columns, *hidden]
            table = pa.table([_plain(column) for column in columns], names=[*made.column_names, *HIDDEN])
            yield from table.combine_chunks().to_batches()

    def _from_lines(self, batch: pa.RecordBatch) -> Batch:
        buffer = b"".join(line.as_buffer().to_pybytes() + b"\n" for line in batch.column(0))
        reader = Lines(self.cell, None if self.as_lines else self.names)
        return reader.batch(buffer, scan(buffer, NO_SLOTS, NONE, NONE, final=True), 0)

    def _from_columns(self, batch: pa.RecordBatch) -> Batch:
        table = pa.Table.from_batches([batch])
        return Batch(cells_of(batch.column(self.names.index(self.cell))), None, table, None, 0)

    def _as_lines(self, read: Batch, shown: pa.Table) -> pa.Table:
        written = io.BytesIO()
        JsonlWriter(written, b"").write(read, shown)
        lines = written.getvalue().decode("utf-8", "replace").split("\n")[:-1]
        return pa.table({LINE: pa.array(lines, pa.string())})


def _as_columns(read: Batch, shown: pa.Table) -> pa.Table:
    own = pa.table({}) if read.table is None else read.table
    return pa.table([*own.columns, *shown.columns], names=[*own.column_names, *shown.column_names])


def _plain(column: pa.ChunkedArray) -> pa.ChunkedArray:
    kind = column.type
    if pa.types.is_dictionary(kind):
        return column.cast(kind.value_type)
    return column.cast(pa.int32()) if pa.types.is_uint16(kind) else column
