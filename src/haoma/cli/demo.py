"""`haoma demo`: the main jobs on made-up data, each result held against what must come out.

Rules held here:
- A step is a check: what is expected is known from how the data was made or from outside, never from what came out.
- A chapter shows one part of haoma; a new part is a new name in `CHAPTERS`.
- Nothing waits for a person. Files go to a directory that is removed at the end, unless `--keep` names one.
- Everything shown is made up or a public hotline, so that it is shown in full.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path

import click

from haoma.cli.output import Format, Row, note, write
from haoma.cli.stage import Stage, Step

__all__ = ["CHAPTERS", "demo"]

CHAPTERS = ("haoma.cli.demo_file:chapter", "haoma.cli.demo_hotlines:chapter")
NEXT = """
Next:
  haoma number parse 0571-88888888转8001      what one number is
  haoma number lookup 13800138000             who was allocated it, where it was issued, and how sure that is
  haoma number enrich FILE.csv -o OUT.parquet --column phone
  haoma data status                           where all this is known from
  make bench                                  the same beside other tools"""


@click.command()
@click.option("--rows", type=click.IntRange(1, 50_000_000), default=2_000_000, show_default=True, help="Cells to make.")
@click.option(
    "--keep",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Leave the files of the demo in this directory.",
)
@click.option("--no-serve", is_flag=True, help="Open no page: end when all is shown.")
@click.option(
    "--format",
    "fmt",
    type=click.Choice([str(fmt) for fmt in Format]),
    default=str(Format.TABLE),
    callback=lambda _ctx, _param, name: Format(name),
    help="Tables to read, also into a pipe; any other format writes one row a step and nothing else.",
)
@click.pass_context
def demo(ctx: click.Context, rows: int, keep: Path | None, no_serve: bool, fmt: Format) -> None:
    """Make a messy file of numbers, enrich it, and show what is known.

    Each step is checked; the exit code is 1 where one is not as expected.
    """
    shown = fmt is Format.TABLE
    with _directory(keep) as directory:
        taken = list[Step]()
        steps = _taken(Stage(directory, rows, shown=shown, serve=not no_serve), taken)
        write((_told(step) if shown else step.row() for step in steps), fmt, title="Checks")
    wrong = sum(not step.ok for step in taken)
    if shown:
        click.echo(NEXT)
    note(f"{len(taken)} steps, {wrong} not as expected" + (f"; files in {keep}" if keep else ""))
    ctx.exit(1 if wrong else 0)


def _taken(stage: Stage, taken: list[Step]) -> Iterator[Step]:
    for place in CHAPTERS:
        module, name = place.split(":")
        for step in getattr(import_module(module), name)(stage):
            taken.append(step)
            yield step


def _told(step: Step) -> Row:
    """A step for a person: what was expected is what came out, unless it says otherwise."""
    got, expected = (f"{value:,}" if type(value) is int else str(value) for value in (step.got, step.expected))
    return {"step": step.step, "ok": "yes" if step.ok else "NO", "got": got if step.ok else f"{got}, not {expected}"}


@contextmanager
def _directory(keep: Path | None) -> Iterator[Path]:
    if keep is not None:
        keep.mkdir(parents=True, exist_ok=True)
        yield keep
        return
    with tempfile.TemporaryDirectory(prefix="haoma-demo-") as name:
        yield Path(name)
