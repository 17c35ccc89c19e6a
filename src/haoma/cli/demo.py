"""`haoma demo`: the main jobs on made-up data, each result held against what must come out.

Rules held here:
- A step is a check: what is expected is known from how the data was made or from outside, never from what came out.
- A chapter shows one part of haoma; a new part is a new name in `CHAPTERS`.
- Every step is an entry of a log of the demo's own, so that the last chapter can prove what the first ones said.
- Nothing waits for a person. Files go to a directory that is removed at the end, unless `--keep` names one.
- Everything shown is made up or a public hotline, so that it is shown in full.
"""

from __future__ import annotations

import hashlib
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path

import click

from haoma.app import Services
from haoma.cli.options import current_settings
from haoma.cli.output import Format, Row, note, write
from haoma.cli.stage import Stage, Step
from haoma.ledger.entry import Entry, Json
from haoma.ledger.events import STEP_TAKEN

__all__ = ["CHAPTERS", "demo"]

CHAPTERS = (
    "haoma.cli.demo_file:chapter",
    "haoma.cli.demo_hotlines:chapter",
    "haoma.cli.demo_consent:chapter",
    "haoma.cli.demo_guard:chapter",
    "haoma.cli.demo_watch:chapter",
    "haoma.cli.demo_ledger:chapter",
)
NEXT = """
Next:
  haoma number parse 0571-88888888转8001      what one number is
  haoma number lookup 13800138000             who was allocated it, where it was issued, and how sure that is
  haoma number enrich FILE.csv -o OUT.parquet --column phone
  haoma locate verify --help                  whether a customer is near, as they have consented
  haoma guard --help                          what is published wrong of your hotlines, where, and since when
  haoma watch --help                          when their callers go elsewhere
  haoma data status                           where all this is known from
  haoma ledger append FILE                    record that a file was as it is; then prove, verify, audit
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
        settings = replace(current_settings(), store_dir=directory / "store", database="")
        with Services(settings) as services:
            steps = _taken(Stage(directory, rows, shown=shown, serve=not no_serve, services=services), taken)
            write((_told(step) if shown else step.row() for step in steps), fmt, title="Checks")
    wrong = sum(not step.ok for step in taken)
    if shown:
        click.echo(NEXT)
    note(f"{len(taken)} steps, {wrong} not as expected" + (f"; files in {keep}" if keep else ""))
    ctx.exit(1 if wrong else 0)


def _taken(stage: Stage, taken: list[Step]) -> Iterator[Step]:
    run_id = str(uuid.uuid4())
    for place in CHAPTERS:
        module, name = place.split(":")
        for step in getattr(import_module(module), name)(stage):
            taken.append(_recorded(stage.services, step, run_id, len(taken)))
            yield taken[-1]


def _recorded(services: Services, step: Step, run_id: str, number: int) -> Step:
    """The step with the id of the entry that says so."""
    name, got = (hashlib.sha256(str(text).encode()).hexdigest() for text in (step.step, step.got))
    body: dict[str, Json] = {"run": run_id, "step": number, "name": name, "got": got, "ok": step.ok}
    entry = Entry(STEP_TAKEN.name, datetime.now(UTC), body)
    return replace(step, entry=services.store.write(lambda tx: services.ledger.append(tx, entry)))


def _told(step: Step) -> Row:
    """A step for a person: what was expected is what came out, unless it says otherwise."""
    got, expected = (f"{value:,}" if type(value) is int else str(value) for value in (step.got, step.expected))
    told = got if step.ok else f"{got}, not {expected}"
    return {"step": step.step, "ok": "yes" if step.ok else "NO", "got": told, "entry": step.entry}


@contextmanager
def _directory(keep: Path | None) -> Iterator[Path]:
    if keep is not None:
        keep.mkdir(parents=True, exist_ok=True)
        yield keep
        return
    with tempfile.TemporaryDirectory(prefix="haoma-demo-") as name:
        yield Path(name)
