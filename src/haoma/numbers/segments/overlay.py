"""Reads a user's own segments from a CSV file; they win over every other source.

Columns: `prefix` (3 to 9 digits) and any of kind, issued_by, province, city, area_code, postcode. UTF-8, with or
without a byte order mark. A line beginning with `#` is a comment.

Rules held here:
- A blank cell leaves what the other sources say. A row that names a province or a city replaces the whole place.
- A row may open a block that MIIT's table does not have; without a kind it is `mobile`.
- A longer prefix wins over a shorter one, a later file over an earlier one.
- A wrong row is an error that names the file and the row; no row is skipped.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from haoma.errors import BadInput
from haoma.numbers.model import Kind
from haoma.numbers.segments.regions import Place, UnknownPlace, resolve, short_province

__all__ = ["KINDS", "Overlay", "Segment", "read"]

COLUMNS = ("prefix", "kind", "issued_by", "province", "city", "area_code", "postcode")
KINDS = (Kind.MOBILE, Kind.MVNO, Kind.IOT, Kind.SATELLITE)


@dataclass(frozen=True, slots=True)
class Segment:
    """One row: None where the user said nothing."""

    prefix: str
    kind: Kind | None
    issued_by: str | None
    place: Place | None
    area_code: str | None
    postcode: str | None


@dataclass(frozen=True, slots=True)
class Overlay:
    """A user's file, under its own name among the sources."""

    name: str
    segments: tuple[Segment, ...]


def _matching(row: dict[str, str], column: str, pattern: str, allowed: str) -> str | None:
    value = row.get(column, "")
    if value and not re.fullmatch(pattern, value, re.ASCII):
        raise ValueError(f"{column}: {allowed} expected")
    return value or None


def _kind(row: dict[str, str]) -> Kind | None:
    value = row.get("kind", "")
    if value and value not in KINDS:
        raise ValueError(f"kind: one of {', '.join(KINDS)} expected")
    return Kind(value) if value else None


def _place(row: dict[str, str]) -> Place | None:
    province, city = row.get("province", ""), row.get("city", "")
    if not province:
        if city:
            raise ValueError("city: a province beside it expected")
        return None
    return resolve(short_province(province), city)


def _segment(row: dict[str, str]) -> Segment:
    prefix = _matching(row, "prefix", "1[3-9][0-9]{1,7}", "3 to 9 digits of a number from 13 to 19")
    if prefix is None:
        raise ValueError("prefix: missing")
    area_code = _matching(row, "area_code", "0[1-9][0-9]{1,2}", "0 and 2 or 3 digits")
    return Segment(prefix, _kind(row), row.get("issued_by") or None, _place(row), area_code,
                   _matching(row, "postcode", "[0-9]{6}", "6 digits"))  # fmt: skip


def _rows(path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    """Line numbers and rows, cells stripped."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        numbered = [(n, line) for n, line in enumerate(file, 1) if line.strip() and not line.startswith("#")]
    reader = csv.reader(line for _, line in numbered)
    header = [name.strip() for name in next(reader, [])]
    unknown = [name for name in header if name not in COLUMNS]
    if "prefix" not in header or unknown:
        raise BadInput(f"{path}: columns {header}", hint=f"a column prefix and any of {', '.join(COLUMNS[1:])}")
    for cells in reader:
        line = numbered[reader.line_num - 1][0]
        if len(cells) != len(header):
            raise BadInput(f"{path}, line {line}: {len(cells)} cells for {len(header)} columns")
        yield line, dict(zip(header, (cell.strip() for cell in cells), strict=True))


def read(path: Path) -> Overlay:
    """Read one file; raises `BadInput` with file and line for whatever is wrong in it."""
    segments = []
    try:
        for line, row in _rows(path):
            try:
                segments.append(_segment(row))
            except UnknownPlace as error:
                raise BadInput(f"{path}, line {line}: no region {error} in GB/T 2260") from error
            except ValueError as error:
                raise BadInput(f"{path}, line {line}: {error}") from error
    except OSError as error:
        raise BadInput(f"{path}: {error.strerror or 'cannot be read'}", hint="correct the setting overlays") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise BadInput(f"{path}: not a CSV file in UTF-8") from error
    return Overlay(path.stem, tuple(segments))
