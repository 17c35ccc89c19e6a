"""Whether what is kept of cases still stands as it was recorded: rows held to the log, and the log to the rows.

Rules held here:
- A reference is of its case and customer, from when the log says, and stays its time: none is denied by deleting it. Of
  older ones as many are gone as retention says it has deleted.
- A number was shown when its fact and the log say, the last time, and is due when the fact says, or since it was found
  to have another holder.
- A code was sent when the log says, as long as codes are kept, and no try of it is forgotten; a customer who declined
  has declined. A search that was begun and ended is there as long as searches are kept.
- The entries are those of the log as it is; whether they, and the audit rows of them, are those that were written,
  `haoma ledger audit` and `haoma access audit` tell. No entry tells which ways of reaching a customer the CRM named.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from haoma.access.cases import LONGEST_CASE
from haoma.access.held_work import differs
from haoma.access.tables import cases
from haoma.consent import Office
from haoma.consent.code import CODE_LIFE
from haoma.ledger.written import as_written
from haoma.locate.cases import tables
from haoma.locate.cases.keeping import kept_until
from haoma.locate.cases.numbers import KEPT, flaw_of
from haoma.locate.cases.told import STEP, Told, reading_log
from haoma.storage import Time
from haoma.vault.audit import audit_life
from haoma.vault.model import SubjectToken, actor_name

__all__ = ["Audited", "audit_cases"]

ROWS_AT_ONCE = 500
DAY = timedelta(days=1)
DECLINED = "declined"
MOMENT = timedelta(microseconds=1)
_Row = sa.Row[Any]


@dataclass(frozen=True, slots=True)
class Audited:
    """How many rows were held."""

    references: int
    numbers: int
    codes: int
    searches: int


def audit_cases(tx: sa.Connection, office: Office) -> Audited:
    """Hold every reference, number, code and search of cases to the log, as they are in this transaction.

    Raises Tampered with the first that differs or is gone.
    """
    now = office.now()
    with reading_log(tx, now) as told:
        run = _Run(tx, office, told, now)
        return Audited(run.references(), run.numbers(), run.codes(), run.searches())


class _Run:
    """One audit under way."""

    def __init__(self, tx: sa.Connection, office: Office, told: Told, now: datetime) -> None:
        self._tx, self._office, self._told, self._now = tx, office, told, now

    def references(self) -> int:
        """Hold every reference to its entry, and every entry of one to its row."""
        count = self._each(tables.references, tables.references.c.reference_id, self._reference_differs)
        absent = 0
        for said in self._told.unseen():
            if kept_until("case.reference", said.at) > self._now:
                raise differs(f"the reference that entry {said.entry_id} of the log tells of is gone")
            absent += 1
        if absent != self._told.deleted:
            raise differs(f"{absent:,} references are gone, and retention deleted {self._told.deleted:,}")
        return count

    def numbers(self) -> int:
        """Hold every number that was shown to its fact and its entries, and the last entry of each to its row."""
        c = tables.numbers.c
        count = self._each(tables.numbers, c.number_id, self._number_differs)
        for said in self._told.each(STEP, "right", self._now - KEPT):
            names = self._names(said.subject)
            if self._tx.scalar(sa.select(c.number_id).where(c.subject.in_(names)).limit(1)) is None:
                raise differs(f"when a number was shown, as entry {said.entry_id} of the log tells, is gone")
        return count

    def codes(self) -> int:
        """Hold every code to its entries, and the entries of a day to their codes."""
        c = tables.codes.c
        count = self._each(tables.codes, c.code_id, self._code_differs)
        for said in self._told.each(STEP, "sent", self._now - DAY):
            theirs = (c.subject.in_(self._names(said.subject)), c.sent_at == said.at, c.actor == said.actor)
            if self._tx.scalar(sa.select(c.code_id).where(*theirs, c.code != "").limit(1)) is None:
                raise differs(f"the code of entry {said.entry_id} of the log is gone")
        for said in self._told.each(STEP, DECLINED, self._now - LONGEST_CASE):
            if not self._has_declined(self._names(said.subject), said.at):
                raise differs(f"that a customer declined, as entry {said.entry_id} of the log tells, is gone")
        return count

    def searches(self) -> int:
        """Hold the searches of a day to the log, and the log to them; one that is open has no entry yet."""
        c, since = tables.searches.c, self._now - DAY
        query = sa.select(c.actor, c.at, c.state).where(c.state != "open")
        with as_written("a search"), self._tx.execute(query, execution_options={"yield_per": ROWS_AT_ONCE}) as rows:
            made = ((row.actor, Time.stored(row.at), row.state) for row in rows)
            gone, more = self._told.unlike(made, since)
        if gone or more:
            raise differs("a search of the last day is gone" if gone else "a search is in no entry of the log")
        return int(self._tx.scalar(sa.select(sa.func.count()).select_from(tables.searches)) or 0)

    def _each(self, table: sa.Table, key: sa.Column[Any], flaw: Callable[[_Row], str]) -> int:
        """Hold every row of a table; how many there are."""
        count = 0
        query = sa.select(table).order_by(key)
        with self._tx.execute(query, execution_options={"yield_per": ROWS_AT_ONCE}) as rows:
            for row in rows:
                name = f"{table.name.replace('_', ' ').removesuffix('s')} {row._mapping[key.name]}"  # noqa: SLF001
                with as_written(name):
                    found = flaw(row)
                if found:
                    raise differs(f"{name} is not what was recorded: its {found} differs")
                count += 1
        return count

    def _reference_differs(self, row: _Row) -> str:
        said = self._told.see(f"{row.case_id} {row.reference}")
        if said is None:
            return "entry"
        if said.subject and said.subject not in self._names(row.subject):
            return "subject"
        return "" if row.at == said.at and row.kept_until >= kept_until("case.reference", said.at) else "time"

    def _number_differs(self, row: _Row) -> str:
        names = self._names(row.subject)
        found = flaw_of(self._tx, self._office, row, names)
        if found or row.shown_at + audit_life("audit") <= self._now:  # nobody can say any more who showed it
            return found
        shown = self._told.find(STEP, names, "right", row.shown_at, self._now)
        if {one.at for one in shown} != {row.shown_at}:
            return "entry"
        lost = self._told.find(STEP, names, "recycled", row.shown_at + MOMENT, self._now)
        due_at = min([row.kept_until - KEPT, *(one.at for one in lost)])
        return "" if row.due_at == due_at else "due day"

    def _code_differs(self, row: _Row) -> str:
        names = self._names(row.subject)
        step, life = ("sent", CODE_LIFE) if row.code else (DECLINED, timedelta())
        begun = self._told.find(STEP, names, step, row.sent_at, row.sent_at)
        if row.actor not in {one.actor for one in begun}:
            return "entry"
        if row.expires_at != row.sent_at + life or row.kept_until < kept_until("case.search", row.sent_at):
            return "time"
        if not self._is_in_case(names, row):
            return "case"
        if row.state == DECLINED and not self._told.find(STEP, names, DECLINED, row.sent_at, self._now):
            return "state"
        return "" if self._has_tries(names, row) else "tries"

    def _is_in_case(self, names: Sequence[str], row: _Row) -> bool:
        c = cases.c
        case = self._tx.execute(sa.select(cases).where(c.case_id == row.case_id, c.subject.in_(names))).one_or_none()
        if case is None or not case.opened_at <= row.sent_at < case.closes_at:
            return False
        return bool(row.actor.partition(":")[0] != "person" or row.actor == actor_name("person", case.agent_id))

    def _has_tries(self, names: Sequence[str], row: _Row) -> bool:
        """Whether a code has no more tries than were told while it was good, and those beside it no fewer."""
        if not row.code:
            return bool(row.attempts == 0)
        tried = len(self._told.find(STEP, names, "code-wrong", row.sent_at, row.expires_at - MOMENT))
        c = tables.codes.c
        beside = (c.subject.in_(names), c.sent_at < row.expires_at, c.expires_at > row.sent_at)
        counted = int(self._tx.scalar(sa.select(sa.func.sum(c.attempts)).where(*beside)) or 0)
        whole = row.sent_at > self._now - DAY + CODE_LIFE  # of an older one, what was beside it may be gone
        return bool(row.attempts <= tried and (counted >= tried or not whole))

    def _has_declined(self, names: Sequence[str], at: datetime) -> bool:
        """Whether as many cases as people who told so have nothing but codes that are declined."""
        c = tables.codes.c
        theirs = (c.subject.in_(names), c.sent_at > self._now - DAY, c.sent_at <= at)
        rows = self._tx.execute(sa.select(c.case_id, c.state).where(*theirs)).all()
        still = {row.case_id for row in rows if row.state != DECLINED}
        told = self._told.find(STEP, names, DECLINED, self._now - LONGEST_CASE + MOMENT, at)
        people = {one.actor for one in told if one.actor.startswith("person:")}
        return len({row.case_id for row in rows} - still) >= max(1, len(people))

    def _names(self, subject: str) -> list[str]:
        return [str(one) for one in self._office.vault.aliases(self._tx, SubjectToken.of_row(subject))]
