"""`haoma watch`: counts of calls and errors as they come, and what is out of the ordinary in them.

Rules held here:
- Each command is in a file of its own; this one lists them.
"""

from __future__ import annotations

import click

from haoma.cli.watch_audit import audit
from haoma.cli.watch_backtest import backtest
from haoma.cli.watch_explain import explain
from haoma.cli.watch_ingest import ingest
from haoma.cli.watch_run import run
from haoma.cli.watch_score import score
from haoma.cli.watch_status import status
from haoma.cli.watch_train import train

__all__ = ["watch"]

_COMMANDS: tuple[click.Command, ...] = (ingest, run, status, explain, audit, backtest, score, train)


@click.group()
def watch() -> None:
    """Watch call and error counts: notice within minutes what is out of the ordinary."""


for _command in _COMMANDS:
    watch.add_command(_command)
