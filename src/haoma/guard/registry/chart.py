"""The map of a file or a table of hotlines: which column is what, what is meant where it says nothing, what words mean.

Rules held here:
- Without a map the columns are called as `incoming.FIELDS` has them, and one that is called otherwise is BadInput: no
  column is guessed, and none is passed over in silence.
- An unknown key, and a value of another type, are errors that name file and key.
- A map with a URL is its owner's alone to read: there may be a password in it.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import sqlalchemy as sa

from haoma.errors import BadInput
from haoma.guard.model import Purpose
from haoma.guard.registry.incoming import FIELDS, Row
from haoma.guard.registry.model import purpose_of
from haoma.ledger.key_file import read_private
from haoma.numbers.model import hide
from haoma.storage.foreign import foreign_url

__all__ = ["Chart", "Place", "read_chart"]

TIMEOUT_S, LONGEST_S, LONGEST_NAME = 10, 60, 63
_HINT = "docs/guide/registry.md shows a map"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a table is: the database by URL, and how many seconds a question may take."""

    url: sa.URL
    table: str
    schema: str | None = None
    timeout_s: int = TIMEOUT_S


@dataclass(frozen=True, slots=True)
class Chart:
    """Columns by what they are, texts for what a row does not say, and purposes by the words that stand for them."""

    columns: Mapping[str, str] = field(default_factory=lambda: {name: name for name in FIELDS})
    defaults: Mapping[str, str] = field(default_factory=dict)
    purposes: Mapping[str, Purpose] = field(default_factory=dict)
    place: Place | None = None
    mapped: bool = False

    def renamed(self, rows: Sequence[Row]) -> list[Row]:
        """The rows with their texts under the names of fields; raises BadInput where a column is none of them."""
        if not self.mapped:
            unknown = {name for row in rows for name in row.texts} - set(self.columns.values())
            if unknown:
                message = f"there is no column {hide(min(unknown))[:40]!r} of hotlines"
                raise BadInput(message, hint=f"columns: {', '.join(FIELDS)}; --map FILE says which is which")
        return [self._renamed(row) for row in rows]

    def _renamed(self, row: Row) -> Row:
        said = {name: row.texts[column] for name, column in self.columns.items() if column in row.texts}
        return Row(row.place, {**self.defaults, **said}, row.flaw)


def read_chart(path: Path) -> Chart:
    """The map in a TOML file; raises BadInput where it is none, Refused where others can read one with a URL."""
    said = _content(path)
    _known(path, said, {"url", "schema", "table", "timeout_s", "columns", "defaults", "purposes"}, "")
    columns, defaults = (_texts(path, said, name) for name in ("columns", "defaults"))
    for name in ("columns", "defaults"):
        _known(path, _texts(path, said, name), set(FIELDS), f"{name}.")
    purposes = {word: purpose_of(text) for word, text in _texts(path, said, "purposes").items()}
    place = _place(path, said) if "url" in said else None
    if place is None and said.keys() & {"schema", "table", "timeout_s"}:
        raise _wrong(path, "url", "sqlite:///FILE or postgresql://USER@HOST/DATABASE, where a table is named")
    if not columns:
        raise _wrong(path, "columns", 'which column is what: number = "tel"')
    return Chart(columns, defaults, purposes, place, mapped=True)


def _place(path: Path, said: Mapping[str, object]) -> Place:
    text, table, schema, timeout_s = (said.get(name) for name in ("url", "table", "schema", "timeout_s"))
    url = foreign_url(text, path.absolute().parent) if isinstance(text, str) else None
    if url is None:
        raise _wrong(path, "url", "sqlite:///FILE or postgresql://USER@HOST/DATABASE")
    if not isinstance(table, str) or not _is_name(table):
        raise _wrong(path, "table", "the name of a table or view")
    if schema is not None and (not isinstance(schema, str) or not _is_name(schema)):
        raise _wrong(path, "schema", "the name of a schema")
    seconds = TIMEOUT_S if timeout_s is None else timeout_s
    if type(seconds) is not int or not 0 < seconds <= LONGEST_S:
        raise _wrong(path, "timeout_s", f"1 to {LONGEST_S} seconds")
    return Place(url, table, schema, seconds)


def _content(path: Path) -> dict[str, object]:
    try:
        said = tomllib.loads(path.read_bytes().decode())
        if "url" in said:
            said = tomllib.loads(read_private(path).decode())
    except OSError as error:
        raise BadInput(f"{path}: this cannot be read ({error.strerror})", hint=_HINT) from None
    except ValueError as error:  # of TOML, or of UTF-8
        raise BadInput(f"{path}: this is no TOML ({error})", hint=_HINT) from None
    return said


def _texts(path: Path, said: Mapping[str, object], name: str) -> dict[str, str]:
    table = said.get(name, {})
    if not isinstance(table, dict):
        raise _wrong(path, name, "a table of texts")
    for key, value in table.items():
        if not isinstance(value, str) or not _is_name(value):
            raise _wrong(path, f"{name}.{key}", f"a text of 1 to {LONGEST_NAME} characters")
    return dict(table)


def _is_name(text: str) -> bool:
    return 0 < len(text) <= LONGEST_NAME and text.isprintable()


def _known(path: Path, said: Mapping[str, object], known: set[str], where: str) -> None:
    for key in said:
        if key not in known:
            raise BadInput(
                f"{path}: there is no key {where}{key[:40]!r} here", hint=f"keys: {', '.join(sorted(known))}"
            )


def _wrong(path: Path, key: str, allowed: str) -> BadInput:
    return BadInput(f"{path}: {key} is not as it has to be; {allowed}", hint=_HINT)
