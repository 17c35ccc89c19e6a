"""What a chapter of the demo stands on: a place for files, a clock, tables to show, and the steps it takes.

Rules held here:
- A step is right when what came out equals what was expected; there is no third outcome.
- Tables are shown only where a person reads; a script gets the steps and nothing else.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import click

from haoma.app import Services
from haoma.cli.output import Format, Row, note, write

__all__ = ["Stage", "Step"]


@dataclass(frozen=True, slots=True)
class Step:
    """One check: what it was, what must come out, what came out; `entry` is the log's entry that says so."""

    step: str
    expected: str | int | bool
    got: str | int | bool | None
    entry: int | None = None

    @property
    def ok(self) -> bool:
        """Whether it came out as expected."""
        return self.expected == self.got

    def row(self) -> Row:
        """The step as a script reads it."""
        return {"step": self.step, "expected": self.expected, "got": self.got, "ok": self.ok, "entry": self.entry}


@dataclass(frozen=True, slots=True)
class Stage:
    """Where a chapter plays: its directory, how many rows to make, whether a person looks on or pages are served.

    `services` run on a store of the demo's own, whose log holds every step that was taken before.
    """

    directory: Path
    rows: int
    shown: bool
    serve: bool
    services: Services
    seconds: dict[str, float] = field(default_factory=dict)

    def say(self, text: str) -> None:
        """Tell the person what is going on, on stderr."""
        note(text)

    def show(self, title: str, rows: Iterable[Row]) -> None:
        """Show a table to the person."""
        if self.shown:
            write(rows, Format.TABLE, title=title)
            click.echo()

    @contextmanager
    def timed(self, what: str) -> Iterator[None]:
        """Add the wall time of the block to `seconds[what]`."""
        began = time.perf_counter()
        yield
        self.seconds[what] = self.seconds.get(what, 0.0) + time.perf_counter() - began
