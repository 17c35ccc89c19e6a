"""`haoma access audit`: whether what was decided on whom still stands as it was recorded.

Rules held here:
- It is run by whoever runs the store, signed in or not: it tells counts, and the number of the first row that differs.
"""

from __future__ import annotations

import click

from haoma.app import Services
from haoma.cli.acting import now
from haoma.cli.options import current_settings
from haoma.cli.output import Format, format_option, note, write

__all__ = ["audit"]


@click.command()
@format_option
def audit(fmt: Format) -> None:
    """Hold decisions, audit rows, cases and requests to the log, and the log to them; exit 5 where one differs."""
    from haoma.access.held import hold

    with Services(current_settings(), create=False) as services, services.store.read() as tx:
        found = hold(tx, services.commitments, now())
    told = {"decisions": found.decisions, "audit_rows": found.audit_rows}
    write([{**told, "cases": found.cases, "approvals": found.approvals}], fmt)
    if found.untold:
        note(f"of {found.untold:,} that are to go the key is gone: only that they are there can be told")
