"""`haoma case keep|places`, `haoma vault retention extend`: the places that a case keeps, and for how long.

Rules held here:
- A location token comes from stdin. A place is on stdout alone, and that it was shown is recorded.
"""

from __future__ import annotations

import json

import click

from haoma.app import Services
from haoma.cli.acting import acting, asked, now
from haoma.cli.options import current_settings
from haoma.cli.output import Format, Row, format_option, write
from haoma.cli.requested import request

__all__ = ["extend", "keep", "places"]

CASE = click.argument("case_id", metavar="CASE")


@click.command()
@CASE
@format_option
def keep(case_id: str, fmt: Format) -> None:
    """Keep in CASE what a location token stands for, a line from stdin, for half a year at the most."""
    with Services(current_settings(), create=False) as services:
        kept = services.case_places.keep(acting(services), case_id, asked("location token").strip())
    write([{"case": case_id, "place": kept.id, "until": kept.until.isoformat()}], fmt)


@click.command()
@CASE
@format_option
def places(case_id: str, fmt: Format) -> None:
    """Show the places that CASE keeps, to an agent inside an open case about the customer."""
    with Services(current_settings(), create=False) as services:
        found = services.case_places.shown(acting(services), case_id)
    rows: list[Row] = [
        {
            "place": one.id,
            "kept_at": one.kept_at.isoformat(),
            "until": one.until.isoformat(),
            "extended": one.extended,
            "value": json.loads(one.value),
        }
        for one in found
    ]
    write(rows, fmt)


@click.command()
@CASE
@click.option("--reason", metavar="WORD", required=True, help="A code for the record, such as police-case.")
@format_option
def extend(case_id: str, reason: str, fmt: Format) -> None:
    """Request that the places of CASE be kept for two years, not for half a year; two others approve it."""
    from haoma.locate.kept import places_to_extend

    with Services(current_settings(), create=False) as services:
        with services.store.read() as tx:
            ids = places_to_extend(tx, case_id, now())
        request(services, "extend-retention", {"case": case_id, "reason": reason, "places": [*ids]}, fmt)
