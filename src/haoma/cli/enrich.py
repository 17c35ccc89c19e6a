"""`haoma number enrich`: a file in, the same rows with what is known of each number out.

Rules held here:
- Rows go to the file or to stdout; progress, the summary and notes go to stderr.
- With `--pseudonymise` no column that haoma reads or writes shows the number; other columns stay as they are.
- Invalid rows are no failure; `--strict` exits with 1 where there is one. Ctrl-C leaves no half file.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, cast

import click

from haoma.app import Services
from haoma.cli.options import current_settings
from haoma.cli.output import note
from haoma.errors import BadInput, Unavailable

if TYPE_CHECKING:
    from collections.abc import Callable

    import pyarrow as pa

    from haoma.numbers.files import Options, Summary

__all__ = ["enrich"]

FORMATS = click.Choice(["csv", "tsv", "jsonl", "parquet"])
SHOWN = 5


@click.command()
@click.argument("source", metavar="IN")
@click.option("-o", "--output", required=True, metavar="OUT", help="File to write; with Spark, a directory.")
@click.option("--column", metavar="NAME", help="Column with the numbers; may be left out where there is one column.")
@click.option("--columns", metavar="NAMES", help="Columns to add, separated by commas; all where not given.")
@click.option("--prefix", default="", metavar="TEXT", help="Put in front of the names of added columns.")
@click.option("--encoding", metavar="NAME", help="Encoding of IN where it is text; found out otherwise.")
@click.option(
    "--delimiter", metavar="CHARACTER", help="What is between the cells of a CSV file; told by its header otherwise."
)
@click.option("--no-header", is_flag=True, help="The first row is data; --column is a number from 1.")
@click.option("--in-format", "source_format", type=FORMATS, help="Format of IN where its name does not tell.")
@click.option("--out-format", "target_format", type=FORMATS, help="Format of OUT where its name does not tell.")
@click.option("--overwrite", is_flag=True, help="Replace OUT where it is there already.")
@click.option("--strict", is_flag=True, help="Exit with 1 where a row is invalid; the file is written all the same.")
@click.option(
    "--engine", type=click.Choice(["local", "spark"]), default="local", show_default=True, help="What does the work."
)
@click.option("--master", metavar="URL", help="Spark's master: spark://host:7077; local[*] where not given.")
@click.option("--pseudonymise", is_flag=True, help="Write a subject token in place of the number; no column shows it.")
@click.option("--tenant", metavar="NAME", default="default", show_default=True, help="Whose key makes the tokens.")
@click.pass_context
def enrich(
    ctx: click.Context, /, *, source: str, output: str, column: str | None, strict: bool, **given: object
) -> None:
    """Add to each row of the file IN what is known of its number.

    CSV, TSV, JSON lines and Parquet, told by the files' names, .gz included; - is stdin and stdout.
    """
    if given["master"] is not None and given["engine"] != "spark":
        raise click.UsageError("--master is for --engine spark alone", ctx)
    if given["pseudonymise"] and given["engine"] == "spark":
        raise click.UsageError("--pseudonymise is for --engine local alone: keys do not leave this machine", ctx)
    if given["pseudonymise"]:
        with Services(current_settings()) as services:
            given["subjects"] = services.pseudonyms.column(str(given["tenant"]))
    options = _options(given)
    place = int(column) if column and column.isdigit() and not options.header else column
    if given["engine"] == "spark":
        from haoma.numbers.files.spark import enrich_on_spark

        master = given["master"]
        summary = enrich_on_spark(source, output, place, options, master=str(master) if master else None)
    else:
        summary = _locally(source, output, place, options)
    _tell(summary, output)
    ctx.exit(1 if strict and summary.invalid else 0)


def _options(given: dict[str, object]) -> Options:
    from haoma.numbers.files import FileFormat, Options

    def text(name: str) -> str | None:
        return None if given[name] is None else str(given[name])

    delimiter = {"\\t": "\t", "tab": "\t"}.get(text("delimiter") or "", text("delimiter"))
    if delimiter is not None and (len(delimiter) != 1 or not delimiter.isascii() or delimiter in '"\r\n'):
        raise BadInput(f"{delimiter!r} is no delimiter", hint="one ASCII character: , ; | or \\t")
    columns, source, target = text("columns"), text("source_format"), text("target_format")
    return Options(
        columns=None if columns is None else tuple(name.strip() for name in columns.split(",") if name.strip()),
        prefix=str(given["prefix"]),
        encoding=text("encoding"),
        delimiter=delimiter,
        header=not given["no_header"],
        source_format=FileFormat(source) if source else None,
        target_format=FileFormat(target) if target else None,
        overwrite=bool(given["overwrite"]),
        batch_rows=current_settings().batch_rows,
        subjects=cast("Callable[[pa.Array], pa.Array] | None", given.get("subjects")),
    )


def _locally(source: str, output: str, column: str | int | None, options: Options) -> Summary:
    from haoma.numbers.files import enrich_file

    if output == "-" and sys.__stdout__ is None:
        raise Unavailable("stdout is closed", hint="-o OUT writes to a file")
    with _bar(source) as advance:
        return enrich_file(source, output, column, options, progress=advance)


@contextmanager
def _bar(source: str) -> Iterator[Callable[[int], object]]:
    """A bar on a terminal that fills with the bytes of the file."""
    if not sys.stderr.isatty():
        yield lambda _advance: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TimeRemainingColumn, TransferSpeedColumn

    path = Path(source)
    shown = (BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn())
    with Progress(*shown, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=path.stat().st_size if path.is_file() else None)
        yield lambda advance: bar.update(task, advance=advance)


def _tell(summary: Summary, output: str) -> None:
    """The summary on stderr."""
    invalid = f"{summary.invalid:,} invalid, {summary.nulls:,} without a cell"
    note(f"{output}: {summary.rows:,} rows, {invalid}, in {summary.seconds:.1f} s ({summary.rows_per_s:,.0f} rows/s)")
    for title, counts in (("kinds", summary.kinds), ("reasons", summary.reasons)):
        if counts:
            note(f"  {title:8} {_top(counts)}")
    note(f"  {'added':8} {', '.join(summary.added)}")
    if summary.busy_s:
        note(f"  {'seconds':8} {', '.join(f'{stage} {spent:.1f}' for stage, spent in summary.busy_s.items())}")


def _top(counts: Counter[str]) -> str:
    shown = counts.most_common(SHOWN)
    rest = sum(counts.values()) - sum(count for _, count in shown)
    return ", ".join(f"{name} {count:,}" for name, count in [*shown, ("others", rest)] if count)
