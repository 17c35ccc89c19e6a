"""`haoma guard check`: what one page says of an organisation's hotlines.

Rules held here:
- It is run by whoever runs the store, signed in or not: a person's own say is `haoma review decide`.
- A page out of a file is a look like any other, at the time that is given, which is none to come; the same page at the
  same time is one look.
- Exit 1 where something is wrong.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

import click

from haoma.cli.acting import now
from haoma.cli.moments import moment
from haoma.cli.options import current_settings
from haoma.cli.output import Format, Row, format_option, inert, note, write
from haoma.errors import BadInput

if TYPE_CHECKING:
    from datetime import datetime

    from haoma.app import Services
    from haoma.guard.judge import Checked, Finding

__all__ = ["check"]

KINDS = ("official", "page", "platform", "feed", "submission", "shopper")


@click.command()
@click.argument("snapshot_id", metavar="SNAPSHOT", required=False)
@click.option("--file", "page", type=click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=Path),
              help="A page that was not crawled; - for stdin.")  # fmt: skip
@click.option("--url", metavar="URL", help="Where that page is.")
@click.option("--organisation", metavar="NAME", help="Whose hotlines are meant: a name, alias or UID.")
@click.option("--kind", type=click.Choice(KINDS), default="page", show_default=True, help="What that page is.")
@click.option("--at", metavar="TIME", help="When it looked so; now without it.")
@format_option
@click.pass_context
def check(
    ctx: click.Context,
    /,
    snapshot_id: str | None,
    page: Path | None,
    organisation: str | None,
    fmt: Format,
    **said: str | None,
) -> None:
    """Judge SNAPSHOT of the crawl, or a page out of a file: verdicts, votes, incidents."""
    from haoma.app import Services

    if (snapshot_id is None) == (page is None):
        raise BadInput("one page is judged", hint="the id of a snapshot, or --file with --url and --organisation")
    with Services(current_settings(), create=False) as services:
        if snapshot_id is not None:
            done = _of_crawl(services, snapshot_id)
        else:
            if page is None or not said["url"] or organisation is None:
                raise BadInput("where is the page, and whose hotlines are meant?", hint="--url URL --organisation NAME")
            at = _past(said["at"]) if said["at"] else now()
            done = _of_file(services, page, organisation, said["url"], str(said["kind"]), at)
    if not done.new:
        note("this look was judged before, the page was not to be had, or its source is of no organisation")
    for incident in done.opened:
        note(f"opened incident {incident}")
    for incident in done.closed:
        note(f"closed incident {incident}")
    write([_row(one, fmt) for one in done.findings], fmt)
    ctx.exit(1 if any(one.bad for one in done.findings) else 0)


def _past(text: str) -> datetime:
    at = moment(text)
    if at > now():
        raise BadInput("nothing was seen at a time to come", hint="--at TIME is when the page looked so")
    return at


def _of_crawl(services: Services, snapshot_id: str) -> Checked:
    from haoma.guard.crawl import snapshots

    with services.store.read() as tx:
        found = snapshots.one(tx, snapshot_id)
        body = snapshots.read_of(tx, found)
    return services.looker.snapshot(found, body)


def _of_file(services: Services, page: Path, organisation: str, url: str, kind: str, at: datetime) -> Checked:
    from haoma.cli.ledger_files import read
    from haoma.guard.judge import Seen
    from haoma.guard.judge.model import SourceKind
    from haoma.guard.registry import one_organisation, organisations

    body = read(page)
    digest = hashlib.sha256(body).hexdigest()
    with services.store.read() as tx:
        about = one_organisation(organisations(tx), organisation).uid
    look = hashlib.sha256(f"{digest} {url} {at.isoformat()}".encode()).hexdigest()
    source = f"file-{hashlib.sha256(url.encode()).hexdigest()[:32]}"
    seen = Seen(look, source, SourceKind(kind), about, url, at, digest)
    return services.looker.page(seen, body)


def _row(one: Finding, fmt: Format) -> Row:
    return {
        "verdict": str(one.verdict),
        "number": one.shown.text if one.shown else None,
        "hotline": one.hotline,
        "rule": one.rule,
        "owner": inert(one.owner, fmt),
        "hidden": one.hidden,
        "confidence": one.confidence / 1_000_000,
        "xpath": one.xpath,
    }
