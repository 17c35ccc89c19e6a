"""`haoma access policy`: what the policy says, and how it is changed.

Rules held here:
- What the policy says can be asked without changing or recording anything; what it decides on somebody is recorded.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from haoma.app import Services
from haoma.cli.acting import acting, now
from haoma.cli.options import current_settings
from haoma.cli.output import Format, format_option, note, write
from haoma.errors import BadInput, NotFound

if TYPE_CHECKING:
    from haoma.access.policy import Policy

__all__ = ["policy"]

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group()
def policy() -> None:
    """What is allowed: see it, check it, ask it, change it."""


@policy.command()
@click.option("--shipped", is_flag=True, help="The one haoma comes with, whatever is in force.")
def show(shipped: bool) -> None:
    """Print the policy in force, in Cedar; limits.cedar stands beside it always."""
    from haoma.access.policy import shipped_text

    click.echo(shipped_text() if shipped else _in_force().text, nl=False)


@policy.command()
@click.argument("file", type=FILE)
def check(file: Path) -> None:
    """Hold a policy FILE against Cedar, the schema, the limits, and that it can be changed again."""
    from haoma.access.change import check_policy

    check_policy(_text(file))
    note(f"{file}: a policy that could be put in force")


@policy.command()
@click.argument("role")
@click.argument("action")
@click.argument("what", metavar="OBJECT[.FIELD]")
@click.option("--in-case", is_flag=True, help="Inside an open case of theirs about the subject.")
@click.option("--machine", is_flag=True, help="A key in this role, with this scope, and no person.")
@format_option
@click.pass_context
def ask(ctx: click.Context, role: str, action: str, what: str, in_case: bool, machine: bool, fmt: Format) -> None:
    """Tell whether a ROLE may do an ACTION on an object, and by which policies; exit 1 where it may not."""
    from haoma.access import parse_role
    from haoma.access.policy import Circumstances, Question

    object_, _, field = what.partition(".")
    well = Circumstances(strong=True, in_case=in_case, same_tenant=True, scoped=True, own=False)
    question = Question(machine, frozenset({parse_role(role)}), action, object_, field, well)
    decision = _in_force().decide(question)
    write([{"allowed": decision.allowed, "policies": list(decision.policies), "version": decision.version}], fmt)
    ctx.exit(0 if decision.allowed else 1)


@policy.command()
@click.argument("file", type=FILE)
@format_option
def change(file: Path, fmt: Format) -> None:
    """Request that the policy in FILE come into force; two others approve it."""
    from haoma.access import request_policy

    with Services(current_settings(), create=False) as services:
        made = request_policy(services.approvals, acting(services), _text(file), now())
    write([{"approval": made.id, "digest": made.digest, "expires_at": made.expires_at.isoformat()}], fmt)


def _in_force() -> Policy:
    """The policy of the store, or the shipped one where there is no store."""
    from haoma.access.policy import Policy, shipped_text

    try:
        with Services(current_settings(), create=False) as services, services.store.read() as tx:
            return services.gate.policy(tx)
    except NotFound:
        return Policy(shipped_text(), 0)


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise BadInput(f"{file}: a policy is UTF-8 text") from None
