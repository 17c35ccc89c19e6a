"""`haoma hotline organisation`: who has hotlines, how else they are called, and which domains are theirs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import click

from haoma.app import Services
from haoma.cli.acting import acting
from haoma.cli.hotline_asked import REASON, request
from haoma.cli.options import current_settings
from haoma.cli.output import Format, Row, format_option, write
from haoma.errors import BadInput

__all__ = ["organisation"]


@click.group()
def organisation() -> None:
    """Organisations: see them, ask for one to be added or changed."""


def _named(command: Callable[..., None]) -> Callable[..., None]:
    options = [
        click.option(
            "--alias", "aliases", multiple=True, metavar="NAME", help="What it is also called; again for each."
        ),
        click.option("--domain", "domains", multiple=True, metavar="NAME", help="A domain of its own; again for each."),
    ]
    for option in reversed(options):
        command = option(command)
    return command


@organisation.command("add")
@click.argument("name")
@_named
@REASON
@format_option
def add_organisation(name: str, aliases: tuple[str, ...], domains: tuple[str, ...], reason: str, fmt: Format) -> None:
    """Ask that an organisation NAME be added; somebody else approves it."""
    import uuid

    from haoma.guard.model import Names
    from haoma.guard.registry import Organisation, added

    with Services(current_settings(), create=False) as services:
        made = Organisation(str(uuid.uuid4()), Names(name, aliases, domains))
        request(services, acting(services), [added(made)], reason, fmt)


@organisation.command("change")
@click.argument("which", metavar="NAME|UID")
@click.option("--name", metavar="NAME", help="What it is to be called.")
@_named
@REASON
@format_option
def change_organisation(
    which: str, name: str | None, aliases: tuple[str, ...], domains: tuple[str, ...], reason: str, fmt: Format
) -> None:
    """Ask that an organisation be called otherwise; aliases or domains that are named take the place of all before."""
    from haoma.guard.model import Names
    from haoma.guard.registry import changed

    with Services(current_settings(), create=False) as services:
        by = acting(services)
        one = services.registry.organisation(by, which)
        names = Names(name or one.names.name, aliases or one.names.aliases, domains or one.names.domains)
        asked = changed(one, replace(one, names=names))
        if asked is None:
            raise BadInput("the organisation is like this already", hint="haoma hotline organisation list shows it")
        request(services, by, [asked], reason, fmt)


@organisation.command("list")
@format_option
def list_organisations(fmt: Format) -> None:
    """Show the organisations, how else they are called, and their domains."""
    with Services(current_settings(), create=False) as services:
        rows: list[Row] = [
            {
                "uid": one.uid,
                "name": one.names.name,
                "aliases": list(one.names.aliases),
                "domains": list(one.names.domains),
                "version": one.version,
            }
            for one in services.registry.organisations(acting(services))
        ]
    write(rows, fmt)
