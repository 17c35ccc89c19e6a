"""Rows of hotlines as a file has them: CSV, JSON, JSON lines or YAML.

Rules held here:
- Nothing but texts is read: a number keeps its zeros, whatever a format would make of it. YAML is read without types,
  tags that make objects are refused, and an alias costs no memory.
- CSV in UTF-8, GB18030 or another encoding; a row that is broken is told with its place and stops no other row.
- A file is bounded: 16 MiB, of YAML 1 MiB; 10,000 rows.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from haoma.errors import BadInput, Unavailable
from haoma.numbers.files.text import UTF_8, open_text
from haoma.numbers.model import hide

__all__ = ["FIELDS", "MOST_ROWS", "Row", "read_rows", "row_of"]

FIELDS = (
    "organisation", "number", "purposes", "channels", "owner", "valid_from", "valid_until", "shared", "mobile", "key",
    "aliases", "domains",
)  # fmt: skip
MOST_ROWS = 10_000
LARGEST, LARGEST_YAML = 16 << 20, 1 << 20
SEPARATOR = ";"
NOTHING = {"", "~", "null", "none"}
_ROWS = "a list of rows, each of texts by name, or such a list under the name hotlines"


@dataclass(frozen=True, slots=True)
class Row:
    """One row: its place in the file, counted from 1, its texts by column, and what is wrong with it if anything is."""

    place: int
    texts: Mapping[str, str]
    flaw: str = ""


def read_rows(path: Path, encoding: str | None = None) -> list[Row]:
    """The rows of a file, by what its name ends in; raises BadInput where it is none of these formats."""
    suffix = path.suffix.lower()
    if suffix == ".csv":
        return _bounded(_csv(_text(path, encoding, LARGEST), path), path)
    if suffix == ".json":
        return _bounded(_listed(_json(_text(path, encoding, LARGEST), path), path), path)
    if suffix in {".jsonl", ".ndjson"}:
        return _bounded(_lines(_text(path, encoding, LARGEST)), path)
    if suffix in {".yaml", ".yml"}:
        return _bounded(_listed(_yaml(_text(path, encoding, LARGEST_YAML), path), path), path)
    raise BadInput(f"{path}: this is no file of hotlines", hint="its name ends in .csv, .json, .jsonl, .yaml or .yml")


def row_of(place: int, said: Mapping[str, object]) -> Row:
    """A row of texts and lists of texts; what says nothing is left out, and what is anything else is its flaw."""
    texts: dict[str, str] = {}
    for name, value in said.items():
        parts = value if isinstance(value, list) else [value]
        if not all(isinstance(one, str | int | float) or one is None for one in parts):
            return Row(place, {}, f"{hide(name)[:40]!r} is no text and no list of texts")
        given = [text for one in parts if one is not None and (text := _plain(one)).lower() not in NOTHING]
        if given:
            texts[name] = SEPARATOR.join(given)
    return Row(place, texts)


def _plain(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value).strip()


def _bounded(rows: Iterable[Row], path: Path) -> list[Row]:
    found: list[Row] = []
    for row in rows:
        if len(found) == MOST_ROWS:
            raise BadInput(f"{path}: there are more than {MOST_ROWS:,} rows", hint="import it in parts")
        found.append(row)
    return found


def _text(path: Path, encoding: str | None, most: int) -> str:
    parts: list[bytes] = []
    with open_text(path, encoding, frozenset({UTF_8})) as file:
        while part := file.read(1 << 20):
            parts.append(part)
            if sum(map(len, parts)) > most:
                raise BadInput(f"{path}: this has more than {most >> 20} MiB", hint="import it in parts")
    return b"".join(parts).decode("utf-8", "surrogateescape")


def _csv(text: str, path: Path) -> Iterator[Row]:
    head = text.partition("\n")[0]
    marks = {mark: head.count(mark) for mark in (",", ";", "\t")}
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=max(marks, key=lambda mark: marks[mark]), strict=True)
    try:
        names = [name.strip() for name in next(reader, [])]
        if len(set(names)) < len(names) or not names:
            raise BadInput(f"{path}: the first row names no columns, or one twice", hint="organisation,number,…")
        for place, cells in enumerate(reader, 2):
            if cells:
                yield _csv_row(place, names, cells)
    except csv.Error as error:
        raise BadInput(
            f"{path}: row {reader.line_num} is no CSV ({error})", hint="quotes are doubled inside quotes"
        ) from None


def _csv_row(place: int, names: list[str], cells: list[str]) -> Row:
    if len(cells) != len(names):
        return Row(place, {}, f"{len(cells)} cells where there are {len(names)} columns")
    if any("\udc80" <= sign <= "\udcff" for cell in cells for sign in cell):
        return Row(place, {}, "bytes that are no text; --encoding names another encoding")
    return row_of(place, dict(zip(names, cells, strict=True)))


def _json(text: str, path: Path) -> object:
    try:
        return json.loads(text, parse_int=str, parse_float=str)
    except (ValueError, RecursionError):
        raise BadInput(f"{path}: this is no JSON", hint=_ROWS) from None


def _lines(text: str) -> Iterator[Row]:
    for place, line in enumerate(text.split("\n"), 1):
        if line.strip():
            try:
                said = json.loads(line, parse_int=str, parse_float=str)
            except (ValueError, RecursionError):
                said = None
            yield row_of(place, said) if isinstance(said, dict) else Row(place, {}, "no JSON object")


def _yaml(text: str, path: Path) -> object:
    try:
        import yaml
    except ImportError:
        raise Unavailable(
            "YAML needs the package pyyaml, which is not installed", hint="pip install 'haoma[guard]'"
        ) from None
    try:
        # Of all loaders the one that makes the least: texts, lists and mappings. 0571… stays as it is written.
        return yaml.load(text, Loader=yaml.BaseLoader)  # noqa: S506
    except (yaml.YAMLError, ValueError, RecursionError):
        raise BadInput(f"{path}: this is no YAML", hint=_ROWS) from None


def _listed(said: object, path: Path) -> Iterator[Row]:
    if isinstance(said, dict) and said.keys() == {"hotlines"}:
        said = said["hotlines"]
    if not isinstance(said, list):
        raise BadInput(f"{path}: this is no list of rows", hint=_ROWS)
    for place, one in enumerate(said, 1):
        named = isinstance(one, dict) and all(isinstance(name, str) for name in one)
        yield row_of(place, one) if named else Row(place, {}, "no row of texts by name")
