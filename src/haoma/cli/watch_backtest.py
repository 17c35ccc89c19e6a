"""`haoma watch backtest`: which alerts there would have been over a file of counts.

Rules held here:
- A line is written as soon as its alert is known; what was no count is told at the end, on stderr.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import TYPE_CHECKING

import click

from haoma.cli.options import current_settings
from haoma.cli.output import Format, Row, format_option, inert, note, progress, write

if TYPE_CHECKING:
    from haoma.watch.running.backtest import Alerted

__all__ = ["backtest"]

SHOWN = ("time", "hotline", "channel", "score", "known_at")


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=Path))
@click.option(
    "--bucket-minutes",
    "width",
    type=click.IntRange(1, 60),
    metavar="N",
    help="How wide buckets are, a part of an hour; by default as wide as the least step between two.",
)
@click.option("--no-holidays", "plain", is_flag=True, help="Know workdays and weekends alone, and no holidays.")
@click.option(
    "--corrector", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="A model of haoma watch train."
)
@format_option
def backtest(file: Path, width: int | None, corrector: Path | None, fmt: Format, *, plain: bool) -> None:
    """Show the alerts of FILE, a CSV with the columns timestamp, hotline, inquiries and errors; - for stdin.

    Times without a zone are local time, UTC+8. Rows may stand in any order; nothing is looked ahead at.
    """
    from haoma.app.watch_parts import corrector_of, manner_of
    from haoma.watch.calendar import Calendar
    from haoma.watch.running.backtest import backtest as alerts
    from haoma.watch.running.buckets import survey

    manner = manner_of(current_settings())
    model = corrector_of(corrector) if corrector else manner.model
    with _on_disk(file) as path:
        found, calendar = survey(path, width), Calendar(lambda _day: None) if plain else None
        with progress("rows", found.rows) as advance:
            rows = (_row(one, fmt) for one in alerts(path, found, manner.tuning, calendar, model, advance))
            write(rows, fmt, columns=SHOWN)
    refused = f", {found.refused:,} cells were no counts" if found.refused else ""
    note(f"{found.rows:,} rows of {len(found.names):,} hotlines{refused}")


def _row(one: Alerted, fmt: Format) -> Row:
    from haoma.watch.model import SHANGHAI_MIN
    from haoma.watch.running.moments import local_text

    return {
        "time": inert(one.time, fmt),
        "hotline": inert(one.hotline, fmt),
        "channel": one.channel.label,
        "score": round(one.score, 6),
        "known_at": f"{local_text(one.known, SHANGHAI_MIN).replace(' ', 'T')}+08:00",
    }


@contextmanager
def _on_disk(file: Path) -> Iterator[Path]:
    """A file that can be read twice: stdin is kept in one for as long as it takes."""
    if file != Path("-"):
        yield file
        return
    from shutil import copyfileobj

    from haoma.cli.ledger_files import opened

    with NamedTemporaryFile(prefix="haoma-watch-", suffix=".csv") as kept, opened(file) as stdin:
        copyfileobj(stdin, kept)
        kept.flush()
        yield Path(kept.name)
