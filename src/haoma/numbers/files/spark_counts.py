"""Counts what comes out of a Spark job while it is written, without a second pass over the rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from haoma.numbers import tables
from haoma.numbers.files.model import Summary
from haoma.numbers.files.service import COUNTED
from haoma.numbers.files.spark_batches import HIDDEN
from haoma.numbers.model import Kind
from haoma.numbers.tables import REASONS

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, Observation

__all__ = ["counted", "counters"]

FAILURES = ("no JSON object", "an empty line", "bytes that are not UTF-8")
ROWS, NULLS = "rows", "nulls"


def counters(frame: DataFrame) -> tuple[DataFrame, Observation]:
    """The frame, and what will have been counted when it has been written."""
    from pyspark.sql import Observation
    from pyspark.sql import functions as sql

    seen = Observation("haoma")
    asked = [sql.count(sql.lit(1)).alias(ROWS), sql.count_if(frame[HIDDEN[0]].isNull()).alias(NULLS)]
    for name, hidden in zip(COUNTED, HIDDEN, strict=True):
        asked += [sql.count_if(frame[hidden] == text).alias(f"{name}={text}") for text in _values(name)]
    return frame.observe(seen, *asked), seen


def _values(name: str) -> Iterable[str]:
    """All that a column can hold."""
    match name:
        case "kind":
            return [str(kind) for kind in Kind]
        case "reason":
            return [*(reason for reason in REASONS if reason), *FAILURES]
        case _:
            source = tables.pack()
            return sorted({text for at in getattr(source, f"row_{name}") if (text := source.strings[at])})


def counted(seen: Mapping[str, int], added: tuple[str, ...], seconds: float, loaded_s: float) -> Summary:
    """The summary of a job by its counters."""
    counts: dict[str, Counter[str]] = {name: Counter() for name in COUNTED}
    for key, count in seen.items():
        name, equals, text = key.partition("=")
        if equals and count:
            counts[name][text] = count
    return Summary(
        seen[ROWS],
        seen[NULLS],
        counts["kind"]["invalid"],
        counts["kind"],
        counts["issued_by"],
        counts["province"],
        counts["reason"],
        added,
        seconds,
        {"load": loaded_s},
    )
