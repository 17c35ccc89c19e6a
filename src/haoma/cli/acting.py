"""Who acts on the command line: the person whose session stands in HAOMA_SESSION.

Rules held here:
- A session, a password and a code are never an argument, where other users of the machine could read them: they come
  from the environment, from a terminal that does not show them, or a line each from stdin.
"""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from haoma.cli.ledger_files import opened
from haoma.cli.told import utf8
from haoma.errors import BadInput, Refused

if TYPE_CHECKING:
    from haoma.access import Asker, Person
    from haoma.app import Services

__all__ = ["SESSION", "acting", "asked", "found", "now", "session"]

SESSION = "HAOMA_SESSION"


def now() -> datetime:
    """The time."""
    return datetime.now(UTC)


def acting(services: Services) -> Asker:
    """The person who is signed in; raises Refused where nobody is."""
    token = session()
    if not token and not services.people.anybody():
        raise Refused("there is nobody yet who could", hint="haoma access people add --first makes the first person")
    if not token:
        raise Refused("nobody is signed in", hint=f"export {SESSION}=$(haoma access sign-in --login NAME)")
    return services.sign_in.asker(token, now())


def asked(what: str, *, hidden: bool = True) -> str:
    """What a person types, or the next line of stdin."""
    if sys.stdin is not None and sys.stdin.isatty():
        return utf8(str(click.prompt(what, hide_input=hidden, err=True)), what)
    with opened(Path("-")) as stdin:
        line = stdin.readline().decode("utf-8", "surrogateescape")
    if not line.endswith("\n"):
        raise BadInput(f"stdin ends before the {what}", hint="a line for each that is asked for")
    return utf8(line[:-1].removesuffix("\r"), what)


def session() -> str:
    """The token in HAOMA_SESSION; empty where there is none."""
    return utf8(os.environ.get(SESSION, ""), SESSION)


def found(services: Services, name: str) -> Person:
    """The person with this login or id."""
    from haoma.access.rows import person_named

    with services.store.read() as tx:
        return person_named(tx, name)
