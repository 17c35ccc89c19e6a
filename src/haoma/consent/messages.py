"""How many messages a number was sent: one count, whatever they were for and whoever sent them.

Rules held here:
- A number is sent three messages in ten minutes and six in a day: questions, codes of the page and codes of cases
  together, and a guardian's number whoever the child is. It is counted where the message goes, in each tenant.
- A sending is noted in the transaction that decides on it: of many at once none is forgotten.
- The page, which anybody may ask, has so many codes sent in a tenant and hour, and takes as many wrong ones; an alarm
  is sounded when there are more, once an hour.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum

import sqlalchemy as sa

from haoma.consent import tables
from haoma.consent.keeping import kept_until
from haoma.consent.office import Office
from haoma.errors import Unavailable
from haoma.numbers import Number
from haoma.vault.model import SubjectToken

__all__ = ["WRONG", "Sending", "is_full", "note", "note_wrong", "pressed", "sound_full"]

PER_NUMBER = ((3, timedelta(minutes=10)), (6, timedelta(days=1)))
HOUR = timedelta(hours=1)
WRONG = "wrong"


class Sending(StrEnum):
    """What a message is for."""

    QUESTION = "question"
    DOOR = "door"
    CASE = "case"


def pressed(tx: sa.Connection, office: Office, tenant: str, number: Number, at: datetime) -> bool:
    """Whether a number was sent as many messages as it may."""
    tokens = office.vault.known_as(tenant, number)
    names = {str(name) for token in tokens for name in office.vault.aliases(tx, token)}
    mine = tables.messages.c.subject.in_(sorted(names))
    return any(_count(tx, mine, at - within) >= most for most, within in PER_NUMBER)


def note(tx: sa.Connection, to: SubjectToken, sending: Sending, at: datetime) -> None:
    """Count a message to a number."""
    _add(tx, to.tenant, str(to), sending, at)


def note_wrong(tx: sa.Connection, tenant: str, at: datetime) -> None:
    """Count a wrong code of the page."""
    _add(tx, tenant, None, WRONG, at)


def is_full(tx: sa.Connection, tenant: str, kind: str, most: int, at: datetime) -> bool:
    """Whether the page of a tenant has had so many codes sent (`door`), or wrong ones typed (`wrong`), in an hour."""
    return _count(tx, _of(tenant, kind), at - HOUR) >= most


def sound_full(office: Office, tenant: str, kind: str, at: datetime) -> None:
    """Sound the alarm `page-door` or `page-wrong` for a tenant, once an hour; again where nobody could be told."""
    alarm = f"page-{kind}"
    with office.store.read() as tx:
        if is_full(tx, tenant, alarm, 1, at):
            return
    try:
        office.alarms.sound(alarm, tenant, at)
    except Unavailable:
        return  # the next one that is too many sounds it
    office.store.write(lambda tx: _add(tx, tenant, None, alarm, at))


def _of(tenant: str, kind: str) -> sa.ColumnElement[bool]:
    c = tables.messages.c
    return sa.and_(c.tenant == tenant, c.kind == kind)


def _count(tx: sa.Connection, which: sa.ColumnElement[bool], since: datetime) -> int:
    query = sa.select(sa.func.count()).select_from(tables.messages).where(which, tables.messages.c.at > since)
    return int(tx.scalar(query) or 0)


def _add(tx: sa.Connection, tenant: str, subject: str | None, kind: str, at: datetime) -> None:
    row = {"tenant": tenant, "subject": subject, "kind": kind, "at": at}
    tx.execute(sa.insert(tables.messages).values(**row, kept_until=kept_until("consent.request", at)))
