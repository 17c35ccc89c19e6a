"""`haoma db`: the database with all that haoma keeps.

Rules held here:
- `status` changes nothing; every other command of haoma brings the database up to date by itself, as `upgrade` does.
- A database that has lost a table is never called current, and not backed up. One that has lost a trigger is not
  called current either.
- A backup is whole or not there; a restore goes into an empty database alone.
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING

import click

from haoma.cli.options import current_settings
from haoma.cli.output import Format, format_option, note, progress, write
from haoma.errors import NotFound, Tampered

if TYPE_CHECKING:
    from haoma.storage import State

__all__ = ["db"]


@click.group()
def db() -> None:
    """See, bring up to date, back up and restore the database."""


@db.command()
@format_option
def upgrade(fmt: Format) -> None:
    """Make the database, or bring its tables up to date."""
    from haoma.storage import database_url, inspect_store, open_store

    url = database_url(current_settings())
    try:
        before = inspect_store(url).revision
    except NotFound:
        before = None
    open_store(url).close()
    after = inspect_store(url)
    write([{"database": after.name, "from": before, "to": after.revision}], fmt)
    _refuse_lost(after)


@db.command()
@format_option
@click.pass_context
def status(ctx: click.Context, fmt: Format) -> None:
    """Show which database it is, how far its tables are, and how large it is."""
    from haoma.storage import database_url, inspect_store

    state = inspect_store(database_url(current_settings()))
    row = {
        "database": state.name,
        "engine": f"{state.dialect} {state.version}",
        "revision": state.revision,
        "current": not (state.pending or state.lost),
        "pending": list(state.pending),
        "size_bytes": state.size_bytes,
    }
    write([row], fmt)
    _refuse_lost(state)
    if state.pending:
        note("the tables are behind; haoma db upgrade, or any command that uses them, brings them up to date")
        ctx.exit(1)


@db.command()
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    required=True,
    help="The file to write; it must not be there yet.",
)
@format_option
def backup(output: Path, fmt: Format) -> None:
    """Write all rows into one file, while others go on working."""
    from haoma.storage import back_up, database_url, open_store

    with open_store(database_url(current_settings()), create=False) as store, progress("rows") as advance:
        made = back_up(store, output, at=dt.datetime.now(dt.UTC), advance=advance)
    rows = sum(table.rows for table in made.tables)
    write([{"file": str(output), "revision": made.revision, "rows": rows, "sha256": made.sha256}], fmt)
    note("keys are not in it: keep the key files of store_dir somewhere else, and the sha256 with them")


@db.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--sha256", metavar="DIGEST", help="What haoma db backup showed; a backup with another digest is refused."
)
@format_option
def restore(file: Path, sha256: str | None, fmt: Format) -> None:
    """Check a backup, and put it into an empty database."""
    from haoma.storage import database_url, inspect_store
    from haoma.storage import restore as put_back

    url = database_url(current_settings())
    with progress("rows") as advance:
        found = put_back(file, url, sha256=sha256, advance=advance)
    rows = sum(table.rows for table in found.tables)
    state = inspect_store(url)
    made = {"created_at": found.created_at, "haoma": found.haoma, "sha256": found.sha256}
    write([{"database": state.name, "revision": state.revision, "rows": rows, **made}], fmt)


def _refuse_lost(state: State) -> None:
    from haoma.storage.schema import LOST

    if state.lost:
        message = f"{state.name}: tables, columns or triggers of {state.revision} are gone: {', '.join(state.lost)}"
        raise Tampered(message, hint=LOST)
