"""`haoma crawl`: sources, the crawl of them, what was seen, and what a person has to do about it.

Rules held here:
- What is shown of a page or an address has persons' own numbers masked; a whole page comes out by `export`, masked.
- A number that a person submits comes from stdin where it is `-`.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from haoma.cli.crawl_source import source
from haoma.cli.crawl_task import task
from haoma.cli.options import current_settings
from haoma.cli.output import Format, Row, format_option, note, progress, write
from haoma.errors import BadInput

if TYPE_CHECKING:
    from haoma.guard.crawl.model import Snapshot

__all__ = ["crawl"]

WAYS = click.Choice(["submission", "shopper"])


@click.group()
def crawl() -> None:
    """Look for published numbers: sources, robots, pages as evidence, tasks of people."""


crawl.add_command(source)
crawl.add_command(task)


@crawl.command()
@click.option("--source", "source_id", metavar="ID", help="Visit this source now, and no other.")
@click.option("--once", is_flag=True, help="End when nothing is due any more; without it go on until a signal.")
@format_option
def run(source_id: str | None, once: bool, fmt: Format) -> None:
    """Fetch what is due, as any number of these do on any number of machines."""
    from haoma.app import Services

    with Services(current_settings()) as services, progress("addresses") as advance:
        totals = services.crawl.run(only=source_id, once=once or source_id is not None, advance=advance)
    write([{"snapshots": totals.snapshots, "ended": totals.ended, "left": totals.left}], fmt)


@crawl.command()
@format_option
def status(fmt: Format) -> None:
    """Show each source: jobs by how they stand, requests of today, and when it was last seen well."""
    from haoma.app import Services

    with Services(current_settings(), create=False) as services:
        rows = services.crawl.status()
    write(rows, fmt)


@crawl.command("show")
@click.option("--source", "source_id", metavar="ID", help="Of this source alone.")
@click.option("--most", type=click.IntRange(1, 10_000), default=20, show_default=True, help="How many.")
@format_option
def show(source_id: str | None, most: int, fmt: Format) -> None:
    """Show the newest snapshots: where, when, what came, and the entry of the log."""
    from haoma.app import Services

    with Services(current_settings(), create=False) as services:
        found = services.crawl.newest(source_id, most)
    write([_row(one) for one in found], fmt)


@crawl.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--source", "source_id", metavar="ID", help="Of this source alone.")
@click.option("--overwrite", is_flag=True, help="Replace FILE where it is there already.")
def export(file: Path, source_id: str | None, overwrite: bool) -> None:
    """Write the newest pages into FILE, a .warc.gz, persons' own numbers masked."""
    from haoma.app import Services
    from haoma.numbers.files.atomic import replacing

    with (
        Services(current_settings(), create=False) as services,
        replacing(file, overwrite=overwrite, private=True) as out,
    ):
        count = sum(1 for record in services.crawl.export(source_id) if out.write(record))
    note(f"{count - 1:,} pages in {file}")


@crawl.command()
@click.option("--source", "source_id", required=True, metavar="ID", help="The source of kind submission or shopper.")
@click.option("--organisation", required=True, metavar="NAME", help="Whose number it is said to be.")
@click.option("--number", metavar="NUMBER", help="The number as it was seen or heard; - for a line of stdin.")
@click.option("--url", metavar="URL", help="Where it was seen.")
@click.option(
    "--file", "page", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="A saved page instead."
)
@format_option
def submit(
    source_id: str, organisation: str, number: str | None, url: str | None, page: Path | None, fmt: Format
) -> None:
    """Write down what somebody saw or heard: a form, or a saved page."""
    from haoma.app import Services

    if (number is None) == (page is None):
        raise BadInput("a number or a saved page is submitted, and not both", hint="--number or --file")
    if number == "-":
        number = sys.stdin.readline().strip()
    with Services(current_settings()) as services:
        made = services.crawl.submit(source_id, organisation=organisation, number=number, url=url, page=page)
    write([_row(made)], fmt)


def _row(one: Snapshot) -> Row:
    from haoma.guard.crawl.masks import masked

    return {
        "snapshot": one.id,
        "source": one.source,
        "url": masked(one.url),
        "fetched_at": one.fetched_at.isoformat(),
        "status": one.status,
        "content_type": one.content_type,
        "digest": one.digest,
        "rendered": one.rendered_digest,
        "screenshot": one.screenshot,
        "same_as": one.same_as,
        "held": one.held,
        "entry": one.entry_id,
    }
