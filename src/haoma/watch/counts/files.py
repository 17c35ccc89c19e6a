"""Counts out of a CSV or Parquet file, some thousand rows at a time.

Rules held here:
- Columns are `timestamp`, `hotline`, and a count each: `inquiries`, `errors`, and any further one by its name. A map
  says which is which where they are called otherwise, and of which hotline all rows are where no column tells.
- A file is never held whole; a row of CSV with too many or too few cells is passed over and counted.
- What is wrong with a file is told without anything that its rows hold.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from haoma.errors import BadInput, Unavailable
from haoma.watch.counts.chart import Chart
from haoma.watch.counts.model import LONGEST_NAME, MOST_SIGNALS, Batch
from haoma.watch.counts.rows import NAMES, batch_of_columns, bound_counts

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["File"]

ROWS = 20_000
_SUFFIXES = "its name ends in .csv or .parquet"


class File:
    """A file of counts; `broken` is how many rows of it were passed over."""

    def __init__(self, path: Path, chart: Chart, revision: int = 0) -> None:
        self._path = path
        self._chart = chart
        self._revision = revision
        self.broken = 0

    def batches(self) -> Iterator[Batch]:
        """Its rows in batches, in the order of the file; raises BadInput where it is no file of counts."""
        for found in self._read():
            there = found.schema.names
            names = self._chart.names(there, str(self._path))
            if twice := [name for name, column in names.items() if there.count(column) > 1]:
                message = f"{self._path}: more than one column could be {twice[0][:LONGEST_NAME]!r}"
                raise BadInput(message, hint="one of them goes by another name; --map FILE says which is which")
            bound_counts(len(names.keys() - {*NAMES}))
            for start in range(0, found.num_rows, ROWS):
                part = found.slice(start, ROWS)
                yield self._batch({name: part.column(column) for name, column in names.items()})

    def _batch(self, columns: dict[str, pa.Array]) -> Batch:
        try:
            return batch_of_columns(columns, self._chart.hotline, self._revision, self._chart.zone)
        except (NotImplementedError, LookupError, ValueError, OverflowError):
            # Lists and structures, a time zone that nobody knows, a time that no calendar has.
            message = f"{self._path}: its columns hold neither times, names nor counts"
            raise BadInput(message, hint="timestamp and hotline as texts or times, and whole numbers") from None

    def _read(self) -> Iterator[pa.RecordBatch]:
        import pyarrow as pa

        suffix = self._path.suffix.lower()
        if suffix not in {".csv", ".parquet"}:
            raise BadInput(f"{self._path}: this is no file of counts", hint=_SUFFIXES)
        try:
            yield from (self._csv() if suffix == ".csv" else self._parquet())
        except pa.ArrowInvalid as error:
            told = ": ".join(str(error).split(": ")[:2])  # what comes behind may be the row
            message = f"{self._path}: this cannot be read as {suffix[1:]} ({told[:100]})"
            raise BadInput(message, hint="a header, and then a row for each hotline and minute; UTF-8") from None
        except OSError as error:
            raise Unavailable(f"{self._path}: {error.strerror or 'it cannot be read'}") from None

    def _csv(self) -> Iterator[pa.RecordBatch]:
        import pyarrow as pa
        from pyarrow import csv

        def passed_over(_row: object) -> str:
            self.broken += 1
            return "skip"

        with self._path.open("rb") as file:
            head = file.readline(1 << 16).decode("utf-8-sig", "replace").strip()
        names = [name.strip().strip('"') for name in head.split(",")]
        if len(names) > 4 * MOST_SIGNALS:
            raise BadInput(f"{self._path}: {len(names)} columns are no counts", hint="a map names those that are")
        convert = csv.ConvertOptions(
            column_types=dict.fromkeys(names, pa.string()), null_values=[""], strings_can_be_null=True
        )
        parse = csv.ParseOptions(invalid_row_handler=passed_over)
        yield from csv.open_csv(self._path, parse_options=parse, convert_options=convert)

    def _parquet(self) -> Iterator[pa.RecordBatch]:
        import pyarrow.parquet as pq

        with pq.ParquetFile(self._path) as file:
            yield from file.iter_batches(batch_size=ROWS)
