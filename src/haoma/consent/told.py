"""What the log tells of consents, looked up by what its entries commit to.

Rules held here:
- Entries are read once, in their order, into a private file that goes with the process: a long log takes no more memory
  than a short one.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sa

from haoma.ledger.entry import Entry
from haoma.ledger.scan import scan
from haoma.storage import Time

__all__ = ["Said", "Told", "notice_name", "reading_log"]

_KINDS = {
    "consent.given": "given",
    "consent.emergency": "given",
    "consent.ended": "ended",
    "consent.erased": "erased",
    "consent.notice": "notice",
    "consent.refused": "refused",
    "consent.message": "message",
    "retention.deleted": "deleted",
}
_MAKE = """CREATE TABLE said (kind TEXT, name TEXT, entry_id INTEGER, type TEXT, at INTEGER, body TEXT,
 seen INTEGER DEFAULT 0, PRIMARY KEY (kind, name)) WITHOUT ROWID"""
_PUT = "INSERT OR REPLACE INTO said (kind, name, entry_id, type, at, body) VALUES (?, ?, ?, ?, ?, ?)"
_ONE = "SELECT entry_id, type, at, body FROM said WHERE kind = ? AND name = ?"
_SEE = "UPDATE said SET seen = 1 WHERE kind = ? AND name = ?"
_ALL = "SELECT entry_id, type, at, body FROM said WHERE kind = ? ORDER BY entry_id"
_UNSEEN = "SELECT name FROM said WHERE kind = ? AND seen = 0 ORDER BY entry_id"
_SEEN = "SELECT count(*) FROM said WHERE kind = ? AND seen = 1"


class Said(NamedTuple):
    """One entry: its id, type, time and body."""

    entry_id: int
    type: str
    at: datetime
    body: dict[str, Any]


class Told:
    """The entries of one log about consents: the last one of each kind for each name.

    A refusal, and what retention deleted, is named by its entry.
    """

    def __init__(self, file: sqlite3.Connection) -> None:
        self._file = file

    def one(self, kind: str, name: str) -> Said | None:
        """The entry of a kind: by the commitment of a permission or message, a notice's name, an entry's number."""
        found = self._file.execute(_ONE, (kind, name)).fetchone()
        if found is None:
            return None
        self._file.execute(_SEE, (kind, name))
        return _said(found)

    def all(self, kind: str) -> Iterator[Said]:
        """The entries of a kind, in the order of the log."""
        for found in self._file.execute(_ALL, (kind,)):
            yield _said(found)

    def seen(self, kind: str) -> int:
        """How many entries of a kind were looked up."""
        return int(self._file.execute(_SEEN, (kind,)).fetchone()[0])

    def unseen(self, kind: str) -> Iterator[str]:
        """The names of the entries of a kind that nobody has looked up, in the order of the log."""
        for (name,) in self._file.execute(_UNSEEN, (kind,)):
            yield str(name)


def _said(found: tuple[Any, ...]) -> Said:
    return Said(found[0], found[1], Time.read(found[2]), json.loads(found[3]))


@contextmanager
def reading_log(tx: sa.Connection) -> Iterator[Told]:
    """What the log tells, as it is in this transaction; raises Tampered where it is not whole."""
    with closing(sqlite3.connect("", isolation_level=None)) as file:
        file.execute(_MAKE)
        file.execute("BEGIN")
        file.executemany(_PUT, (_row(found.entry_id, found.entry) for found in scan(tx, _about_consent)))
        yield Told(file)


def notice_name(purpose: str, version: int, digest: str) -> str:
    """How a notice is looked up: its entry tells neither tenant nor recipient, which its digest covers."""
    return f"{purpose} {version} {digest}"


def _row(entry_id: int, entry: Entry) -> tuple[object, ...]:
    body = entry.body
    kind = _KINDS.get(entry.type, "")
    name = notice_name(*(body[one] for one in ("purpose", "version", "digest"))) if kind == "notice" else ""  # type: ignore[arg-type]
    if kind in {"refused", "deleted"}:
        name = str(entry_id)
    return (
        kind,
        name or body.get("grant", "") or body.get("message", ""),
        entry_id,
        entry.type,
        Time.stored(entry.at),
        json.dumps(dict(body)),
    )


def _about_consent(data: bytes) -> bool:
    return any(f'"type":"{one}"'.encode() in data for one in _KINDS)
