"""A backup of the key store, and of the files that custody on this machine keeps: two files, for two places.

Rules held here:
- The one (`store`) holds the data keys as they lie there, wrapped, and what has ended for good. Without custody it
  opens nothing. The other (`files`) holds what unwraps them where custody is files, and the keys of the log.
- A backup says how long the log was before it was begun: what was destroyed or has ended since is in the log behind.
- A backup that is put back is read to its end before anything is written.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import sqlalchemy as sa

from haoma.errors import Refused, Tampered
from haoma.ledger.forms import Json
from haoma.ledger.key_file import read_private
from haoma.storage import Store, Time
from haoma.vault.key_tables import ends, keys
from haoma.vault.passphrase_file import Unlocked, write_lines
from haoma.vault.retention_table import rule_of

__all__ = ["FILES", "STORE", "Backup", "Length", "Made", "back_up_files", "back_up_store", "is_key_file"]

STORE, FILES = "store", "files"
TABLES = {"key": keys, "ended": ends}
_AT_ONCE = 500
_FILE = re.compile(r"(?:custody/)?[a-z][a-z0-9.-]{0,63}\.key", re.ASCII)


@dataclass(frozen=True, slots=True)
class Length:
    """How long the log was, and the root of its tree then."""

    size: int
    root: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Made:
    """A backup that was written: its SHA-256, and how many keys and ends, or files, it holds."""

    digest: str
    counts: Mapping[str, int]


class Backup:
    """A backup of keys whose passphrase is known. `what` is store or files.

    Raises as `Unlocked` does, and Tampered where it is not as haoma wrote it.
    """

    def __init__(self, path: Path, passphrase: str) -> None:
        self._file = Unlocked(path, passphrase)
        head = _parsed(path, next(self._file.lines(), b""), "head")
        try:
            self.what, self.made_at = str(head["what"]), Time.read(_whole(head["at"]))
            self.length = Length(_whole(head["size"]), bytes.fromhex(str(head["root"])))
        except (KeyError, ValueError, TypeError):  # Garbled among them
            raise _damaged(path) from None
        self.digest = self._file.digest()

    def require(self, what: str, now: datetime) -> None:
        """Read it to its end; raises Refused for the other kind, or one that is older than audit rows are kept."""
        if self.what != what:
            raise Refused(f"this is a backup of the {self.what}, not of the {what}", hint="--custody is for files")
        longest = rule_of("audit").shortest or timedelta()
        if now - self.made_at > longest:
            message = f"this backup is of {self.made_at:%Y-%m-%d}, and none older than {longest.days} days is put back"
            raise Refused(message, hint="destroy it: what it could bring back is destroyed")
        for _ in self.parts():
            pass

    def parts(self) -> Iterator[tuple[str, Mapping[str, Json]]]:
        """What it holds: kind (key, ended, file) and fields; Tampered at the end where that is not the end."""
        path, counts, last = self._file.path, Counter[str](), list[Mapping[str, Json]]()
        for line in self._file.lines():
            kind, body = _told(path, line)
            if last:
                raise _damaged(path)
            if kind == "last":
                last.append(body)
            elif kind != "head":
                counts[kind] += 1
                yield kind, body
        if last != [dict(counts)]:
            raise _damaged(path)

    def row(self, kind: str, body: Mapping[str, Json]) -> dict[str, object]:
        """The row of a table that a part holds."""
        columns = TABLES[kind].columns
        if set(body) != set(columns.keys()):
            raise _damaged(self._file.path)
        try:
            return {column.name: _read(column, body[column.name]) for column in columns}
        except (ValueError, TypeError):  # Garbled among them
            raise _damaged(self._file.path) from None

    def file(self, body: Mapping[str, Json]) -> tuple[str, bytes]:
        """The name and the bytes of a file of keys that a part holds."""
        name, text = body.get("name"), body.get("text")
        if not isinstance(name, str) or not isinstance(text, str) or not is_key_file(name):
            raise _damaged(self._file.path)
        return name, text.encode()


def back_up_store(store: Store, path: Path, passphrase: str, at: datetime, length: Length) -> Made:
    """Write the data keys, wrapped, and what has ended, into a new file. `length` was read before."""
    return _made(path, passphrase, STORE, at, length, _of_store(store))


def back_up_files(directory: Path, path: Path, passphrase: str, at: datetime, length: Length) -> Made:
    """Write the files of keys below `directory` into a new file: those of custody, and of the log."""
    return _made(path, passphrase, FILES, at, length, _of_files(directory))


def is_key_file(name: str) -> bool:
    """Whether this names a file of keys, relative to their directory.

    >>> is_key_file("custody/haoma-keys-1.key"), is_key_file("../haoma-keys-1.key")
    (True, False)
    """
    return _FILE.fullmatch(name) is not None


def _made(
    path: Path,
    passphrase: str,
    what: str,
    at: datetime,
    length: Length,
    parts: Iterable[tuple[str, Mapping[str, Json]]],
) -> Made:
    counts = Counter[str]()

    def lines() -> Iterator[bytes]:
        head: dict[str, Json] = {"what": what, "at": Time.stored(at), "size": length.size, "root": length.root.hex()}
        yield _line("head", head)
        for kind, body in parts:
            counts[kind] += 1
            yield _line(kind, body)
        yield _line("last", dict(counts))

    return Made(write_lines(path, passphrase, lines()), counts)


def _of_store(store: Store) -> Iterator[tuple[str, Mapping[str, Json]]]:
    with store.read() as tx:  # one snapshot
        for kind, table in TABLES.items():
            query = sa.select(table).order_by(*table.primary_key).execution_options(yield_per=_AT_ONCE)
            for row in tx.execute(query):
                yield kind, {column.name: _written(value) for column, value in zip(table.columns, row, strict=True)}


def _of_files(directory: Path) -> Iterator[tuple[str, Mapping[str, Json]]]:
    for path in sorted([*directory.glob("*.key"), *directory.glob("custody/*.key")]):
        name = path.relative_to(directory).as_posix()
        if is_key_file(name):
            yield "file", {"name": name, "text": read_private(path).decode("ascii")}


def _line(kind: str, body: Mapping[str, Json]) -> bytes:
    return json.dumps({kind: body}, separators=(",", ":"), sort_keys=True).encode()


def _told(path: Path, line: bytes) -> tuple[str, Mapping[str, Json]]:
    try:
        ((kind, body),) = json.loads(line).items()
    except (ValueError, AttributeError, RecursionError):
        raise _damaged(path) from None
    if kind not in {*TABLES, "file", "head", "last"} or not isinstance(body, dict):
        raise _damaged(path)
    return kind, body


def _parsed(path: Path, line: bytes, wanted: str) -> Mapping[str, Json]:
    kind, body = _told(path, line)
    if kind != wanted:
        raise _damaged(path)
    return body


def _written(value: object) -> Json:
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, datetime):
        return Time.stored(value)
    return value if isinstance(value, str | int) else None


def _read(column: sa.Column[object], value: Json) -> object:
    if value is None:
        if not column.nullable:
            raise ValueError(column.name)
        return None
    if isinstance(column.type, Time):
        return Time.read(_whole(value))
    if isinstance(column.type, sa.LargeBinary):
        return bytes.fromhex(str(value))
    return _whole(value) if isinstance(column.type, sa.Integer) else str(value)


def _whole(value: Json) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError(type(value).__name__)
    return value


def _damaged(path: Path) -> Tampered:
    return Tampered(f"{path} is not as haoma wrote it", hint="take another copy of it")
