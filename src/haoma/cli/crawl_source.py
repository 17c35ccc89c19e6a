"""`haoma crawl source`: where numbers are looked for, who answers for it, and what allows it to be read."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import TYPE_CHECKING

import click

from haoma.cli.acting import now
from haoma.cli.options import current_settings
from haoma.cli.output import Format, Row, format_option, write

if TYPE_CHECKING:
    from haoma.guard.crawl.model import Source

__all__ = ["source"]

KINDS = ("official", "page", "platform", "feed", "submission", "shopper")


@click.group()
def source() -> None:
    """Sources: official sites, pages of others, platforms, feeds, submissions, mystery shoppers."""


@source.command()
@click.argument("url", required=False, default="")
@click.option("--kind", required=True, type=click.Choice(KINDS), help="What it is.")
@click.option("--owner", required=True, metavar="NAME", help="Who answers for it in the company.")
@click.option(
    "--authorisation", default="", metavar="TEXT", help="What allows it: a licence, a contract; a feed needs one."
)
@click.option("--organisation", metavar="UID", help="Whose numbers are expected there.")
@click.option("--render", is_flag=True, help="Open its pages in a browser, for numbers that scripts put in.")
@click.option("--wait-for", metavar="CSS", help="What a rendered page is waited for.")
@click.option(
    "--every", "every_s", type=click.IntRange(60), default=86_400, show_default=True, help="Seconds between visits."
)
@click.option("--on-demand", is_flag=True, help="Visit it when somebody asks, and not by itself.")
@click.option("--budget", type=click.IntRange(1), default=500, show_default=True, help="Requests a day.")
@click.option(
    "--depth",
    type=click.IntRange(0, 20),
    default=0,
    show_default=True,
    help="How many links away to read, on its host.",
)
@click.option(
    "--delay-ms", type=click.IntRange(0), default=1_000, show_default=True, help="The least between two requests."
)
@click.option(
    "--map",
    "mapping",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Of a feed: which field is what.",
)
@format_option
def add(url: str, fmt: Format, **given: object) -> None:
    """Add a source at URL; submissions and shoppers have none."""
    from haoma.app import Services
    from haoma.guard.crawl.feed import check_mapping
    from haoma.guard.crawl.model import Kind, Source

    file = given["mapping"]
    mapping = check_mapping(file.read_text(encoding="utf-8")) if isinstance(file, Path) else None
    organisation, wait_for = given["organisation"], given["wait_for"]
    made = Source(
        id=str(uuid.uuid4()),
        kind=Kind(str(given["kind"])),
        url=url,
        owner=str(given["owner"]),
        authorisation=str(given["authorisation"]),
        organisation=str(organisation) if organisation else None,
        render=bool(given["render"]),
        every_s=None if given["on_demand"] else int(str(given["every_s"])),
        budget_per_day=int(str(given["budget"])),
        depth=int(str(given["depth"])),
        delay_ms=int(str(given["delay_ms"])),
        wait_for=str(wait_for) if wait_for else None,
        mapping=mapping,
    )
    with Services(current_settings()) as services:
        kept = services.crawl.add(made)
    write([_row(kept)], fmt)


@source.command("list")
@click.option("--all", "stopped", is_flag=True, help="Also those that were stopped.")
@format_option
def list_sources(stopped: bool, fmt: Format) -> None:
    """Show the sources, in the order they were added."""
    from haoma.app import Services
    from haoma.guard.crawl.sources import read

    with Services(current_settings(), create=False) as services, services.store.read() as tx:
        rows: list[Row] = [_row(one) for one in read(tx, stopped=stopped)]
    write(rows, fmt)


@source.command("show")
@click.argument("source_id", metavar="ID")
@format_option
def show_source(source_id: str, fmt: Format) -> None:
    """Show one source."""
    from haoma.app import Services
    from haoma.guard.crawl.sources import one

    with Services(current_settings(), create=False) as services, services.store.read() as tx:
        found = one(tx, source_id)
    write([_row(found)], fmt)


@source.command("stop")
@click.argument("source_id", metavar="ID")
@format_option
def stop_source(source_id: str, fmt: Format) -> None:
    """Visit a source no more."""
    from haoma.app import Services
    from haoma.guard.crawl.sources import stop

    with Services(current_settings(), create=False) as services:
        found = services.store.write(lambda tx: stop(tx, services.ledger, source_id, now()))
    write([_row(found)], fmt)


def _row(one: Source) -> Row:
    def text(at: object) -> str | None:
        return None if at is None else str(at)

    return {
        "source": one.id,
        "kind": str(one.kind),
        "url": one.url,
        "owner": one.owner,
        "authorisation": one.authorisation,
        "organisation": one.organisation,
        "render": one.render,
        "every_s": one.every_s,
        "budget_per_day": one.budget_per_day,
        "depth": one.depth,
        "delay_ms": one.delay_ms,
        "next_at": text(one.next_at),
        "good_at": text(one.good_at),
        "stopped_at": text(one.stopped_at),
    }
