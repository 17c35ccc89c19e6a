"""`haoma hotline add|change|retire`: asking that a hotline be otherwise.

Rules held here:
- What is asked for is told with all that it changes; nothing is there before somebody else has approved it.
- A personal mobile as a hotline is a slip of the pen, unless it is said to be meant.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import click

from haoma.app import Services
from haoma.cli.acting import acting, now
from haoma.cli.hotline_asked import REASON, request
from haoma.cli.options import current_settings
from haoma.cli.output import Format, format_option
from haoma.errors import BadInput

if TYPE_CHECKING:
    from datetime import datetime

    from haoma.guard.registry import Hotline

__all__ = ["add", "change", "retire_hotline"]

UID = click.argument("uid", metavar="UID")
FOR_EVER = "never"


def _described(command: Callable[..., None]) -> Callable[..., None]:
    """The options that say what a hotline is for, and until when."""
    options = [
        click.option(
            "--purpose", "purposes", multiple=True, metavar="NAME", help="客服, 投诉, 传真, 招商, 售后 or other."
        ),
        click.option(
            "--channel", "channels", multiple=True, metavar="NAME", help="Where it is given out; again for each."
        ),
        click.option("--owner", metavar="NAME", help="Who looks after it: a department or a role."),
        click.option("--from", "since", metavar="TIME", help="Valid from then on; a time without a zone is China's."),
        click.option("--until", metavar="TIME", help="Valid before then; `never` takes an end away."),
        click.option("--shared/--alone", default=None, help="Whether others have this number on purpose."),
        click.option("--mobile-on-purpose", "mobile", is_flag=True, help="A personal mobile, and that is meant."),
    ]
    for option in reversed(options):
        command = option(command)
    return command


@click.command()
@click.argument("number")
@click.option("--organisation", required=True, metavar="NAME", help="Whose it is, by name, alias or UID.")
@_described
@REASON
@format_option
def add(number: str, organisation: str, reason: str, fmt: Format, **said: object) -> None:
    """Ask that NUMBER become a hotline; somebody else approves it."""
    import uuid

    from haoma.guard.registry import Hotline, added, uri_of

    if not said["purposes"]:
        raise BadInput("a hotline has a purpose", hint="--purpose 客服")
    with Services(current_settings(), create=False) as services:
        by = acting(services)
        of = services.registry.organisation(by, organisation)
        plain = Hotline(str(uuid.uuid4()), of.uid, uri_of(number), frozenset(), (), now())
        request(services, by, [added(_with(plain, said))], reason, fmt)


@click.command()
@UID
@click.option("--number", help="The number that it is to have; its UID stays.")
@click.option("--organisation", metavar="NAME", help="Whose it is to be, by name, alias or UID.")
@_described
@REASON
@format_option
def change(uid: str, number: str | None, organisation: str | None, reason: str, fmt: Format, **said: object) -> None:
    """Ask that the hotline UID be otherwise; what is not named stays as it is."""
    from haoma.guard.registry import changed, uri_of

    with Services(current_settings(), create=False) as services:
        by = acting(services)
        before = services.registry.hotline(by, uid, now())
        of = before.organisation if organisation is None else services.registry.organisation(by, organisation).uid
        uri = before.uri if number is None else uri_of(number)
        asked = changed(before, _with(replace(before, uri=uri, organisation=of), said))
        if asked is None:
            raise BadInput("the hotline is like this already", hint="haoma hotline show tells how it is")
        request(services, by, [asked], reason, fmt)


@click.command("retire")
@UID
@click.option("--until", metavar="TIME", help="Valid before then; without it, until the request is run.")
@REASON
@format_option
def retire_hotline(uid: str, until: str | None, reason: str, fmt: Format) -> None:
    """Ask that the hotline UID be retired; it stays known, and its number is free."""
    from haoma.guard.registry import retired
    from haoma.guard.registry.model import moment_of

    with Services(current_settings(), create=False) as services:
        by = acting(services)
        one = services.registry.hotline(by, uid, now())
        asked = retired(one, None if until is None else moment_of(until))
        request(services, by, [asked], reason, fmt)


def _with(one: Hotline, said: dict[str, object]) -> Hotline:
    """The hotline as the options say."""
    from haoma.guard.registry import purpose_of

    purposes, channels = (_texts(said[name]) for name in ("purposes", "channels"))
    since = _moment(said["since"])
    return replace(
        one,
        purposes=frozenset(map(purpose_of, purposes)) or one.purposes,
        channels=tuple(dict.fromkeys(channels)) or one.channels,
        owner=one.owner if said["owner"] is None else str(said["owner"]),
        valid_from=since or one.valid_from,
        valid_until=None if said["until"] == FOR_EVER else _moment(said["until"]) or one.valid_until,
        shared=one.shared if said["shared"] is None else bool(said["shared"]),
        mobile=bool(said["mobile"]) or one.mobile,
    )


def _texts(given: object) -> tuple[str, ...]:
    return tuple(map(str, given)) if isinstance(given, tuple) else ()


def _moment(given: object) -> datetime | None:
    from haoma.guard.registry.model import moment_of

    return None if given is None else moment_of(str(given))
