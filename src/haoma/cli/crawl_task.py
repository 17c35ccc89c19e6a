"""`haoma crawl task`: what waits for a person: a no, a captcha, a shopper's call, a page that breaks its reader."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from haoma.cli.acting import now
from haoma.cli.options import current_settings
from haoma.cli.output import Format, Row, format_option, write

if TYPE_CHECKING:
    from haoma.guard.crawl.model import Task

__all__ = ["task"]


@click.group()
def task() -> None:
    """Tasks of people; a host that has one is not asked for anything."""


@task.command("list")
@format_option
def list_tasks(fmt: Format) -> None:
    """Show the tasks that are open, the oldest first."""
    from haoma.app import Services
    from haoma.guard.crawl.tasks import open_tasks

    with Services(current_settings(), create=False) as services, services.store.read() as tx:
        rows: list[Row] = [_row(one) for one in open_tasks(tx)]
    write(rows, fmt)


@task.command("add")
@click.option("--source", "source_id", required=True, metavar="ID", help="The source of kind shopper.")
@click.option("--note", "text", required=True, metavar="TEXT", help="What to do, in a line.")
@format_option
def add_task(source_id: str, text: str, fmt: Format) -> None:
    """Ask a mystery shopper for something; haoma crawl submit takes what came of it."""
    from haoma.app import Services

    with Services(current_settings(), create=False) as services:
        made = services.crawl.shop(source_id, text)
    write([_row(made)], fmt)


@task.command("done")
@click.argument("task_id", metavar="ID")
@click.option("--by", required=True, metavar="NAME", help="Who did it.")
@format_option
def done(task_id: str, by: str, fmt: Format) -> None:
    """Say that a task is done; its host is asked again, or its pages tried anew."""
    from haoma.app import Services
    from haoma.guard.crawl.tasks import end_task

    with Services(current_settings(), create=False) as services:
        ended = services.store.write(lambda tx: end_task(tx, services.ledger, task_id, by, now()))
    write([_row(ended)], fmt)


def _row(one: Task) -> Row:
    return {
        "task": one.id,
        "kind": str(one.kind),
        "host": one.host,
        "source": one.source,
        "note": one.note,
        "opened_at": one.opened_at.isoformat(),
        "done_at": one.done_at.isoformat() if one.done_at else None,
        "done_by": one.done_by,
    }
