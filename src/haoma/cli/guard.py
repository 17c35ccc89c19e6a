"""`haoma guard`: whose numbers a page shows, where a hotline goes wrong, and what is learnt from it.

Rules held here:
- Each command is in a file of its own; this one lists them.
"""

from __future__ import annotations

import click

from haoma.cli.guard_check import check
from haoma.cli.guard_extract import extract
from haoma.cli.guard_improve import improve
from haoma.cli.guard_incidents import channels, figures, incidents, tell, tickets
from haoma.cli.guard_probe import probe
from haoma.cli.guard_review import review

__all__ = ["guard"]


@click.group()
def guard() -> None:
    """Guard the company's hotlines: find where they are wrong, where it began, and what to learn from it."""


for _command in (extract, check, incidents, tickets, tell, channels, figures, probe, review, improve):
    guard.add_command(_command)
