"""`python -m bench`: takes all figures and writes them to bench/results.

Rules held here:
- One thread, best of five by CPU time, peers in the same run; wall time where a disk is waited for, or a single answer.
  Ratios hold across machines, absolute figures do not.
- Each part begins on a quiet disk, and leaves what parts before it keep out of the collector's sight, as `serve` does.
- Nothing is asserted about speed; wrong answers end the run.
"""

from __future__ import annotations

import argparse
import datetime as dt
import gc
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pyarrow as pa

from bench import (
    access,
    api,
    columns,
    consent,
    counts,
    crawl,
    extract,
    files,
    fusion,
    ledger,
    lineage,
    nab,
    peers,
    places,
    proofs,
    report,
    singles,
    storage,
    vault,
    watch,
)
from bench.apart import apart
from bench.figure import Figure

ROOT = Path(__file__).resolve().parent.parent
SPEED = ROOT.parent / "shared" / "data" / "numbers" / "speed.py"
ROWS, QUICK_ROWS = 5_000_000, 3_000
CALLS, QUICK_CALLS = 10_000, 200


def main() -> int:
    """Take the figures and write them."""
    options = argparse.ArgumentParser(prog="python -m bench", description="Take figures beside other tools'.")
    options.add_argument("--quick", action="store_true", help="few rows: shows that it runs, its figures say nothing")
    options.add_argument("--output", type=Path, default=ROOT / "bench" / "results", metavar="DIR")
    options.add_argument("--quote", action="store_true", help="put the table into README.md as well")
    given = options.parse_args()
    versions = peers.require(logs=not given.quick)
    pa.set_cpu_count(1)
    pa.set_io_thread_count(1)
    rows = QUICK_ROWS if given.quick else ROWS
    figures = [figure for measure in measures(rows, QUICK_CALLS if given.quick else CALLS) for figure in _told(measure)]
    body = {"quick": given.quick, "rows": rows, "machine": report.machine(), "peers": versions, "speed_py": speed(rows)}
    path = report.write(given.output, dt.datetime.now(dt.UTC).date().isoformat(), body, figures)
    if given.quote:
        report.quote(ROOT / "README.md", path)
    sys.stdout.write(path.read_text(encoding="utf-8"))
    sys.stderr.write(f"written to {path} and {path.with_suffix('.json').name}\n")
    return 0


def measures(rows: int, calls: int) -> tuple[Callable[[], Iterator[Figure]], ...]:
    """All that is measured, in the order of the table."""
    return (
        lambda: columns.everyday(rows),
        lambda: columns.messy(rows // 2),
        lambda: columns.clean(2 * rows),
        lambda: singles.latency(calls),
        singles.starts,
        singles.pack_load,
        lambda: files.files(rows // 5),
        lambda: lineage.first_pages(2 * rows),
        lambda: apart(storage.durable_writes, 5 if rows == ROWS else 0.2),
        lambda: apart(ledger.appends, *((80, 5) if rows == ROWS else (2, 0.2))),
        lambda: apart(consent.permissions, 5 if rows == ROWS else 0.2),
        lambda: proofs.proofs(*((1_000_000, 30_000_000) if rows == ROWS else (2_000, 5_000))),
        lambda: vault.vault(rows // 5),
        lambda: access.access(rows // 50),
        lambda: places.places(rows // 5),
        lambda: fusion.fusion(5_000 if rows == ROWS else 300),
        lambda: apart(api.api, 10 if rows == ROWS else 0.5),
        lambda: crawl.crawl(5_000 if rows == ROWS else 60),
        lambda: counts.counts(*((20, 31) if rows == ROWS else (3, 1))),
        extract.extraction,
        lambda: watch.watch(quick=rows != ROWS),
        lambda: nab.nab(quick=rows != ROWS),
    )


def _told(measure: Callable[[], Iterator[Figure]]) -> Iterator[Figure]:
    gc.collect()
    gc.freeze()
    os.sync()
    for figure in measure():
        sys.stderr.write(
            f"{figure.what}: {figure.haoma:.3g} {figure.unit}, {figure.peer} {figure.peer_value or 0:.3g}\n"
        )
        yield figure


def speed(rows: int) -> dict[str, object] | None:
    """What a script of the same purpose beside the checkout says, where there is one."""
    if not SPEED.exists():
        return None
    command = [sys.executable, str(SPEED), "--rows", str(rows)]
    ended = subprocess.run(command, check=True, capture_output=True, text=True)
    found: dict[str, object] = json.loads(ended.stdout.splitlines()[-1])
    return found


if __name__ == "__main__":
    sys.exit(main())
