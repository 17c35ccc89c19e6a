"""`haoma access approve|decisions`: what takes four eyes, and what was decided.

Rules held here:
- Who approves names the digest of what they have read.
- What a run shows, such as a number, is on stdout once; a rotation that was begun here is brought to its end here.
"""

from __future__ import annotations

import click

from haoma.app import Services
from haoma.cli.acting import acting, now
from haoma.cli.options import current_settings
from haoma.cli.output import Format, Row, format_option, note, progress, write

__all__ = ["approve", "decisions"]


@click.group()
def approve() -> None:
    """Four eyes: see what waits, approve or refuse it, run what is approved."""


@approve.command("list")
@format_option
def list_waiting(fmt: Format) -> None:
    """Show the requests that are not over."""
    with Services(current_settings(), create=False) as services:
        rows: list[Row] = [
            {
                "approval": one.id,
                "action": one.action,
                "state": one.state,
                "approved_by": [str(vote.role) for vote in one.votes],
                "expires_at": one.expires_at.isoformat(),
            }
            for one in services.approvals.waiting(acting(services), now())
        ]
    write(rows, fmt)


@approve.command("show")
@click.argument("approval")
@format_option
def show_request(approval: str, fmt: Format) -> None:
    """Show a request with its payload and the digest to approve it by."""
    with Services(current_settings(), create=False) as services:
        one = services.approvals.one(acting(services), approval, now())
    told: Row = {"approval": one.id, "action": one.action, "state": one.state, "digest": one.digest}
    write([{**told, "requested_by": one.requester, "payload": one.payload}], fmt)


@approve.command("yes")
@click.argument("approval")
@click.option("--role", required=True, help="The role of yours in which you approve.")
@click.option("--digest", required=True, metavar="SHA256", help="Of what you have read, as `show` tells it.")
def approve_it(approval: str, role: str, digest: str) -> None:
    """Approve the request with this id."""
    from haoma.access import parse_role

    with Services(current_settings(), create=False) as services:
        one = services.approvals.approve(acting(services), approval, parse_role(role), digest, now())
    note(f"the request is {one.state}")


@approve.command("no")
@click.argument("approval")
@click.option("--role", required=True, help="The role of yours in which you refuse.")
def refuse_it(approval: str, role: str) -> None:
    """Refuse the request with this id: it is over."""
    from haoma.access import parse_role

    with Services(current_settings(), create=False) as services:
        services.approvals.refuse(acting(services), approval, parse_role(role), now())


@approve.command()
@click.argument("approval")
def withdraw(approval: str) -> None:
    """Take back a request of your own."""
    with Services(current_settings(), create=False) as services:
        services.approvals.withdraw(acting(services), approval, now())


@approve.command("run")
@click.argument("approval")
@format_option
def run_it(approval: str, fmt: Format) -> None:
    """Run what was approved, once, and show what comes of it."""
    with Services(current_settings(), create=False) as services:
        done = services.approvals.run(acting(services), approval, now())
        shown = done.shown if isinstance(done.shown, dict) else {}
        write([{"approval": done.id, "action": done.action, "state": done.state, **shown}], fmt)
        if done.action == "rotate-key":
            with progress("keys and numbers") as advance:
                services.rotation.go_on(advance)


@click.command()
@click.option("--limit", type=click.IntRange(1, 10_000), default=100, show_default=True, help="How many, newest first.")
@format_option
def decisions(limit: int, fmt: Format) -> None:
    """Show what was decided on whom, and by which policies; for auditors and the data-protection officer."""
    with Services(current_settings(), create=False) as services:
        rows: list[Row] = [
            {
                "decision": one.id,
                "at": one.at.isoformat(),
                "asker": one.asker,
                "action": one.action,
                "object": one.object,
                "allowed": one.decision.allowed,
                "policies": list(one.decision.policies),
                "version": one.decision.version,
            }
            for one in services.gate.recorded(acting(services), now(), limit=limit)
        ]
    write(rows, fmt)
