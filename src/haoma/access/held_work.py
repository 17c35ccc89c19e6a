"""Whether cases and requests still stand as they were recorded: each row held to its entries, each entry to its row.

Rules held here:
- An entry that is younger than its row is kept has its row; of older ones as many are gone as retention says it has
  deleted, and not one more.
- A case is its agent's, from when to when the log says. A request is what was requested, approved by whom the log says,
  and stands as its last entry has it.
- A row is looked up for each entry: a long log takes no more memory than a short one.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from haoma.access import tables
from haoma.access.cases import LONGEST_CASE
from haoma.access.keeping import APPROVALS_KEPT, CASES_KEPT
from haoma.errors import Tampered
from haoma.ledger.entry import Entry
from haoma.ledger.written import as_written

__all__ = ["Work", "differs", "is_about_work"]

CASE, APPROVAL = "access.case", "access.approval"
DELETED = "retention.deleted"
_FINAL = ("done", "refused", "withdrawn")
_case = sa.select(tables.cases).where(tables.cases.c.case_id == sa.bindparam("case"))
_approval = sa.select(tables.approvals).where(tables.approvals.c.approval_id == sa.bindparam("approval"))
_vote = sa.select(tables.votes).where(
    tables.votes.c.approval_id == sa.bindparam("approval"), tables.votes.c.person_id == sa.bindparam("by")
)


class Work:
    """Holds the cases and requests of one transaction to the entries that it is given, in the order of the log."""

    def __init__(self, tx: sa.Connection, now: datetime) -> None:
        self.deleted = Counter[str]()
        self.absent = Counter[str]()
        self._seen = Counter[str]()
        self._tx, self._now = tx, now

    @property
    def cases(self) -> int:
        """How many cases were held."""
        return self._seen["opened"]

    @property
    def approvals(self) -> int:
        """How many requests were held."""
        return self._seen["requested"]

    def take(self, entry_id: int, entry: Entry) -> None:
        """Hold the row of an entry to it, where it is about a case or a request; count what retention deleted."""
        if entry.type == DELETED:
            self.deleted[str(entry.body["class"])] += int(str(entry.body["rows"]))
        elif entry.type == CASE:
            with as_written(f"the case of entry {entry_id}"):
                self._case(entry_id, entry)
        elif entry.type == APPROVAL:
            with as_written(f"the request of entry {entry_id}"):
                self._approval(entry_id, entry)

    def finish(self) -> None:
        """Require that no row is left which no entry tells of, and that nothing else was deleted than retention did."""
        c, a = tables.cases.c, tables.approvals.c
        for what, said, there in (
            ("a case", "opened", c.case_id.is_not(None)),
            ("the end of a case", "closed", c.closed_at.is_not(None)),
            ("a request", "requested", a.approval_id.is_not(None)),
            ("the end of a request", "ended", a.state.in_(_FINAL)),
            ("an approval", "approved", tables.votes.c.approval_id.is_not(None)),
        ):
            if self._tx.scalar(sa.select(sa.func.count()).where(there)) != self._seen[said]:
                raise differs(f"{what} is in no entry of the log")
        for rule in (CASE, APPROVAL):
            self.require_deleted(rule, self.absent[rule])

    def require_deleted(self, rule: str, absent: int) -> None:
        """Raise Tampered where more, or fewer, rows of a class are gone than retention says it has deleted."""
        if absent != self.deleted[rule]:
            message = f"{absent:,} rows of {rule} are gone, and retention deleted {self.deleted[rule]:,}"
            raise differs(message)

    def _case(self, entry_id: int, entry: Entry) -> None:
        row = self._tx.execute(_case, {"case": entry.body["case"]}).first()
        change = str(entry.body["change"])
        if row is None:
            if change == "opened":
                self._gone(entry_id, entry, CASE, CASES_KEPT)
            return
        self._seen[change] += 1
        at = (row.opened_at, row.closes_at) if change == "opened" else (row.closed_at, row.closes_at)
        said = (entry.at, entry.at + LONGEST_CASE) if change == "opened" else (entry.at, row.closes_at)
        if row.agent_id != entry.body["agent"] or at != said:
            raise differs(f"the case of entry {entry_id} is not what was recorded")

    def _approval(self, entry_id: int, entry: Entry) -> None:
        row = self._tx.execute(_approval, {"approval": entry.body["approval"]}).first()
        to = str(entry.body["to"])
        if row is None:
            if to == "requested":
                self._gone(entry_id, entry, APPROVAL, APPROVALS_KEPT)
            return
        self._seen["ended" if to in _FINAL else to] += 1
        if not self._is_so(row, entry, to):
            raise differs(f"the request of entry {entry_id} is not what was recorded: {to}")

    def _is_so(self, row: sa.Row[Any], entry: Entry, to: str) -> bool:
        """Whether a request is as an entry of it says."""
        said = entry.body
        if (row.action, row.digest) != (said["action"], said["digest"]):
            return False
        if to == "requested":
            whole = hashlib.sha256(bytes(row.payload)).hexdigest() == row.digest
            return whole and (row.requester, row.requested_at) == (said["by"], entry.at)
        if to == "approved":
            vote = self._tx.execute(_vote, {"approval": row.approval_id, "by": said["by"]}).first()
            return vote is not None and (vote.role, vote.at, vote.digest) == (said["role"], entry.at, row.digest)
        return to not in _FINAL or (row.state, row.ended_at) == (to, entry.at)

    def _gone(self, entry_id: int, entry: Entry, rule: str, kept: timedelta) -> None:
        if entry.at + kept > self._now:
            raise differs(f"the row of entry {entry_id} is gone before its time ({rule})")
        self.absent[rule] += 1


def is_about_work(data: bytes) -> bool:
    """Whether the bytes of an entry may be about a case, a request or a deletion."""
    return any(f'"type":"{one}"'.encode() in data for one in (CASE, APPROVAL, DELETED))


def differs(message: str) -> Tampered:
    """What is told of a row that is not what was recorded."""
    return Tampered(message, hint="keep this database as it is; haoma ledger audit tells whether the log still holds")
