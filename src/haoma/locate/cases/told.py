"""What the log tells of cases, with the audit rows of it, to be asked by what rows of cases say.

Rules held here:
- An entry is told as its audit row has it: who did it, about whom. One whose audit row was changed or deleted before
  its time is Tampered.
- Entries are read once, in their order, into a private file that goes with the process: a long log takes no more memory
  than a short one.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sa

from haoma.access.held_work import differs
from haoma.ledger.entry import Entry
from haoma.ledger.scan import scan
from haoma.ledger.written import as_written
from haoma.storage import Time
from haoma.vault.audit import audit_life
from haoma.vault.tables import audit

__all__ = ["REFERRED", "SEARCHED", "STEP", "Said", "Told", "reading_log"]

REFERRED, STEP, SEARCHED, DELETED = "case.referred", "case.number", "case.searched", "retention.deleted"
_MAKE = (
    "CREATE TABLE audited (entry_id INTEGER PRIMARY KEY, at INTEGER, actor TEXT, subject TEXT, reason TEXT, said TEXT)",
    """CREATE TABLE told (type TEXT, name TEXT, entry_id INTEGER PRIMARY KEY, at INTEGER, actor TEXT, subject TEXT,
 reason TEXT, seen INTEGER)""",
    "CREATE TABLE searched (actor TEXT, at INTEGER, reason TEXT)",
)
_INDEXES = (
    "CREATE INDEX named ON told (type, name)",
    "CREATE INDEX happened ON told (type, reason, at)",
    "CREATE INDEX about ON told (subject, type, reason, at)",
)
_PUT_AUDITED = "INSERT OR REPLACE INTO audited VALUES (?, ?, ?, ?, ?, ?)"
_PUT = "INSERT INTO told VALUES (?, ?, ?, ?, ?, ?, ?, 0)"
_ONE = "SELECT at, actor, subject, reason, said FROM audited WHERE entry_id = ?"
_COLUMNS = "SELECT entry_id, at, actor, subject, reason FROM told"
_SAID = f"{_COLUMNS} WHERE"
_ABOUT = f"{_COLUMNS} INDEXED BY about WHERE type = ? AND reason = ? AND at BETWEEN ? AND ?"
_SINCE = f"{_SAID} type = ? AND reason = ? AND at > ? ORDER BY entry_id"
_NAMED = f"{_SAID} type = 'case.referred' AND name = ? AND seen = 0"
_UNSEEN = f"{_SAID} type = 'case.referred' AND seen = 0 ORDER BY entry_id"
_SEE = "UPDATE told SET seen = 1 WHERE entry_id = ?"
_PUT_SEARCH = "INSERT INTO searched VALUES (?, ?, ?)"
_LOGGED = """SELECT actor, at, reason, count(*) FROM told
 WHERE type = 'case.searched' AND reason <> 'too-often' AND at > ?1 GROUP BY 1, 2, 3"""
_KEPT = "SELECT actor, at, reason, count(*) FROM searched WHERE at > ?1 GROUP BY 1, 2, 3"
_UNLIKE = (f"{_LOGGED} EXCEPT {_KEPT} LIMIT 1", f"{_KEPT} EXCEPT {_LOGGED} LIMIT 1")
_LIFE = audit_life("audit")


class Said(NamedTuple):
    """An entry, with what its audit row says; without that, where it is long over, `subject` is empty."""

    entry_id: int
    at: datetime
    actor: str
    subject: str
    reason: str


class Told:
    """The entries of one log about cases, in a table `told` of a private file; times as they are stored."""

    def __init__(self, file: sqlite3.Connection) -> None:
        self._file = file
        self.deleted = 0
        """How many references retention says it has deleted."""

    def find(self, type_: str, names: Sequence[str], reason: str, since: datetime, until: datetime) -> list[Said]:
        """The entries of a type and reason about any of these tokens, from one moment up to another, both included."""
        marks = ", ".join("?" * len(names))
        query = f"{_ABOUT} AND subject IN ({marks}) ORDER BY entry_id"
        found = self._file.execute(query, (type_, reason, Time.stored(since), Time.stored(until), *names))
        return [_said(row) for row in found]

    def each(self, type_: str, reason: str, since: datetime) -> Iterator[Said]:
        """The entries of a type and reason after a moment, in the order of the log."""
        yield from map(_said, self._file.execute(_SINCE, (type_, reason, Time.stored(since))).fetchall())

    def see(self, name: str) -> Said | None:
        """The entry of a reference, once; None where there is none, or it was seen."""
        found = self._file.execute(_NAMED, (name,)).fetchone()
        if found is None:
            return None
        self._file.execute(_SEE, (found[0],))
        return _said(found)

    def unseen(self) -> Iterator[Said]:
        """The entries of references that nobody has seen."""
        yield from map(_said, self._file.execute(_UNSEEN))

    def unlike(self, rows: Iterator[Sequence[object]], since: datetime) -> tuple[bool, bool]:
        """Whether searches after a moment are in the log and not among these (actor, time, state), and the reverse."""
        self._file.executemany(_PUT_SEARCH, rows)
        gone, more = (self._file.execute(query, (Time.stored(since),)).fetchone() for query in _UNLIKE)
        return gone is not None, more is not None


@contextmanager
def reading_log(tx: sa.Connection, now: datetime) -> Iterator[Told]:
    """What the log tells, as it is in this transaction; raises Tampered where it is not whole, as the rules say."""
    with closing(sqlite3.connect("", isolation_level=None)) as file:
        for statement in _MAKE:
            file.execute(statement)
        file.execute("BEGIN")
        told = Told(file)
        file.executemany(_PUT_AUDITED, _audited(tx))
        for found in scan(tx, _about_cases):
            if found.entry.type == DELETED:
                told.deleted += int(str(found.entry.body["rows"])) * (found.entry.body["class"] == "case.reference")
                continue
            with as_written(f"entry {found.entry_id}"):
                row = _row(file, found.entry_id, found.entry, now)
            file.execute(_PUT, row)
        for statement in _INDEXES:
            file.execute(statement)
        yield told


def _audited(tx: sa.Connection) -> Iterator[Sequence[object]]:
    c = audit.c
    query = sa.select(c.entry_id, c.at, c.actor, c.subject, c.reason, c.commitment).where(c.action.startswith("case."))
    with tx.execute(query, execution_options={"yield_per": 1024}) as rows:
        for row in rows:
            yield row.entry_id, Time.stored(row.at), row.actor, row.subject, row.reason, row.commitment


def _said(row: tuple[Any, ...]) -> Said:
    entry_id, at, actor, subject, reason = row
    return Said(entry_id, Time.read(at), actor or "", subject or "", reason or "")


def _row(file: sqlite3.Connection, entry_id: int, entry: Entry, now: datetime) -> Sequence[object]:
    at, found = Time.stored(entry.at), file.execute(_ONE, (entry_id,)).fetchone()
    name = f"{entry.body['case']} {entry.body['reference']}" if entry.type == REFERRED else ""
    if found is None and entry.at + _LIFE > now:
        raise differs(f"the audit row of entry {entry_id} is gone")
    if found is None:
        return entry.type, name, entry_id, at, None, None, entry.body.get("step")
    audited_at, actor, subject, reason, said = found
    if (audited_at, said) != (at, entry.body["audit"]) or reason != entry.body.get("step", reason):
        raise differs(f"the audit row of entry {entry_id} is not what was recorded")
    return entry.type, name, entry_id, at, actor, subject, reason


def _about_cases(data: bytes) -> bool:
    return any(f'"type":"{one}"'.encode() in data for one in (REFERRED, STEP, SEARCHED, DELETED))
