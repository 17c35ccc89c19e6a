"""`haoma watch ingest`: counts out of a file, or out of the table of another system.

Rules held here:
- It is run by whoever runs the store, signed in or not: systems send their counts over HTTP with keys of their own.
- The same file or table again changes nothing, so that an ingest that was interrupted is begun anew.
- A row that cannot be is told by its reason and stops no other one; the exit code is 1 then.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from haoma.cli.acting import now
from haoma.cli.moments import moment
from haoma.cli.options import current_settings
from haoma.cli.output import Format, format_option, note, progress, write
from haoma.errors import BadInput

if TYPE_CHECKING:
    from haoma.app import Services
    from haoma.watch.counts import Batch, Chart

__all__ = ["ingest"]

PATH = click.Path(exists=True, dir_okay=False, path_type=Path)
AGAIN = timedelta(hours=2)  # the newest hour, and the one before it
SHOWN = 20


@click.command()
@click.argument("file", required=False, type=PATH)
@click.option("--map", "chart", type=PATH, help="Which column is what, or which table; a TOML file.")
@click.option("--tenant", metavar="NAME", help="Whose hotlines these are; not needed where there is one tenant.")
@click.option("--since", metavar="TIME", help="Of a table: from when on; an hour before the newest count without it.")
@click.option("--revision", type=click.IntRange(0), default=0, show_default=True,
              help="Of two values for one minute the one with the greater revision stays.")  # fmt: skip
@format_option
@click.pass_context
def ingest(
    ctx: click.Context,
    /,
    file: Path | None,
    chart: Path | None,
    tenant: str | None,
    since: str | None,
    revision: int,
    fmt: Format,
) -> None:
    """Take the counts in FILE (CSV or Parquet), or what is new in the table that the map names."""
    from haoma.app import Services
    from haoma.watch.counts import Chart, File, read_chart, tenant_named

    said = read_chart(chart) if chart else Chart()
    if (file is None) == (said.url is None):
        raise BadInput(
            "counts come out of a file or out of a table", hint="FILE, or --map with a url and a table in it"
        )
    with Services(current_settings(), create=False) as services, progress("rows") as advance:
        with services.store.read() as tx:
            whose = tenant_named(tx, tenant)
        source = File(file, said, revision) if file else None
        batches = source.batches() if source else _pulled(services, said, whose, since, revision)
        rows = changed = seen = 0
        refused: Counter[str] = Counter()
        for batch in batches:
            taken = services.counts.fill(whose, batch, now(), "file" if source else "table")
            rows, changed = rows + taken.rows, changed + taken.changed
            for one in taken.refusals[: max(0, SHOWN - refused.total())]:
                note(f"row {seen + one.row + 1:,} is refused: {one.reason.word}")
            refused.update({reason.word: count for reason, count in taken.refused.items()})
            seen += len(batch)
            advance(len(batch))
    if source and source.broken:
        refused["broken"] = source.broken
    write([{"rows": rows, "changed": changed, "refused": refused.total(), "reasons": dict(refused)}], fmt)
    ctx.exit(1 if refused else 0)


def _pulled(services: Services, chart: Chart, tenant: str, since: str | None, revision: int) -> Iterable[Batch]:
    """What is in a table from a moment on, as long as there is more."""
    from haoma.watch.counts import COUNTS_KEPT, newest_of, pulled
    from haoma.watch.counts.model import NO_MINUTE
    from haoma.watch.counts.pulling import PULLED
    from haoma.watch.model import minute_of, moment_of

    with services.store.read() as tx:
        there = newest_of(tx, tenant)
    at = moment(since) if since else moment_of(there) - AGAIN if there else now() - COUNTS_KEPT
    while True:
        batch = pulled(chart, at, revision)
        yield batch
        if len(batch) < PULLED:
            return
        last = min(int(batch.minutes.max()), minute_of(now()))  # 9999-12-31 is a time too, and nothing comes behind it
        newest = moment_of(last) if last > NO_MINUTE else at
        if newest <= at:
            message = f"more than {PULLED:,} rows of the table are of one minute"
            raise BadInput(message, hint="name a view of a part of the hotlines")
        at = newest
