"""What must hold of an enriched customer file whose cells are known from how they were made.

Rules held here:
- Every cell is compared, none is sampled, but where one cell at a time is asked to agree with the column.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from haoma.cli.stage import Step
from haoma.numbers import enrich, parse
from haoma.numbers.files import Options, enrich_file
from haoma.numbers.samples import customers

__all__ = ["checks"]

SINGLE = 1000


def checks(truth: pa.Table, found: pa.Table, source: Path, target: Path) -> Iterator[Step]:
    """Hold `found`, which is what `target` has, against `truth`, of which `source` was made."""
    yield Step("as many rows come out as go in", len(truth), len(found))
    yield Step("customers, notes and cells come out as they went in", True, _untouched(truth, found))
    for name, what in (("kind", "kinds"), ("uri", "identities")):
        yield Step(f"{what} are the planted ones", len(truth), _same(truth[name], found[name]))
    for name, what in (("issued_by", "operators"), ("province", "provinces of landlines")):
        planted = truth[name].is_valid()
        want, got = truth[name].filter(planted), found[name].filter(planted)
        yield Step(f"{what} are the planted ones", len(want), _same(want, got))
    yield from _refusals(truth, found)
    yield _one_at_a_time(found)
    nulls = enrich(pa.nulls(3, pa.string()))
    yield Step(
        "nulls stay null, in every column", 3 * nulls.num_columns, sum(column.null_count for column in nulls.columns)
    )
    yield Step("a second run writes the same bytes", _digest(target), _digest(_again(source, target)))


def _untouched(truth: pa.Table, found: pa.Table) -> bool:
    given = customers(truth["cell"])
    return bool(found.select(given.column_names).cast(given.schema).equals(given))


def _same(want: pa.ChunkedArray, got: pa.ChunkedArray) -> int:
    """In how many places two columns agree; null agrees with null alone."""
    want, got = want.cast(pa.string()), got.cast(pa.string())
    both_null = pc.and_(want.is_null(), got.is_null())
    agree = pc.or_(pc.fill_null(pc.equal(want, got), fill_value=False), both_null)
    return pc.sum(agree).as_py() or 0


def _refusals(truth: pa.Table, found: pa.Table) -> Iterator[Step]:
    nothing = truth["uri"].is_null()
    refused = found.filter(nothing)
    yield Step(
        "cells without a number are all refused", len(refused), len(refused) - (pc.sum(refused["valid"]).as_py() or 0)
    )
    yield Step("every refusal has its reason", len(refused), len(refused) - refused["reason"].null_count)


def _one_at_a_time(found: pa.Table) -> Step:
    some = found.slice(0, SINGLE)
    agree = (
        parse(cell).uri == uri for cell, uri in zip(some["phone"].to_pylist(), some["uri"].to_pylist(), strict=True)
    )
    return Step("one cell at a time says the same as the column", len(some), sum(agree))


def _again(source: Path, target: Path) -> Path:
    second = target.with_stem(f"{target.stem}-again")
    enrich_file(source, second, "phone", Options(overwrite=True))
    return second


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:16]
