"""`haoma hotline import`: hotlines out of a file, or out of the table of a content management system.

Rules held here:
- One request for all that an import changes. What becomes of each row is told first; `--dry-run` tells that alone.
- A row that cannot be is told with its reason and stops no other one; the exit code is 1 then.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from haoma.app import Services
from haoma.cli.acting import acting, now
from haoma.cli.hotline_asked import request
from haoma.cli.options import current_settings
from haoma.cli.output import Format, Row, format_option, note, write
from haoma.errors import BadInput

if TYPE_CHECKING:
    from haoma.guard.registry.diff import Line

__all__ = ["import_hotlines"]

PATH = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command("import")
@click.argument("file", required=False, type=PATH)
@click.option("--map", "chart", type=PATH, help="Which column is what, or which table; a TOML file.")
@click.option("--encoding", metavar="NAME", help="Of the file; told by itself without it.")
@click.option("--reason", metavar="TEXT", help="Why; it stays in the history.")
@click.option("--dry-run", is_flag=True, help="Tell what would change, and request nothing.")
@click.option("--unchanged", is_flag=True, help="Tell of rows that change nothing, too.")
@format_option
@click.pass_context
def import_hotlines(
    ctx: click.Context, /, file: Path | None, chart: Path | None, encoding: str | None, fmt: Format, **how: object
) -> None:
    """Ask that the registry take up what FILE, or the table that the map names, says; nothing is retired by it."""
    from haoma.guard.registry.diff import What
    from haoma.guard.registry.imports import rows_of

    if not how["dry_run"] and not how["reason"]:
        raise BadInput("a change has a reason", hint="--reason TEXT, or --dry-run to see what would change")
    rows, named = rows_of(file, chart, encoding)
    with Services(current_settings(), create=False) as services:
        by = acting(services)
        found = services.registry.compare(by, rows, named, now())
        told = [_row(line) for line in found.lines if how["unchanged"] or line.what is not What.UNCHANGED]
        if how["dry_run"] or not found.changes:
            write(told, fmt)
        else:
            for line in found.lines:
                if line.what is What.REFUSED:
                    note(f"row {line.row} is refused: {line.reason}")
            request(services, by, found.changes, str(how["reason"]), fmt)
    note(", ".join(f"{found.count(what):,} {what}" for what in What))
    ctx.exit(1 if found.count(What.REFUSED) else 0)


def _row(line: Line) -> Row:
    return {
        "row": line.row,
        "what": str(line.what),
        "organisation": line.organisation,
        "number": line.number,
        "uid": line.uid,
        "fields": list(line.fields),
        "reason": line.reason,
    }
