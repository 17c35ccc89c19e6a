"""When a number was last shown to be its customer's, by what, and when that is due again.

Rules held here:
- It is shown by a code that was sent to the number and read back, or by a carrier who says that it has had no other
  holder since. What a CRM claims is told as the CRM's claim, and shows nothing.
- Each time is a fact with its source, sealed under a key of the customer's own; the row beside it holds two dates, and
  is held to the fact when it is told: one that a hand put off shows nothing, and is Tampered.
- A number that is found to be somebody else's is due at once.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from haoma.consent import Office
from haoma.consent.tables import grants
from haoma.errors import NotFound, Tampered
from haoma.ledger.commitment import Commitment
from haoma.ledger.written import as_written
from haoma.lineage import (
    Activity,
    Draft,
    Fact,
    Stage,
    activities_of,
    canonical_value,
    code_digest,
    content,
    digest,
    facts_of,
    record,
)
from haoma.locate.cases import tables
from haoma.locate.cases.keeping import kept_until
from haoma.vault.audit import time_text
from haoma.vault.model import SubjectToken
from haoma.vault.retention_table import rule_of

__all__ = ["PURPOSE", "Counts", "How", "Shown", "due_counts", "flaw_of", "held", "newest", "overdue", "show"]

PURPOSE = "number-check"
FACT, CONTEXT, MADE_BY = "number_is_theirs", "fact", "locate.cases"
SOON = timedelta(days=30)
KEPT = rule_of("number.shown").longest or timedelta()
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
    text, at = _text(shown), shown.shown_at
    sealed = office.vault.seal_bytes(subject, PURPOSE, CONTEXT, text.encode())
    sure, told = SURE[shown.how], digest(text)
    draft = Draft(str(subject), FACT, sealed, _source(shown.how), Stage.COLLECTION, at, sure, output_digest=told)
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
    """When the number that these tokens stand for was last shown, as its row says; None where it never was."""
    row = _newest(tx, names)
    return None if row is None else Shown(How(row.how), row.shown_at, row.due_at)


def held(tx: sa.Connection, office: Office, names: Sequence[str]) -> Shown | None:
    """`newest`, held to the fact; raises Tampered where the row is not what was recorded."""
    row = _newest(tx, names)
    if row is None:
        return None
    with as_written("when a number was shown to be its customer's"):
        flaw = flaw_of(tx, office, row, names)
    if flaw:
        message = f"when this number was last shown to be its customer's is not what was recorded: its {flaw} differs"
        raise Tampered(message, hint="haoma case audit names the row; put the database back from its backup")
    return Shown(How(row.how), row.shown_at, row.due_at)


def flaw_of(tx: sa.Connection, office: Office, row: sa.Row[Any], names: Sequence[str]) -> str:
    """What differs between a row and the fact that it is of, empty where all holds."""
    try:
        (fact,) = facts_of(tx, [row.fact_id])
        activity = activities_of(tx, [fact.activity_id])[fact.activity_id]
        stands = office.vault.commitments.opens(Commitment.parse(fact.commitment), content(fact, activity))
    except (NotFound, KeyError):
        return "fact"
    due_at = row.kept_until - KEPT  # as it was when it was shown; what is overdue is due earlier
    if not stands or fact.name != FACT or fact.subject not in names:
        return "fact"
    if not _is_of(fact, Shown(How(row.how), row.shown_at, due_at)):
        return "time"
    return "" if row.due_at <= due_at else "due day"


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


def _newest(tx: sa.Connection, names: Sequence[str]) -> sa.Row[Any] | None:
    c = tables.numbers.c
    query = sa.select(tables.numbers).where(c.subject.in_(names)).order_by(c.shown_at.desc()).limit(1)
    return tx.execute(query).one_or_none()


def _is_of(fact: Fact, shown: Shown) -> bool:
    same = (fact.source, fact.observed_at) == (_source(shown.how), shown.shown_at)
    return same and fact.output_digest == digest(_text(shown))


def _source(how: How) -> str:
    return f"{MADE_BY}:{how}"


def _text(shown: Shown) -> str:
    times = {"due_at": time_text(shown.due_at), "shown_at": time_text(shown.shown_at)}
    return canonical_value({"how": str(shown.how), **times})
