"""When a number was last shown to be its customer's, by what, and when that is due again.

Rules held here:
- It is shown by a code that was sent to the number and read back, or by a carrier who says that it has had no other
  holder since. What a CRM claims is told as the CRM's claim, and shows nothing.
- Each time is a fact with its source, sealed under a key of the customer's own; the row beside it holds two dates.
- A number that is found to be somebody else's is due at once.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

import sqlalchemy as sa

from haoma.consent import Office
from haoma.consent.tables import grants
from haoma.lineage import Activity, Draft, Stage, canonical_value, code_digest, record
from haoma.locate.cases import tables
from haoma.locate.cases.keeping import kept_until
from haoma.vault.audit import time_text
from haoma.vault.model import SubjectToken

__all__ = ["PURPOSE", "Counts", "How", "Shown", "due_counts", "newest", "overdue", "show"]

PURPOSE = "number-check"
FACT, CONTEXT, MADE_BY = "number_is_theirs", "fact", "locate.cases"
SOON = timedelta(days=30)
SURE = {"code": 1_000_000, "carrier": 950_000}


class How(StrEnum):
    """What showed it."""

    CODE = "code"
    CARRIER = "carrier"


@dataclass(frozen=True, slots=True)
class Shown:
    """That a number was shown to be its customer's: by what, when, and when it is due again."""

    how: How
    shown_at: datetime
    due_at: datetime


@dataclass(frozen=True, slots=True)
class Counts:
    """How many numbers of a tenant are due: already, within 30 days, and later."""

    over: int
    soon: int
    later: int


def show(tx: sa.Connection, office: Office, subject: SubjectToken, shown: Shown) -> None:
    """Record it: the fact and the row, in the place of what was known before.

    `office.vault.prepare(subject, PURPOSE)` comes before the transaction.
    """
    text = canonical_value({"how": str(shown.how), "shown_at": time_text(shown.shown_at)})
    sealed = office.vault.seal_bytes(subject, PURPOSE, CONTEXT, text.encode())
    source = f"{MADE_BY}:{shown.how}"
    draft = Draft(str(subject), FACT, sealed, source, Stage.COLLECTION, shown.shown_at, SURE[shown.how])
    at = shown.shown_at
    ran = Activity(MADE_BY, code_digest(show), "haoma", Stage.COLLECTION, at, at, run_id=str(uuid.uuid4()))
    (fact,) = record(tx, office.vault.log, office.vault.commitments, ran, [draft], at=at)
    names = [str(one) for one in office.vault.aliases(tx, subject)]
    tx.execute(sa.delete(tables.numbers).where(tables.numbers.c.subject.in_(names)))
    when = {"shown_at": at, "due_at": shown.due_at, "kept_until": kept_until("number.shown", shown.due_at)}
    tx.execute(sa.insert(tables.numbers).values(subject=str(subject), how=str(shown.how), fact_id=fact.fact_id, **when))
    # A code that was confirmed is such a check as `Consent.require` asks for.
    live = (grants.c.subject.in_(names), grants.c.state == "given", grants.c.checked_at < at)
    tx.execute(sa.update(grants).where(*live).values(checked_at=at))


def newest(tx: sa.Connection, names: Sequence[str]) -> Shown | None:
    """When the number that these tokens stand for was last shown; None where it never was."""
    c = tables.numbers.c
    query = sa.select(c.how, c.shown_at, c.due_at).where(c.subject.in_(names)).order_by(c.shown_at.desc()).limit(1)
    row = tx.execute(query).one_or_none()
    return None if row is None else Shown(How(row.how), row.shown_at, row.due_at)


def overdue(tx: sa.Connection, names: Sequence[str], at: datetime) -> None:
    """Have the number be due at once."""
    c = tables.numbers.c
    tx.execute(sa.update(tables.numbers).where(c.subject.in_(names), c.due_at > at).values(due_at=at))


def due_counts(tx: sa.Connection, tenant: str, at: datetime) -> Counts:
    """How many numbers of a tenant are due when."""
    c = tables.numbers.c
    theirs = c.subject.startswith(f"{tenant}.", autoescape=True)
    late, near = (sa.func.sum(sa.case((c.due_at <= until, 1), else_=0)) for until in (at, at + SOON))
    over, soon, whole = tx.execute(sa.select(late, near, sa.func.count()).where(theirs)).one()
    return Counts(int(over or 0), int(soon or 0) - int(over or 0), int(whole) - int(soon or 0))
