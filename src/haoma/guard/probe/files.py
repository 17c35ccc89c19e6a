"""A hotline in a file: JSON, YAML or CSV.

Rules held here:
- A file is at most 50 MB, and is read as it lies there: scalars of YAML are the texts that stand in it, so that 0571
  is no octal number.
- A row of a CSV file is found by its cells, all of which have to agree.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from haoma.errors import Unavailable
from haoma.guard.probe.model import Asked
from haoma.guard.probe.pointer import at_pointer, filled, in_pointer

__all__ = ["CsvPlace", "JsonPlace", "YamlPlace", "content_of"]

LARGEST = 50_000_000


def content_of(path: Path, asked: Asked) -> bytes:
    """The bytes of a file; raises Unavailable where they cannot be had."""
    place = path.with_name(filled(path.name, asked, lambda name: name.replace("/", "_")))
    try:
        with place.open("rb") as file:
            data = file.read(LARGEST + 1)
    except OSError as error:
        raise Unavailable(f"the file cannot be read ({error.strerror})", hint=f"look at {place.name}") from None
    if len(data) > LARGEST:
        raise Unavailable(f"the file is larger than {LARGEST:,} bytes")
    return data


@dataclass(frozen=True, slots=True)
class JsonPlace:
    """What a JSON Pointer finds in a file; fills `Place`."""

    file: Path
    pointer: str

    def read(self, asked: Asked) -> Sequence[str]:
        """See `Place.read`."""
        try:
            document = json.loads(content_of(self.file, asked))
        except (ValueError, RecursionError):
            raise Unavailable("the file is no JSON") from None
        return at_pointer(document, filled(self.pointer, asked, in_pointer))


@dataclass(frozen=True, slots=True)
class YamlPlace:
    """What a JSON Pointer finds in a YAML file; fills `Place`."""

    file: Path
    pointer: str

    def read(self, asked: Asked) -> Sequence[str]:
        """See `Place.read`."""
        try:
            import yaml
        except ImportError:
            raise Unavailable("YAML needs the package pyyaml", hint="pip install 'haoma[guard]'") from None
        try:
            document = yaml.load(content_of(self.file, asked), Loader=yaml.BaseLoader)  # noqa: S506 - texts alone
        except (yaml.YAMLError, ValueError, RecursionError):
            raise Unavailable("the file is no YAML") from None
        return at_pointer(document, filled(self.pointer, asked, in_pointer))


@dataclass(frozen=True, slots=True)
class CsvPlace:
    """A column of the rows of a CSV file whose cells are as `where` says; fills `Place`."""

    file: Path
    column: str
    where: Mapping[str, str]
    encoding: str = "utf-8-sig"

    def read(self, asked: Asked) -> Sequence[str]:
        """See `Place.read`."""
        try:
            text = content_of(self.file, asked).decode(self.encoding)
            return list(self._cells(csv.DictReader(io.StringIO(text, newline="")), asked))
        except (UnicodeDecodeError, LookupError, csv.Error):
            raise Unavailable("the file is no CSV in the encoding that the pipeline says") from None

    def _cells(self, rows: csv.DictReader[str], asked: Asked) -> Iterator[str]:
        wanted = {column: filled(value, asked) for column, value in self.where.items()}
        if missing := {self.column, *wanted} - set(rows.fieldnames or ()):
            raise Unavailable(f"the file lacks {len(missing)} of the columns that the pipeline names")
        for row in rows:
            if all(row[column] == value for column, value in wanted.items()) and row[self.column]:
                yield row[self.column]
