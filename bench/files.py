"""Files: rows a second of CPU time, beside what reading and writing the same file alone costs pyarrow."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pyarrow.parquet as pq
from pyarrow import csv

from bench.figure import Figure, best_cpu_s
from haoma.numbers.files import Options, enrich_file
from haoma.numbers.samples import customers, samples

__all__ = ["files"]


def files(rows: int) -> Iterator[Figure]:
    """The demo's file, in CSV and in Parquet."""
    table = customers(samples(rows)["cell"])
    with tempfile.TemporaryDirectory(prefix="haoma-bench-") as name:
        source, target = Path(name, "in.csv"), Path(name, "out.csv")
        csv.write_csv(table, source)
        yield _figure("CSV", rows, source, target, lambda: csv.write_csv(csv.read_csv(source), target))
        source, target = Path(name, "in.parquet"), Path(name, "out.parquet")
        pq.write_table(table, source)
        yield _figure("Parquet", rows, source, target, lambda: pq.write_table(pq.read_table(source), target))


def _figure(form: str, rows: int, source: Path, target: Path, copy: Callable[[], None]) -> Figure:
    options = Options(overwrite=True)
    haoma = rows / best_cpu_s(lambda: enrich_file(source, target, "phone", options))
    return Figure(f"{form} file, messy, all columns", "rows/s", haoma, "pyarrow copying it", rows / best_cpu_s(copy))
