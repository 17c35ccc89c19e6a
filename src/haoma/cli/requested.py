"""Requesting on the command line what takes four eyes.

Rules held here:
- What is to be done next is told with the request: who approves it, and how it is run.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from haoma.cli.acting import acting, now
from haoma.cli.output import Format, note, write

if TYPE_CHECKING:
    from haoma.app import Services
    from haoma.ledger.forms import Json

__all__ = ["request"]

RUN = "haoma access approve run"


def request(services: Services, action: str, payload: dict[str, Json], fmt: Format, then: str = RUN) -> None:
    """Request an action as who is signed in, and tell what is to be done next: `then`, with its id."""
    made = services.approvals.request(acting(services), action, payload, now())
    write([{"approval": made.id, "digest": made.digest, "expires_at": made.expires_at.isoformat()}], fmt)
    note("two others approve it: haoma access approve show, and yes with --role and --digest")
    note(f"then: {then} {made.id}")
