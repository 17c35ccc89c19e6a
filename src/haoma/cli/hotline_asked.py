"""Asking for a change of the registry on the command line, and saying what comes next."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from haoma.cli.acting import now
from haoma.cli.output import Format, note, write

if TYPE_CHECKING:
    from collections.abc import Sequence

    from haoma.access import Asker
    from haoma.app import Services
    from haoma.guard.registry import Change

__all__ = ["REASON", "request"]

REASON = click.option("--reason", required=True, metavar="TEXT", help="Why; it stays in the history.")


def request(services: Services, by: Asker, changes: Sequence[Change], reason: str, fmt: Format) -> None:
    """Request these changes, and tell how they are approved and run."""
    made = services.registry.propose(by, changes, reason, now())
    row: dict[str, object] = {"approval": made.id, "digest": made.digest, "expires_at": made.expires_at.isoformat()}
    if len(changes) == 1:
        row["uid"] = changes[0].uid
    write([row], fmt)
    note(f"another one reads it: haoma hotline proposed {made.id}")
    note(f"and approves it: haoma access approve yes {made.id} --role approver --digest {made.digest}")
    note(f"then it is made: haoma access approve run {made.id}")
