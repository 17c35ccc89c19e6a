"""The demo's chapter on files: two million messy cells in, every number known, every answer held against the truth.

Rules held here:
- What a cell says is known from `haoma.numbers.samples`, which makes it without the parser.
- The first run on a machine compiles the column kernel; the file is made meanwhile.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pyarrow import csv

from haoma.cli.demo_checks import checks
from haoma.cli.output import Row, progress
from haoma.cli.stage import Stage, Step
from haoma.numbers import enrich
from haoma.numbers.files import Options, Summary, enrich_file
from haoma.numbers.samples import customers, samples

__all__ = ["chapter"]

EXAMPLES = 10
MOST = 8
MAKE, KERNEL, ENRICH, CHECK = (
    "making the file",
    "loading the column kernel",
    "enriching the file",
    "checking all answers",
)


def chapter(stage: Stage) -> Iterator[Step]:
    """Make a customer file, enrich it, show what is in it, and check it."""
    source, target = stage.directory / "customers.csv", stage.directory / "customers-known.parquet"
    truth = _prepared(stage, source)
    summary = _enriched(stage, source, target)
    with stage.timed(CHECK):
        found = pq.read_table(target)
        steps = list(checks(truth, found, source, target))
    if stage.shown:
        _show(stage, truth, found, summary)
    yield from steps


def _prepared(stage: Stage, source: Path) -> pa.Table:
    """Write the file and load the kernel at the same time; returns what the file's cells say."""
    stage.say(f"making a file of {stage.rows:,} made-up customers; the first time, compiling the kernel (about 25 s)")
    with ThreadPoolExecutor(1) as aside:
        made = aside.submit(_made, stage, source)
        with stage.timed(KERNEL):
            enrich(pa.array(["95588"]))
        return made.result()


def _made(stage: Stage, source: Path) -> pa.Table:
    with stage.timed(MAKE):
        truth = samples(stage.rows)
        csv.write_csv(customers(truth["cell"]), source)
    return truth


def _enriched(stage: Stage, source: Path, target: Path) -> Summary:
    size = source.stat().st_size
    stage.say(f"enriching {source.name}, {size / 1e6:,.0f} MB")
    with stage.timed(ENRICH), progress("enriching", size) as advance:
        return enrich_file(source, target, "phone", Options(overwrite=True), progress=advance)


def _show(stage: Stage, truth: pa.Table, found: pa.Table, summary: Summary) -> None:
    stage.show("Kinds", _counted("kind", summary.kinds, summary.rows))
    stage.show("Allocated by", _counted("operator", summary.issued_by, summary.rows))
    stage.show("Issued in", _counted("province", summary.provinces, summary.rows)[:MOST])
    stage.show("Ten of them, made up and therefore shown in full", _examples(truth, found))
    stage.show("Where the time went", _seconds(stage.seconds))
    stage.show("Overlapping stages", _seconds(summary.busy_s))
    stage.show("Speed", [{"rows": f"{summary.rows:,}", "rows a second, file to file": f"{summary.rows_per_s:,.0f}"}])


def _counted(name: str, counts: dict[str, int], rows: int) -> list[Row]:
    most = sorted(counts.items(), key=lambda item: -item[1])
    return [{name: value, "cells": f"{count:,}", "share": f"{count / rows:.2%}"} for value, count in most]


def _seconds(seconds: dict[str, float]) -> list[Row]:
    return [{"what": what, "seconds": f"{spent:.2f}"} for what, spent in seconds.items()]


def _examples(truth: pa.Table, found: pa.Table) -> list[Row]:
    """A cell each of ten kinds: the longest of the first thousand, for it shows most of how people write."""
    kinds = truth["kind"].cast(pa.string())
    return [
        _longest(found.filter(pc.equal(kinds, kind)).slice(0, 1000)) for kind in kinds.unique().to_pylist()[:EXAMPLES]
    ]


def _longest(some: pa.Table) -> Row:
    lengths = pc.utf8_length(some["phone"])
    row = some.slice(pc.index(lengths, pc.max(lengths)).as_py(), 1).to_pylist()[0]
    return {
        "written": row["phone"],
        "kind": row["kind"],
        "identity": row["uri"] or f"none: {row['reason']}",
        "issued_by": row["issued_by"],
        "issued_in": row["city"] or row["province"],
        "confidence": row["confidence"],
    }
