"""How a permission ends, whatever ends it: withdrawal, time, another holder of the number, a later consent.

Rules held here:
- An end is final: a row leaves the state `given` once, in an update that no second one can repeat.
- In the transaction of the end the location tokens of subject and purpose die, and what has to be destroyed and what
  the recipient has to be told are written down. A process that dies afterwards has forgotten none of it.
- Every end has its erasure, that of a replaced one too: there the key store hears of it; the later one keeps the rest.
- Whom a number belonged to before a rotation is the same subject: every name of it is ended.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from haoma.consent import tables
from haoma.consent.keeping import kept_until
from haoma.consent.office import Office
from haoma.vault.audit import Event, time_text
from haoma.vault.location_tokens import LocationTokens
from haoma.vault.model import SubjectToken

__all__ = ["TOLD", "end", "given", "live_rows"]

TOLD = frozenset({"withdrawn", "recycled"})
"""Ends that a recipient hears of; they know by themselves when a time is over."""


def given(tx: sa.Connection, grant_id: str) -> sa.Row[Any] | None:
    """The permission of this id, whatever its state; None where there is none."""
    return tx.execute(sa.select(tables.grants).where(tables.grants.c.grant_id == grant_id)).one_or_none()


def live_rows(
    tx: sa.Connection, subjects: Sequence[SubjectToken], purpose: str | None = None, recipient: str | None = None
) -> list[sa.Row[Any]]:
    """The permissions of a subject, under any of its tokens, that have not ended."""
    c = tables.grants.c
    query = sa.select(tables.grants).where(c.subject.in_([str(one) for one in subjects]), c.state == "given")
    if purpose is not None:
        query = query.where(c.purpose == purpose)
    if recipient is not None:
        query = query.where(c.recipient == recipient)
    return list(tx.execute(query.order_by(c.since)))


def end(
    tx: sa.Connection, office: Office, rows: Sequence[sa.Row[Any]], why: str, at: datetime, actor: str
) -> list[str]:
    """End permissions; returns the ids of those that ended just now.

    One that ends by a later consent for the same (`replaced`) leaves what was kept to that one.
    """
    return [row.grant_id for row in rows if _end(tx, office, row, why, at, actor)]


def _end(tx: sa.Connection, office: Office, row: sa.Row[Any], why: str, at: datetime, actor: str) -> bool:
    c = tables.grants.c
    over = sa.update(tables.grants).where(c.grant_id == row.grant_id, c.state == "given")
    if tx.execute(over.values(state=why, ended_at=at, kept_until=kept_until("consent", at))).rowcount != 1:
        return False
    subject = SubjectToken.of_row(row.subject)
    event = Event(subject.tenant, actor, "consent.end", "allowed", why, at, subject, row.purpose, "consent")
    office.record(tx, event, "consent.ended", grant=row.commitment, why=why)
    killed = 0
    if why != "replaced":
        killed = LocationTokens(office.vault).kill(tx, subject, row.purpose, actor=actor, reason=why)
    found = json.dumps({"tokens": killed})
    # One that a hand brought back to life has ended before.
    tx.execute(sa.delete(tables.erasures).where(tables.erasures.c.grant_id == row.grant_id))
    tx.execute(sa.insert(tables.erasures).values(grant_id=row.grant_id, due_at=at, why=why, found=found))
    if why in TOLD:
        _to_tell(tx, subject.tenant, row, why, at)
    return True


def _to_tell(tx: sa.Connection, tenant: str, row: sa.Row[Any], why: str, at: datetime) -> None:
    c = tables.recipients.c
    url = tx.scalar(sa.select(c.webhook).where(c.tenant == tenant, c.recipient == row.recipient))
    if not url:
        return
    data = {"grant": row.grant_id, "purpose": row.purpose, "recipient": row.recipient, "ended_at": time_text(at)}
    payload = {"type": f"consent.{why}", "timestamp": time_text(at), "data": data}
    tx.execute(
        sa.insert(tables.deliveries).values(
            delivery_id=str(uuid.uuid4()),
            grant_id=row.grant_id,
            url=url,
            payload=json.dumps(payload, separators=(",", ":")),
            state="due",
            attempts=0,
            due_at=at,
            answer="",
        )
    )
