"""`haoma watch run`: judge counts as they come, until it is told to stop.

Rules held here:
- It is run by whoever runs the store. Of several one leads, and the others take over when it ends.
- What is under way when it is told to stop is not written, and done again by the next one: nothing is told twice.
"""

from __future__ import annotations

from dataclasses import asdict
from threading import Event

import click

from haoma.cli.options import current_settings
from haoma.cli.output import Format, Row, format_option, note, write
from haoma.errors import Unavailable

__all__ = ["run"]


@click.command()
@click.option("--once", is_flag=True, help="Judge what is due now, and end.")
@format_option
def run(once: bool, fmt: Format) -> None:
    """Judge the counts of every minute that is over: alerts, incidents, and the crawl that each asks for."""
    from haoma.app import Services
    from haoma.watch.running.runner import Ran

    with Services(current_settings(), create=False) as services:
        if once:
            done = services.watch_runner.once()
            if done is None:
                raise Unavailable("another process judges these counts", hint="one at a time does")
            write([_row(done)], fmt)
            return
        said: list[str] = []

        def waits(why: str) -> None:
            if said[-1:] != [why]:
                note(f"waiting: {why}" if why else "judging counts; Ctrl-C ends it")
            said[:] = [why]

        def told(done: Ran) -> None:
            if done.raised or done.over or done.anew:
                write([_row(done)], fmt)

        services.watch_runner.run(Event(), told, waits)


def _row(done: object) -> Row:
    from haoma.watch.model import SHANGHAI_MIN
    from haoma.watch.running.moments import local_text
    from haoma.watch.running.runner import Ran

    row = asdict(done) if isinstance(done, Ran) else {}
    minute = row.pop("minute", None)
    return {"until": None if minute is None else local_text(minute + 1, SHANGHAI_MIN), **row}
