"""`haoma case audit`: whether what is kept of cases still stands as it was recorded.

Rules held here:
- It is run by whoever runs the store, signed in or not: it tells counts, and the number of the first row that differs.
"""

from __future__ import annotations

import click

from haoma.app import Services
from haoma.cli.options import current_settings
from haoma.cli.output import Format, format_option, write

__all__ = ["audit"]


@click.command()
@format_option
def audit(fmt: Format) -> None:
    """Hold references, numbers, codes and searches to the log, and the log to them; exit 5 where one differs."""
    from haoma.locate.cases.audit import audit_cases

    with Services(current_settings(), create=False) as services, services.store.read() as tx:
        found = audit_cases(tx, services.consent.office)
    told = {"references": found.references, "numbers": found.numbers}
    write([{**told, "codes": found.codes, "searches": found.searches}], fmt)
