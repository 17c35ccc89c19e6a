"""`haoma watch score`: how far out of the ordinary each row of any series is.

Rules held here:
- Scores go to the file or to stdout; the summary and notes go to stderr.
- A row without a value is told, and is no failure. The exit code says nothing of alerts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from haoma.cli.output import note

if TYPE_CHECKING:
    from haoma.watch.series import Counts

__all__ = ["score"]


@click.command()
@click.argument("source", metavar="IN")
@click.option("-o", "--output", required=True, metavar="OUT", help="CSV file to write; - is stdout.")
@click.option("--overwrite", is_flag=True, help="Replace OUT where it is there already.")
def score(source: str, output: str, *, overwrite: bool) -> None:
    """Score each row of the CSV file IN, which has columns timestamp and value; - is stdin.

    OUT has timestamp, score (0 to 1) and alert (0 or 1). Each score rests on the rows before it alone.
    """
    from haoma.watch.series import score_file

    _tell(score_file(source, output, overwrite=overwrite), output)


def _tell(counts: Counts, output: str) -> None:
    rate = counts.rows / max(counts.seconds, 1e-9)
    note(f"{output}: {counts.rows:,} rows, {counts.alerts:,} alerting, in {counts.seconds:.1f} s ({rate:,.0f} rows/s)")
    for count, what in (
        (counts.missing, "without a value that counts: no score"),
        (counts.unread, "with a timestamp that is none: scored where it stands"),
        (counts.back, "earlier than the row before: scored where it stands"),
        (counts.repeated, "at the same time as the row before: scored where it stands"),
    ):
        if count:
            note(f"  {count:,} {'row' if count == 1 else 'rows'} {what}")
