"""`haoma access export`: ask for rows in bulk, for one recipient.

Rules held here:
- Nothing is read and no file is written here: that is `haoma access approve run`, once two others have approved it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from haoma.app import Services
from haoma.cli.moments import moment
from haoma.cli.options import current_settings
from haoma.cli.output import Format, format_option
from haoma.cli.requested import request

if TYPE_CHECKING:
    from haoma.ledger.forms import Json

__all__ = ["export"]


@click.command()
@click.argument("what")
@click.option("--from", "since", metavar="DATE", required=True, help="The first moment, or day: 2026-11-01.")
@click.option("--to", "until", metavar="DATE", required=True, help="The first moment that is not among them.")
@click.option("--column", "columns", multiple=True, metavar="NAME", help="A column; all that may leave without it.")
@click.option("--rows", type=click.IntRange(1, 100_000), required=True, help="How many rows at the most.")
@click.option("--purpose", metavar="WORD", required=True, help="What for, as a code: audit-2026.")
@click.option("--recipient", metavar="WORD", required=True, help="Whom it is for, as a code: acme-auditor.")
@click.option("--key", metavar="HEX", help="Their X25519 key: times are exact then, and the file is sealed to it.")
@format_option
def export(what: str, since: str, until: str, columns: tuple[str, ...], fmt: Format, **more: Json) -> None:
    """Request a file of WHAT: audit, consents, decisions, disclosures or facts, masked, of a time that is over."""
    from haoma.app.exporting import exportables

    known = exportables().get(what)
    names = list(columns or (known.columns if known else ()))
    said: dict[str, Json] = {"what": what, "columns": [*names]}
    said |= {"from": moment(since).isoformat(), "to": moment(until).isoformat()}
    said |= {name: value for name, value in more.items() if value is not None}
    with Services(current_settings(), create=False) as services:
        request(services, "bulk-export", said, fmt)
