"""`haoma watch train`: a corrector of expectations, learnt from a file or from simulated hotlines, with its card.

Rules held here:
- The model and its card are written when both are known, each whole or not at all and the card last: a model without
  one was not finished.
- The card tells the name of the file that was learnt from, unless there could be a phone number in it.
- Nothing is switched on: `haoma watch backtest --corrector` and the setting `watch_corrector` take a model by its name.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

import click

from haoma.cli.output import note, progress
from haoma.errors import BadInput, Conflict
from haoma.numbers.files.atomic import replacing

__all__ = ["train"]

T = TypeVar("T")
STEPS = 100


@click.command()
@click.argument("file", required=False, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--simulated", is_flag=True, help="Learn from hotlines that do not exist, in the place of FILE.")
@click.option("--weeks", type=click.IntRange(5, 26), default=8, show_default=True, help="Of simulated hotlines.")
@click.option("--hotlines", type=click.IntRange(1, 64), default=24, show_default=True, help="How many are simulated.")
@click.option("--held-weeks", type=click.IntRange(1, 8), default=2, show_default=True, help="Held out, to weigh it on.")
@click.option(
    "--epochs", type=click.IntRange(1, 20), default=3, show_default=True, help="How often it sees everything."
)
@click.option("--seed", type=click.IntRange(0), default=7, show_default=True, help="Of all that is drawn.")
@click.option(
    "-o", "--output", required=True, type=click.Path(dir_okay=False, path_type=Path), help="The model, an .onnx file."
)
@click.option("--overwrite", is_flag=True, help="Replace the model and its card where they are there already.")
def train(  # noqa: PLR0913 - one for each option
    file: Path | None,
    weeks: int,
    hotlines: int,
    held_weeks: int,
    epochs: int,
    seed: int,
    output: Path,
    *,
    simulated: bool,
    overwrite: bool,
) -> None:
    """Train a corrector on FILE (timestamp, hotline, inquiries, errors) or on simulated hotlines, and weigh it.

    Beside the model, MODEL.md and MODEL.json tell what it gains on weeks that it has not seen, against the plain
    detector. It takes minutes, needs torch (pip install torch==2.13.0) and haoma[lstm], and is switched on by nobody.
    """
    from haoma.watch import residual
    from haoma.watch.model import Tuning
    from haoma.watch.running import weeks as series_of

    if (file is None) != simulated:
        raise BadInput("it learns from a file or from simulated hotlines", hint="give FILE, or --simulated")
    if output.suffix != ".onnx":
        raise BadInput(f"{output} is no name of a model", hint="one that ends in .onnx")
    if not output.parent.is_dir():
        raise BadInput(f"{output.parent} is no directory", hint="a model and its card are written there")
    if not overwrite and any(os.path.lexists(output.with_suffix(end)) for end in (".onnx", ".json", ".md")):
        raise Conflict(f"{output} is there, or a card of its name", hint="name another one, or --overwrite")
    series = series_of.simulated(weeks, hotlines, seed) if file is None else series_of.from_file(file)
    least = residual.LEARNING_WEEKS + 1 + held_weeks
    if series.weeks < least:
        raise BadInput(f"{series.weeks:.1f} weeks of counts", hint=f"give {least} weeks, or hold out fewer")
    learning = len(series.counts) - held_weeks * residual.WEEK_MIN
    found, watch = _last("watching", residual.watched(series, Tuning(), learning))
    trained = _last("learning", residual.train(found, seed=seed, epochs=epochs))
    with TemporaryDirectory(prefix="haoma-train-") as kept:
        model = Path(kept) / "model.onnx"
        model.write_bytes(trained.model)
        gain = _last("weighing", residual.weigh(series, watch, model))
    about = residual.About(
        source="simulated hotlines" if file is None else _called(file.name),
        simulated=file is None,
        weeks=series.weeks,
        held_weeks=held_weeks,
        trained=trained,
        gain=gain,
        digest=hashlib.sha256(trained.model).hexdigest(),
    )
    text = residual.as_text(about)
    for end, content in ((".onnx", trained.model), (".md", text.encode()), (".json", residual.as_json(about))):
        with replacing(output.with_suffix(end), overwrite=overwrite) as written:
            written.write(content)
    click.echo(text)
    note(f"wrote {output}, and its card beside it: {residual.verdict(gain)}")


def _called(name: str) -> str:
    """A file by its name, where that is a plain one."""
    from haoma.access.model import holds_number

    return name if name.isprintable() and not holds_number(name) else "a file of counts"


def _last(what: str, steps: Iterator[float | T]) -> T:
    """What comes last, with the share done shown meanwhile."""
    with progress(what, STEPS) as advance:
        done = 0
        for step in steps:
            if not isinstance(step, float):
                return step
            advance(int(step * STEPS) - done)
            done = int(step * STEPS)
    raise AssertionError(what)
