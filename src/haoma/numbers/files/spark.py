"""Files of numbers on Apache Spark: the same engine, a batch of Arrow at a time, on as many machines as there are.

Rules held here:
- The rows are those of the local engine; Spark gives them no order. The output is a directory of parts, which Spark's
  committer makes visible when all of them are written.
- Every worker has haoma installed and keeps a table of segments of its own, by the settings of who asks.
- CSV is read by Spark's parser: a row that is not like the header is cut or filled up, and has no reason for it.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING

from haoma import settings
from haoma.errors import BadInput, Conflict, HaomaError
from haoma.numbers.files.delimited import KEPT
from haoma.numbers.files.jsonl import LOOKED_AT, keys, rest_of
from haoma.numbers.files.model import FileFormat, Options, Summary, column_at, format_of
from haoma.numbers.files.service import added_names, wanted_columns
from haoma.numbers.files.spark_batches import HIDDEN, LINE, TYPES, SparkBatches
from haoma.numbers.files.spark_counts import counted, counters
from haoma.numbers.files.spark_session import session
from haoma.numbers.files.text import open_text
from haoma.numbers.tables import in_force

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

__all__ = ["enrich_on_spark"]


def enrich_on_spark(
    source: Path | str,
    target: Path | str,
    column: str | int | None = None,
    options: Options | None = None,
    *,
    master: str | None = None,
) -> Summary:
    """Write the rows of `source` to the directory `target` with what is known of their numbers, by a Spark cluster.

    Both may be URLs that Spark knows (hdfs:, s3a:), and `source` a directory or a pattern. `master` is Spark's
    URL; None takes all cores of this machine.

    Raises Unavailable where PySpark or Java is missing or the cluster does not answer, else as `enrich_file` does.
    """
    options, began = options or Options(), time.perf_counter()
    wanted, source, target = wanted_columns(options), str(source), str(target)
    kinds = format_of(source, options.source_format), format_of(target, options.target_format)
    _check(source, target)
    with session(master) as spark, _told(source, target):
        loaded_s = time.perf_counter() - began
        frame = _read(spark, source, kinds[0], options)
        work, added = _work(frame, source, kinds, column, options, wanted)
        found = frame.mapInArrow(work, _schema(frame, work, added))
        watch, seen = counters(found)
        _write(watch.drop(*HIDDEN), target, kinds[1], options)
        return counted(seen.get, added, time.perf_counter() - began, loaded_s)


def _check(source: str, target: str) -> None:
    if "-" in {source, target}:
        raise BadInput("Spark reads and writes files, no streams", hint="--engine local takes -")
    if "://" not in source and not any(mark in source for mark in "*?[{") and not Path(source).exists():
        raise BadInput(f"{source}: No such file or directory")


def _read(spark: SparkSession, source: str, kind: FileFormat, options: Options) -> DataFrame:
    reader = spark.read
    match kind:
        case FileFormat.PARQUET:
            return reader.parquet(source)
        case FileFormat.JSONL:
            return reader.option("lineSep", "\n").text(source)
    frame = reader.csv(
        source,
        sep=_delimiter(kind, options),
        header=options.header,
        encoding=options.encoding or _encoding(source),
        quote='"',
        escape='"',
        multiLine=True,
        inferSchema=False,
    )
    return frame if options.header else frame.toDF(*(str(at + 1) for at in range(len(frame.columns))))


def _delimiter(kind: FileFormat, options: Options) -> str:
    return options.delimiter or ("\t" if kind is FileFormat.TSV else ",")


def _encoding(source: str) -> str:
    """The encoding of a file that can be looked at from here; UTF-8 for all others."""
    if not Path(source).is_file():
        return "utf-8"
    with open_text(source, None, KEPT) as text:
        return text.encoding


def _work(
    frame: DataFrame,
    source: str,
    kinds: tuple[FileFormat, FileFormat],
    column: str | int | None,
    options: Options,
    wanted: tuple[str, ...],
) -> tuple[SparkBatches, tuple[str, ...]]:
    """What each worker does, and the names of the columns it adds."""
    lines = kinds[0] is FileFormat.JSONL
    names = keys([bytes(row[0]) for row in _head(frame)], source) if lines else tuple(frame.columns)
    cell = names[column_at(names, column, source)]
    taken = (*names, "other_fields", "line") if lines else names
    added = added_names(taken, wanted, options.prefix, cell)
    as_lines = kinds[1] is FileFormat.JSONL
    env = {f"HAOMA_{field.name.upper()}": _typed(field.name) for field in fields(settings.Settings)}
    return SparkBatches(cell, names, wanted, added, lines, as_lines, env), added


def _head(frame: DataFrame) -> list[tuple[bytes]]:
    rows: list[tuple[bytes]] = frame.select(frame[LINE].cast("binary")).take(LOOKED_AT)
    return rows


def _typed(name: str) -> str:
    """A setting in force here, as its environment variable says it."""
    value = getattr(in_force(), name)
    if isinstance(value, tuple):
        return os.pathsep.join(str(path.resolve()) for path in value)
    return str(value.resolve()) if isinstance(value, Path) else "" if value is None else str(value).lower()


def _schema(frame: DataFrame, work: SparkBatches, added: tuple[str, ...]) -> str:
    if work.as_lines:
        own = [(LINE, "string")]
    else:
        read = [(name, "string") for name in (*work.names, rest_of(work.names))]
        own = read if work.lines else [(field.name, field.dataType.simpleString()) for field in frame.schema.fields]
        own += [(name, TYPES.get(column, "string")) for name, column in zip(added, work.wanted, strict=True)]
    own += [(name, "string") for name in HIDDEN]
    return ", ".join(f"`{name.replace('`', '``')}` {kind}" for name, kind in own)


def _write(frame: DataFrame, target: str, kind: FileFormat, options: Options) -> None:
    writer = frame.write.mode("overwrite" if options.overwrite else "errorifexists")
    match kind:
        case FileFormat.PARQUET:
            writer.parquet(target)
        case FileFormat.JSONL:
            writer.option("lineSep", "\n").text(target)
        case _:
            writer.csv(
                target,
                sep=_delimiter(kind, options),
                header=options.header,
                quote='"',
                escape='"',
                ignoreLeadingWhiteSpace=False,
                ignoreTrailingWhiteSpace=False,
            )


@contextmanager
def _told(source: str, target: str) -> Iterator[None]:
    """Say in a line what Spark says in a hundred."""
    from py4j.protocol import Py4JError
    from pyspark.errors import AnalysisException, PySparkException

    try:
        yield
    except AnalysisException as error:
        if "PATH_ALREADY_EXISTS" in str(error):
            raise Conflict(f"{target} is there already", hint="--overwrite replaces it") from error
        raise BadInput(f"{source}: Spark cannot read it ({error.getCondition()})") from error
    except HaomaError:
        raise
    except (PySparkException, Py4JError) as error:
        raise BadInput(f"{source}: Spark gave up on it", hint="HAOMA_DEBUG=1 shows why; nothing was written") from error
