"""`haoma hotline`: the company's own numbers, what they are for, and how that came to be.

Rules held here:
- Who acts is who is signed in (HAOMA_SESSION). What changes is a request, which somebody else approves.
- A hotline's number is public, and shown whole. Who looks after it is shown to whom the policy lets.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from haoma.app import Services
from haoma.cli.acting import acting, now
from haoma.cli.hotline_change import add, change, retire_hotline
from haoma.cli.hotline_import import import_hotlines
from haoma.cli.hotline_organisation import organisation
from haoma.cli.options import current_settings
from haoma.cli.output import Format, Row, format_option, note, write
from haoma.errors import BadInput, NotFound

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from haoma.guard.registry import Hotline, Organisation

__all__ = ["hotline"]


@click.group()
def hotline() -> None:
    """The registry of hotlines: whose each number is, what for, since when, and who decided so."""


for _command in (add, change, retire_hotline, import_hotlines, organisation):
    hotline.add_command(_command)


@hotline.command("list")
@click.option("--organisation", "name", metavar="NAME", help="Of this one alone, by name, alias or UID.")
@click.option("--at", metavar="TIME", help="As they were, or will be, valid then; now without it.")
@click.option("--all", "every", is_flag=True, help="Retired ones and those to come, too.")
@format_option
def list_hotlines(name: str | None, at: str | None, every: bool, fmt: Format) -> None:
    """Show the hotlines that are valid."""
    from haoma.guard.registry.model import moment_of

    if every and at is not None:
        raise BadInput("all of them are valid at no one time", hint="--at TIME, or --all")
    moment = now() if at is None else moment_of(at)
    with Services(current_settings(), create=False) as services:
        registry, by = services.registry, acting(services)
        only = None if name is None else registry.organisation(by, name).uid
        found = [one for one in registry.hotlines(by, now()) if only in (None, one.organisation)]
        names = _names(registry.organisations(by))
    write([_row(one, names) for one in found if every or one.valid_at(moment)], fmt)


@hotline.command()
@click.argument("what", metavar="UID|NUMBER")
@format_option
def show(what: str, fmt: Format) -> None:
    """Show a hotline by its UID, or all that have, had or will have a NUMBER."""
    from haoma.guard.registry import uri_of

    with Services(current_settings(), create=False) as services:
        registry, by = services.registry, acting(services)
        every, names = registry.hotlines(by, now()), _names(registry.organisations(by))
    found = [one for one in every if one.uid == what] or [one for one in every if one.uri == uri_of(what)]
    if not found:
        raise NotFound("no hotline has this number", hint="haoma hotline list --all shows every one")
    write([_row(one, names) for one in found], fmt)


@hotline.command()
@click.argument("approval")
@format_option
def proposed(approval: str, fmt: Format) -> None:
    """Show what the request APPROVAL would change, field by field, beside what is there now."""
    with Services(current_settings(), create=False) as services:
        one, found = services.registry.proposed(acting(services), approval, now())
    rows: list[Row] = [
        {"do": each.do, "uid": each.uid, "name": each.name, "field": each.field, "now": each.before, "then": each.after}
        for each in found
    ]
    write(rows, fmt)
    note(f"the request is {one.state}; its digest is {one.digest}")


@hotline.command()
@click.argument("uid", metavar="UID")
@format_option
def history(uid: str, fmt: Format) -> None:
    """Show every change of a hotline or an organisation: when, what, why, who asked, who approved."""
    with Services(current_settings(), create=False) as services:
        past = services.registry.history(acting(services), uid, now())
        rows: list[Row] = [
            {
                "version": one.version,
                "change": one.change,
                "at": one.at.isoformat(),
                "reason": one.reason,
                "requested_by": one.requested_by,
                "approved_by": list(one.approved_by),
                "approval": one.approval,
                "fact": one.fact,
                "entry": one.entry,
                "index": services.view.index_of(one.entry),
                "state": one.state,
            }
            for one in past
        ]
    write(rows, fmt)


@hotline.command()
@format_option
def audit(fmt: Format) -> None:
    """Hold the registry to its changes, these to the log, and the log to them; exit 5 where one differs."""
    from haoma.guard.registry import audit_registry

    with Services(current_settings(), create=False) as services, services.store.read() as tx:
        found = audit_registry(tx, services.commitments)
    write([{"organisations": found.organisations, "hotlines": found.hotlines, "changes": found.changes}], fmt)


def _names(companies: Sequence[Organisation]) -> Mapping[str, str]:
    return {one.uid: one.names.name for one in companies}


def _row(one: Hotline, names: Mapping[str, str]) -> Row:
    return {
        "uid": one.uid,
        "organisation": names[one.organisation],
        "number": one.uri,
        "purposes": sorted(map(str, one.purposes)),
        "channels": list(one.channels),
        "owner": one.owner,
        "valid_from": _told(one.valid_from),
        "valid_until": one.valid_until and _told(one.valid_until),
        "shared": one.shared,
        "mobile": one.mobile,
        "version": one.version,
    }


def _told(at: datetime) -> str:
    """A moment as the registry takes it: China's."""
    from haoma.guard.registry.model import CHINA

    return at.astimezone(CHINA).isoformat()
