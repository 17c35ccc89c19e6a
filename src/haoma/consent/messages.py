"""How many messages a number was sent: one count, whatever they were for and whoever sent them.

Rules held here:
- A number is sent three messages in ten minutes and six in a day: questions, codes of the page and codes of cases
  together, and a guardian's number whoever the child is. It is counted where the message goes, in each tenant.
- The page, which anybody may ask, has so many codes sent in a tenant and hour, and takes as many wrong ones. Nobody who
  asks there has more than a tenth of what the others have left: one alone comes to a tenth, ten together to two thirds.
- Of what a number is sent in a day, whoever asks there has four at the most: two are left to its holder.
- Where codes are held back an alarm is sounded, once an hour.
- A sending is noted in the transaction that decides on it: of many at once none is forgotten. Each row is committed to
  in an entry of the log, so that an audit misses one that is gone.
- Who asks there is kept as a commitment to their network, for a day, as the rest of the row.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from haoma.consent import tables
from haoma.consent.keeping import kept_until
from haoma.consent.office import Office
from haoma.errors import Unavailable
from haoma.ledger.canonical import canonical
from haoma.ledger.entry import Entry
from haoma.numbers import Number
from haoma.storage import Time
from haoma.vault.model import SubjectToken

__all__ = [
    "KEPT",
    "WRONG",
    "Sending",
    "Stranger",
    "is_spent",
    "message_content",
    "note",
    "note_wrong",
    "pressed",
    "sound_spent",
]

PER_NUMBER = ((3, timedelta(minutes=10)), (6, timedelta(days=1)))
PER_STRANGER = (4, timedelta(days=1))
SHARE = 10
HOUR = timedelta(hours=1)
KEPT = "consent.request"
SCOPE, STRANGERS = "messages", "strangers"
WRONG = "wrong"


class Sending(StrEnum):
    """What a message is for."""

    QUESTION = "question"
    DOOR = "door"
    CASE = "case"


@dataclass(frozen=True, slots=True)
class Stranger:
    """Whoever asks on the page of a tenant, of whom nothing but their network is known, as a commitment."""

    tenant: str
    name: str

    @classmethod
    def of(cls, office: Office, tenant: str, network: str) -> Stranger:
        """Those of one network; where none is known, all of them are one."""
        return cls(tenant, str(office.vault.commitments.commit(STRANGERS, network.encode("utf-8", "replace"))))


def pressed(
    tx: sa.Connection, office: Office, tenant: str, number: Number, at: datetime, by: Stranger | None = None
) -> bool:
    """Whether a number was sent as many messages as it may, or as many as this stranger may have sent to it."""
    tokens = office.vault.known_as(tenant, number)
    names = {str(name) for token in tokens for name in office.vault.aliases(tx, token)}
    mine, c = tables.messages.c.subject.in_(sorted(names)), tables.messages.c
    if any(_count(tx, mine, at - within) >= most for most, within in PER_NUMBER):
        return True
    most, within = PER_STRANGER
    return by is not None and _count(tx, sa.and_(mine, c.asker == by.name), at - within) >= most


def note(
    tx: sa.Connection, office: Office, to: SubjectToken, sending: Sending, at: datetime, by: Stranger | None = None
) -> None:
    """Count a message to a number."""
    _add(tx, office, at, tenant=to.tenant, kind=str(sending), subject=str(to), asker=None if by is None else by.name)


def note_wrong(tx: sa.Connection, office: Office, by: Stranger, at: datetime) -> None:
    """Count a wrong code of the page."""
    _add(tx, office, at, tenant=by.tenant, kind=WRONG, asker=by.name)


def is_spent(tx: sa.Connection, by: Stranger, kind: str, most: int, at: datetime) -> bool:
    """Whether a tenant's page has sent its codes (`door`) or taken its wrong ones (`wrong`), or a stranger's share."""
    mine = _of(by.tenant, kind)
    had = _count(tx, mine, at - HOUR)
    return had >= most or SHARE * _count(tx, sa.and_(mine, tables.messages.c.asker == by.name), at - HOUR) >= most - had


def sound_spent(office: Office, tenant: str, kind: str, at: datetime) -> None:
    """Sound the alarm `page-door` or `page-wrong` for a tenant, once an hour; again where nobody could be told."""
    alarm = f"page-{kind}"
    with office.store.read() as tx:
        if _count(tx, _of(tenant, alarm), at - HOUR):
            return
    try:
        office.alarms.sound(alarm, tenant, at)
    except Unavailable:
        return  # the next one that is held back sounds it
    office.store.write(lambda tx: _add(tx, office, at, tenant=tenant, kind=alarm))


def message_content(row: sa.Row[Any]) -> bytes:
    """The bytes that the entry of a row commits to: all of it but where that entry is."""
    return _content(row.message_id, row.tenant, row.kind, row.at, row.kept_until, row.subject, row.asker)


def _of(tenant: str, kind: str) -> sa.ColumnElement[bool]:
    c = tables.messages.c
    return sa.and_(c.tenant == tenant, c.kind == kind)


def _count(tx: sa.Connection, which: sa.ColumnElement[bool], since: datetime) -> int:
    query = sa.select(sa.func.count()).select_from(tables.messages).where(which, tables.messages.c.at > since)
    return int(tx.scalar(query) or 0)


def _add(
    tx: sa.Connection,
    office: Office,
    at: datetime,
    *,
    tenant: str,
    kind: str,
    subject: str | None = None,
    asker: str | None = None,
) -> None:
    message_id, until = str(uuid.uuid4()), kept_until(KEPT, at)
    content = _content(message_id, tenant, kind, at, until, subject, asker)
    said = str(office.vault.commitments.commit(SCOPE, content))
    entry_id = office.vault.log.append(tx, Entry("consent.message", at, {"message": said, "kind": kind}))
    row = {"message_id": message_id, "tenant": tenant, "kind": kind, "at": at, "kept_until": until}
    whose = {"subject": subject, "asker": asker, "commitment": said, "entry_id": entry_id}
    tx.execute(sa.insert(tables.messages).values(**row, **whose))


def _content(
    message_id: str, tenant: str, kind: str, at: datetime, until: datetime, subject: str | None, asker: str | None
) -> bytes:
    return canonical([message_id, tenant, kind, Time.stored(at), Time.stored(until), subject or "", asker or ""])
