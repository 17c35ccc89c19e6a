"""A file in, the same rows out with what is known of each number.

Rules held here:
- As many rows come out as went in, in their order, with all their columns; what is added stands behind them.
- Memory does not grow with the file. Reading, the engine and writing overlap, each in a thread of its own.
- A row that cannot be read comes out as `invalid` with its reason; it never stops the file.
- The target appears when it is whole, or not at all.
"""

from __future__ import annotations

import gzip
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

import pyarrow as pa
import pyarrow.compute as pc

from haoma.errors import BadInput
from haoma.numbers.columns import COLUMNS, enrich
from haoma.numbers.files.ahead import Ahead
from haoma.numbers.files.atomic import replacing
from haoma.numbers.files.delimited import KEPT, DelimitedReader, DelimitedWriter
from haoma.numbers.files.jsonl import JsonlReader, JsonlWriter, rest_of
from haoma.numbers.files.model import COMPRESSED, Batch, FileFormat, Options, Summary, Writer, format_of
from haoma.numbers.files.parquet import ParquetReader, ParquetWriter
from haoma.numbers.files.text import UTF_8, Text, open_text, opened

__all__ = ["COUNTED", "added_names", "enrich_batch", "enrich_file", "wanted_columns"]

STREAM = "-"
COUNTED = ("kind", "issued_by", "province", "reason")


def enrich_file(
    source: Path | str,
    target: Path | str,
    column: str | int | None = None,
    options: Options | None = None,
    *,
    progress: Callable[[int], object] | None = None,
) -> Summary:
    """Write the rows of `source` to `target` with what is known of the numbers in `column`, and tell what came out.

    CSV, TSV, JSON lines and Parquet, told by the files' names; "-" is stdin and stdout. `column` is a name, or a place
    from 1; None takes the only column. `progress` is called with each advance in bytes of `source`.

    Raises BadInput for what cannot be read or has no such column, Conflict where `target` is there already, Unavailable
    where the disk is full.
    """
    options = options or Options()
    wanted = wanted_columns(options)
    kinds = _formats(source, target, options)
    began = time.perf_counter()
    with ExitStack() as stack:
        reader, text = stack.enter_context(_reading(source, kinds, column, options))
        names = added_names(_names_kept(reader, kinds), _shown(wanted, options), options.prefix, reader.column)
        file = stack.enter_context(_writing(target, overwrite=options.overwrite))
        writer = stack.enter_context(_writer(file, kinds, reader, text, options))
        tally = _Tally(names)
        with tally.busy("load"):
            enrich(pa.array(["10086"]))
        _run(_hiding(reader.batches(), reader.place, options), writer, tally, wanted, options, progress)
    return tally.summary(time.perf_counter() - began)


def _run(
    rows: Iterator[Batch],
    writer: Writer,
    tally: _Tally,
    wanted: tuple[str, ...],
    options: Options,
    progress: Callable[[int], object] | None,
) -> None:
    asked = tuple(dict.fromkeys((*wanted, *COUNTED)))
    with (
        Ahead(tally.timed("read", rows)) as batches,
        Ahead(_enriched(batches, asked, tally, options)) as enriched,
    ):
        for batch, found in enriched:
            with tally.busy("write"):
                tally.count(found)
                writer.write(batch, found.select(wanted).rename_columns(list(tally.added)))
            if progress is not None:
                progress(batch.size)
    with tally.busy("write"):
        writer.finish()


def _enriched(
    batches: Iterator[Batch], asked: tuple[str, ...], tally: _Tally, options: Options
) -> Iterator[tuple[Batch, pa.Table]]:
    for batch in batches:
        with tally.busy("enrich"):
            found = enrich_batch(batch, asked)
            if options.subjects is not None:
                at = found.column_names.index("uri")
                found = found.set_column(at, "uri", options.subjects(found.column(at).combine_chunks()))
        yield batch, found


def _hiding(batches: Iterator[Batch], place: int, options: Options) -> Iterator[Batch]:
    """The batches; where subjects stand for numbers, without the numbers' column and without rows nobody can read."""
    for batch in batches:
        if options.subjects is None or batch.table is None:
            yield batch
            continue
        table = batch.table.remove_column(place)
        if batch.failed is not None:
            # A cell too many shifts the number into another column.
            lost = pc.is_valid(batch.failed)
            for at, name in enumerate(table.column_names):
                table = table.set_column(at, name, pc.if_else(lost, None, table.column(at)))
        yield replace(batch, table=table)


def _shown(wanted: Sequence[str], options: Options) -> list[str]:
    return ["subject" if name == "uri" and options.subjects is not None else name for name in wanted]


def enrich_batch(batch: Batch, columns: Sequence[str]) -> pa.Table:
    """What is known of a batch's cells; a row that failed is `invalid`, and tells why."""
    found = enrich(batch.cells, columns)
    if "reason" not in columns:
        return found
    reason = found.column("reason").combine_chunks()
    if batch.failed is not None:
        reason = pc.coalesce(batch.failed, reason.dictionary_decode()).dictionary_encode()
    # Rows fail for more reasons than cells do, and all batches of a file must have one type.
    reason = reason.cast(pa.dictionary(pa.int32(), pa.string()))
    return found.set_column(found.column_names.index("reason"), "reason", reason)


def added_names(there: Sequence[str], wanted: Sequence[str], prefix: str, column: str) -> tuple[str, ...]:
    """Names for the added columns: `prefix` + name; where that is taken, the number's column in front of it.

    >>> added_names(["phone", "city"], ["uri", "city"], "", "phone")
    ('uri', 'phone_city')
    """
    taken, made = set(there), []
    for name in wanted:
        free, count = f"{prefix}{name}", 1
        if free in taken:
            free = stem = f"{column}_{prefix}{name}"
            while free in taken:
                count += 1
                free = f"{stem}_{count}"
        taken.add(free)
        made.append(free)
    return tuple(made)


def wanted_columns(options: Options) -> tuple[str, ...]:
    """The columns to add; raises BadInput for one that there is not."""
    wanted = COLUMNS if options.columns is None else options.columns
    if not wanted:
        raise BadInput("no column to add is named", hint=f"columns: {', '.join(COLUMNS)}")
    if unknown := [name for name in wanted if name not in COLUMNS]:
        raise BadInput(f"there is no column {unknown[0]!r} to add", hint=f"columns: {', '.join(COLUMNS)}")
    first = () if options.subjects is None else ("uri",)  # what stands in its place is what is asked for
    return tuple(dict.fromkeys((*first, *wanted)))


def _formats(source: Path | str, target: Path | str, options: Options) -> tuple[FileFormat, FileFormat]:
    incoming = FileFormat.CSV if str(source) == STREAM else None
    first = format_of(source, options.source_format or incoming)
    second = format_of(target, options.target_format or (first if str(target) == STREAM else None))
    if (str(source), first) == (STREAM, FileFormat.PARQUET) or (str(target), second) == (STREAM, FileFormat.PARQUET):
        raise BadInput("Parquet is not read or written in a stream", hint="name a file instead of -")
    if Path(target).exists() and Path(source).exists() and Path(source).samefile(target):
        raise BadInput(f"{target} is the file that is read", hint="name another file to write")
    return first, second


@contextmanager
def _reading(
    source: Path | str, kinds: tuple[FileFormat, FileFormat], column: str | int | None, options: Options
) -> Iterator[tuple[AnyReader, Text | None]]:
    kind, target = kinds
    as_table = target is not kind or options.subjects is not None
    with ExitStack() as stack:
        if kind is FileFormat.PARQUET:
            yield ParquetReader(stack.enter_context(opened(source)), str(source), options, column), None
            return
        text = stack.enter_context(open_text(source, options.encoding, KEPT if kind.delimited else {UTF_8}))
        if kind is FileFormat.JSONL:
            yield JsonlReader(text, options, column, as_table=as_table), text
        else:
            yield DelimitedReader(text, kind, options, column, as_table=as_table), text


AnyReader = DelimitedReader | JsonlReader | ParquetReader


@contextmanager
def _writing(target: Path | str, *, overwrite: bool) -> Iterator[BinaryIO]:
    if str(target) == STREAM:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    with replacing(Path(target), overwrite=overwrite) as file:
        if not str(target).lower().endswith(COMPRESSED):
            yield file
            return
        with gzip.GzipFile(filename="", fileobj=file, mode="wb", compresslevel=6, mtime=0) as packed:
            yield packed  # type: ignore[misc]  # it takes bytes, which is all that is asked of it


@contextmanager
def _writer(
    file: BinaryIO, kinds: tuple[FileFormat, FileFormat], reader: AnyReader, text: Text | None, options: Options
) -> Iterator[Writer]:
    source, target = kinds
    if target is FileFormat.PARQUET:
        with ParquetWriter(file) as writer:
            yield writer
    elif target is FileFormat.JSONL:
        yield JsonlWriter(file, text.bom if text else b"")
    else:
        same = source is target and options.subjects is None
        lender = reader if isinstance(reader, DelimitedReader) and same else None
        lent = text if lender else None
        yield DelimitedWriter(file, target, lender, lent, header=options.header or not source.delimited)


def _names_kept(reader: AnyReader, kinds: tuple[FileFormat, FileFormat]) -> tuple[str, ...]:
    others = (rest_of(reader.names), "line") if kinds[0] is FileFormat.JSONL else ()
    return (*reader.names, *others)


class _Tally:
    """Counts what came out, and the seconds each stage worked."""

    def __init__(self, added: tuple[str, ...]) -> None:
        self.added = added
        self._rows = self._nulls = 0
        self._counts: dict[str, Counter[str]] = {name: Counter() for name in COUNTED}
        self._busy: dict[str, float] = {}

    @contextmanager
    def busy(self, stage: str) -> Iterator[None]:
        """Add the time of the block to a stage."""
        began = time.perf_counter()
        yield
        self._busy[stage] = self._busy.get(stage, 0.0) + time.perf_counter() - began

    def timed(self, stage: str, batches: Iterator[Batch]) -> Iterator[Batch]:
        """The batches, each one's making added to a stage."""
        while True:
            with self.busy(stage):
                batch = next(batches, None)
            if batch is None:
                return
            yield batch

    def count(self, found: pa.Table) -> None:
        """Count the rows of a batch."""
        self._rows += len(found)
        self._nulls += found.column("kind").null_count
        for name, counts in self._counts.items():
            for item in pc.value_counts(found.column(name)):
                if item["values"].is_valid:
                    counts[item["values"].as_py()] += item["counts"].as_py()

    def summary(self, seconds: float) -> Summary:
        """What has been counted."""
        kinds = self._counts["kind"]
        return Summary(
            self._rows,
            self._nulls,
            kinds["invalid"],
            kinds,
            self._counts["issued_by"],
            self._counts["province"],
            self._counts["reason"],
            self.added,
            seconds,
            dict(self._busy),
        )
