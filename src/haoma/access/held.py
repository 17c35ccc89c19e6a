"""Whether what was decided on whom still stands as it was recorded: each row held to its entry, each entry to its row.

Rules held here:
- A row is what its commitment stands for, its entry in the log holds that commitment, and no other row is of the entry.
- An entry that is younger than a row is kept has its row: none of those is deleted, by whatever means. Of older
  decisions as many are gone as retention says it has deleted (`held_work`, which holds cases and requests too).
- Rows and entries are read side by side, in their order: a long log takes no more memory than a short one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from haoma.access import tables
from haoma.access.gate import decision_content
from haoma.access.held_work import Work, differs, is_about_work
from haoma.access.keeping import kept_until
from haoma.errors import NotFound, Tampered
from haoma.ledger.commitment import Commitment, Commitments
from haoma.ledger.entry import Entry
from haoma.ledger.scan import scan
from haoma.ledger.written import as_written
from haoma.vault import tables as vault_tables
from haoma.vault.audit import audit_content, audit_life, event_of

__all__ = ["Held", "hold"]

ROWS_AT_ONCE = 1024
_Row = sa.Row[tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class Held:
    """How many rows were held to the log; of `untold` ones, which are to go, the key has gone already."""

    decisions: int
    audit_rows: int
    untold: int
    cases: int = 0
    approvals: int = 0


@dataclass(frozen=True, slots=True)
class _Kind:
    """One table: what a row is called, where an entry holds its commitment, what that is of, how long it stays."""

    called: str
    key: sa.Column[int]
    said: Callable[[Entry], object]
    content: Callable[[_Row], bytes]
    until: Callable[[_Row], datetime]


_DECISIONS = _Kind(
    "decision",
    tables.decisions.c.decision_id,
    lambda entry: entry.body.get("decision") if entry.type == "access.decided" else None,
    lambda row: decision_content(dict(row._mapping), row.at),  # noqa: SLF001 - public in spite of its name
    lambda row: kept_until(row.at),
)
_AUDIT = _Kind(
    "audit row",
    vault_tables.audit.c.audit_id,
    lambda entry: entry.body.get("audit"),
    lambda row: audit_content(event_of(row)),
    lambda row: row.at + audit_life(event_of(row).keeps),
)


def hold(tx: sa.Connection, commitments: Commitments, now: datetime) -> Held:
    """Hold every decision, audit row, case and request to the log, and the log to them, as they are in `tx`.

    Raises Tampered with the first that differs, is gone, or is in no entry.
    """
    with ExitStack() as opened:
        decisions, audit = (_Holding(tx, kind, commitments, now, opened) for kind in (_DECISIONS, _AUDIT))
        work = Work(tx, now)
        for entry_id, entry, _ in scan(tx, _about_rows):
            for one in (decisions, audit, work):
                one.take(entry_id, entry)
        for one in (decisions, audit, work):
            one.finish()
        work.require_deleted("access.decision", decisions.absent)
    return Held(decisions.count, audit.count, decisions.untold + audit.untold, work.cases, work.approvals)


class _Holding:
    """The rows of one table, in the order of their entries."""

    def __init__(
        self, tx: sa.Connection, kind: _Kind, commitments: Commitments, now: datetime, opened: ExitStack
    ) -> None:
        self.count = self.untold = self.absent = 0
        self._kind, self._commitments, self._now = kind, commitments, now
        query = sa.select(kind.key.table).order_by(kind.key.table.c.entry_id, kind.key)
        found = tx.execute(query, execution_options={"yield_per": ROWS_AT_ONCE})
        self._rows: Iterator[_Row] = iter(opened.enter_context(found))
        self._passed: dict[int, _Row] = {}  # on PostgreSQL an id may come into the tree behind a later one
        self._last = 0

    def take(self, entry_id: int, entry: Entry) -> None:
        """Hold the row of an entry to it, where it is of this table."""
        said = self._kind.said(entry)
        if not isinstance(said, str):
            return
        self._pass(entry_id)
        row = self._passed.pop(entry_id, None)
        if row is not None:
            self._compare(row, entry, said)
        elif entry.at + _SHORTEST > self._now:
            raise differs(f"the {self._kind.called} of entry {entry_id} is gone")
        else:
            self.absent += 1

    def finish(self) -> None:
        """Require that no row is left which no entry tells of."""
        left = next(iter(self._passed.values()), None) or next(self._rows, None)
        if left is not None:
            raise self._wrong(left, "is in no entry of the log")

    def _pass(self, entry_id: int) -> None:
        """Read the rows up to this entry's."""
        with as_written(f"a row of {self._kind.key.table.name}"):
            while self._last < entry_id and (row := next(self._rows, None)) is not None:
                if row.entry_id in self._passed or row.entry_id == self._last:
                    raise self._wrong(row, "is in no entry of its own")
                self._passed[row.entry_id] = row
                self._last = row.entry_id

    def _compare(self, row: _Row, entry: Entry, said: str) -> None:
        with as_written(f"{self._kind.called} {self._number(row)}"):
            early = row.kept_until < self._kind.until(row)
            if row.commitment != said or row.at != entry.at or early or not self._opens(row):
                raise self._wrong(row, "is not what was recorded")
        self.count += 1

    def _opens(self, row: _Row) -> bool:
        """Whether the commitment stands for the row; a key that has gone before its rows was taken."""
        try:
            return self._commitments.opens(Commitment.parse(row.commitment), self._kind.content(row))
        except NotFound:
            self.untold += 1
            return bool(row.kept_until <= self._now)

    def _number(self, row: _Row) -> int:
        return int(row._mapping[self._kind.key.name])  # noqa: SLF001 - public in spite of its name

    def _wrong(self, row: _Row, what: str) -> Tampered:
        return differs(f"{self._kind.called} {self._number(row)} {what}")


_SHORTEST: timedelta = audit_life("audit")


def _about_rows(data: bytes) -> bool:
    return b'"audit":"' in data or b'"decision":"' in data or is_about_work(data)
