"""Cases: an agent's work on one subject. Inside an open one of theirs they may meet that subject, and nowhere else.

Rules held here:
- A case is its agent's alone, for one subject of their tenant, and closes by itself after twelve hours. The subject is
  a token: no number and no other text ever gets into a row.
- Only who opened a case closes it; a closed one is never opened again. What it keeps is over in that transaction, and
  destroyed right behind it.
"""

from __future__ import annotations

import uuid
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

import sqlalchemy as sa

from haoma.access import tables
from haoma.access.entries import tell
from haoma.access.gate import Gate, Thing
from haoma.access.model import Asker
from haoma.access.rows import tenant_id_of
from haoma.errors import NotFound, Unavailable
from haoma.vault.model import SubjectToken

__all__ = ["LONGEST_CASE", "Case", "CaseKeeping", "Cases"]

LONGEST_CASE = timedelta(hours=12)
_cases = tables.cases.c


@dataclass(frozen=True, slots=True)
class Case:
    """One case; `subject` is a subject token, `closes_at` when it closes by itself."""

    id: str
    agent: str
    subject: str
    opened_at: datetime
    closes_at: datetime
    closed_at: datetime | None

    def is_open(self, now: datetime) -> bool:
        """Whether it lets its agent meet the subject."""
        return self.opened_at <= now < self.closes_at and self.closed_at is None


class CaseKeeping(Protocol):
    """What is kept for cases, by whoever keeps anything."""

    def over(self, tx: sa.Connection, case_id: str, at: datetime) -> None:
        """End what a case keeps, in the transaction that closes it."""

    def shred(self, case_id: str) -> int:
        """Destroy what a closed case has kept; raises Unavailable where it cannot be, and retention does it."""


class Cases:
    """The cases of one store, and what is kept for them."""

    def __init__(self, gate: Gate, kept: CaseKeeping | None = None) -> None:
        self._gate = gate
        self._kept = kept

    def open(self, asker: Asker, subject: str, now: datetime) -> Case:
        """Open a case of the asker's about a subject token.

        Raises BadInput for any other text, Refused for a token of another tenant's.
        """
        token = SubjectToken.parse(subject)
        with self._gate.store.read() as tx:
            thing = Thing("case", tenant_id_of(tx, token.tenant))
        return self._gate.change(asker, "open-case", thing, now, lambda tx: self.begin(tx, asker, token, now))

    def begin(self, tx: sa.Connection, asker: Asker, subject: SubjectToken, now: datetime) -> Case:
        """Open a case in the transaction of the decision that lets the asker (`Gate.change`)."""
        case = Case(str(uuid.uuid4()), asker.person, str(subject), now, now + LONGEST_CASE, None)
        row = {"case_id": case.id, "tenant_id": asker.tenant, "agent_id": case.agent, "subject": case.subject}
        tx.execute(sa.insert(tables.cases).values(**row, opened_at=now, closes_at=case.closes_at))
        tell(tx, self._gate.log, "access.case", now, case=case.id, agent=case.agent, change="opened")
        return case

    def close(self, asker: Asker, case_id: str, now: datetime) -> None:
        """Close a case of the asker's; NotFound where none of theirs is open."""

        def work(tx: sa.Connection) -> None:
            mine = sa.and_(_cases.case_id == case_id, _cases.agent_id == asker.person, _cases.closed_at.is_(None))
            if not tx.execute(sa.update(tables.cases).where(mine).values(closed_at=now)).rowcount:
                raise NotFound("there is no open case of yours with this id", hint="haoma case list shows them")
            tell(tx, self._gate.log, "access.case", now, case=case_id, agent=asker.person, change="closed")
            if self._kept is not None:
                self._kept.over(tx, case_id, now)

        self._gate.change(asker, "close-case", Thing("case", asker.tenant), now, work)
        if self._kept is not None:
            with suppress(Unavailable):  # it is over, and retention takes it away
                self._kept.shred(case_id)

    def mine(self, asker: Asker, now: datetime) -> list[Case]:
        """The open cases of the asker, the newest first."""
        self._gate.ask(asker, "see", Thing("case", asker.tenant, "subject"), now).require()
        with self._gate.store.read() as tx:
            return self.opened(tx, asker, now)

    def agent_of(self, tx: sa.Connection, case_id: str) -> str:
        """Whose case this is or was, by their id; empty where there is none. Decides nothing."""
        return str(tx.scalar(sa.select(_cases.agent_id).where(_cases.case_id == case_id)) or "")

    def opened(self, tx: sa.Connection, asker: Asker, now: datetime) -> list[Case]:
        """The open cases of the asker in this transaction, the newest first; decides nothing."""
        opened = sa.and_(_cases.agent_id == asker.person, _cases.closed_at.is_(None), _cases.closes_at > now)
        rows = tx.execute(sa.select(tables.cases).where(opened).order_by(_cases.opened_at.desc()))
        return [Case(r.case_id, r.agent_id, r.subject, r.opened_at, r.closes_at, r.closed_at) for r in rows]
