"""`haoma watch audit`: whether alerts stand as the log was told."""

from __future__ import annotations

from dataclasses import asdict

import click

from haoma.cli.options import current_settings
from haoma.cli.output import Format, format_option, write

__all__ = ["audit"]


@click.command()
@format_option
def audit(fmt: Format) -> None:
    """Hold every alert to the log, and the log to them; exit 5 where one differs."""
    from haoma.app import Services
    from haoma.watch.running.audit import audit_alerts

    with Services(current_settings(), create=False) as services, services.store.read() as tx:
        found = audit_alerts(tx)
    write([asdict(found)], fmt)
