"""What a platform was asked to correct: tickets with a letter, a day when they are due, and reminders after that.

Rules held here:
- An incident has one ticket on a platform. It is done with when looks find the page right, and not when somebody says
  so; who closes the incident by hand drops it.
- A ticket that is due is news, again and again, until it is done with.
- Each step is told to the log, with who did it.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from haoma.errors import BadInput, Conflict, NotFound
from haoma.guard.judge import tables
from haoma.guard.judge.channels.words import VERDICTS_ZH
from haoma.guard.judge.desk import Desk
from haoma.guard.judge.incidents import Incident, incident
from haoma.guard.judge.model import Act, State
from haoma.guard.judge.outbox import post
from haoma.guard.judge.platforms import Platform
from haoma.guard.judge.shown import holds_mobile
from haoma.lineage.rows import insert_new

__all__ = ["Ticket", "any_due", "letter", "make", "remind", "sent", "ticket", "tickets"]

CHINA = timedelta(hours=8)
LONGEST_REFERENCE = 200
_c = tables.tickets.c


@dataclass(frozen=True, slots=True)
class Ticket:
    """A request to one platform. `reference` is what the platform calls it; `state` made, sent, fixed or dropped."""

    id: str
    incident: str
    platform: str
    state: str
    reference: str | None
    made_at: datetime
    sent_at: datetime | None
    due_at: datetime
    reminders: int
    closed_at: datetime | None


def make(tx: sa.Connection, desk: Desk, incident_id: str, platform: Platform, act: Act) -> Ticket:
    """Make the ticket of an open incident on a platform, or return the one there is."""
    found = incident(tx, incident_id)
    if found.state is State.CLOSED:
        raise Conflict("this incident is closed", hint="a page that is right needs no correction")
    ticket_id = str(uuid.uuid5(uuid.NAMESPACE_OID, f"{incident_id} {platform.id} {found.opened_at}"))
    due_at = act.at + timedelta(days=platform.due_days)
    row = {
        "ticket_id": ticket_id,
        "incident_id": incident_id,
        "platform": platform.id,
        "state": "made",
        "reference": None,
        "made_at": act.at,
        "sent_at": None,
        "due_at": due_at,
        "reminders": 0,
        "remind_at": due_at,
        "closed_at": None,
    }
    mine = sa.and_(_c.incident_id == incident_id, _c.platform == platform.id)
    tx.execute(sa.delete(tables.tickets).where(mine, _c.closed_at.is_not(None)))  # of the last time that it was open
    if tx.execute(insert_new(tx, tables.tickets), [row]).rowcount:
        _tell(tx, desk, ticket_id, found.id, platform.id, "made", act)
    return _of_row(tx.execute(sa.select(tables.tickets).where(mine)).one())


def sent(tx: sa.Connection, desk: Desk, ticket_id: str, platform: Platform, reference: str, act: Act) -> Ticket:
    """Note that the letter is on its way, and what the platform calls it; the time that it may take begins anew."""
    found = ticket(tx, ticket_id, lock=True)
    if found.state != "made":
        raise Conflict(f"this ticket is {found.state}", hint="it is sent once")
    if len(reference) > LONGEST_REFERENCE or not reference.isprintable() or holds_mobile(reference):
        raise BadInput(
            "the reference is too long, does not print, or holds a mobile number", hint="as the platform calls it"
        )
    due_at = act.at + timedelta(days=platform.due_days)
    told = {"state": "sent", "reference": reference or None, "sent_at": act.at, "due_at": due_at, "remind_at": due_at}
    tx.execute(sa.update(tables.tickets).where(_c.ticket_id == ticket_id).values(**told))
    _tell(tx, desk, ticket_id, found.incident, found.platform, "sent", act)
    return ticket(tx, ticket_id)


def remind(tx: sa.Connection, desk: Desk, platforms: Mapping[str, Platform], at: datetime) -> int:
    """Write news of every ticket that is due; how many there are."""
    due = sa.and_(_c.closed_at.is_(None), _c.remind_at <= at)
    rows = tx.execute(sa.select(tables.tickets).where(due).order_by(_c.ticket_id).with_for_update()).all()
    for row in rows:
        found = incident(tx, row.incident_id)
        wait_days = platforms[row.platform].remind_days if row.platform in platforms else 1
        again = {"reminders": row.reminders + 1, "remind_at": at + timedelta(days=wait_days)}
        tx.execute(sa.update(tables.tickets).where(_c.ticket_id == row.ticket_id).values(**again))
        name = desk.registry.names(tx, found.organisation).name
        event = f"{row.ticket_id} {row.reminders}"
        post(tx, desk, found.severity, event, at, _news(found, name, _of_row(row)))
        _tell(tx, desk, row.ticket_id, found.id, row.platform, "reminded", Act("due", at))
    return len(rows)


def any_due(tx: sa.Connection, at: datetime) -> bool:
    """Whether a ticket is to be reminded of."""
    return tx.scalar(sa.select(sa.exists().where(_c.closed_at.is_(None), _c.remind_at <= at))) is True


def ticket(tx: sa.Connection, ticket_id: str, *, lock: bool = False) -> Ticket:
    """The ticket of this id; raises NotFound."""
    query = sa.select(tables.tickets).where(_c.ticket_id == ticket_id)
    row = tx.execute(query.with_for_update() if lock else query).one_or_none()
    if row is None:
        raise NotFound("there is no such ticket", hint="haoma guard tickets list shows them")
    return _of_row(row)


def tickets(tx: sa.Connection, *, open_only: bool = False, incident_id: str | None = None) -> list[Ticket]:
    """Tickets, the one that is due first first."""
    query = sa.select(tables.tickets)
    query = query.where(_c.closed_at.is_(None)) if open_only else query
    query = query if incident_id is None else query.where(_c.incident_id == incident_id)
    return [_of_row(row) for row in tx.execute(query.order_by(_c.due_at, _c.ticket_id))]


def letter(tx: sa.Connection, desk: Desk, found: Incident, platform: Platform, at: datetime) -> str:
    """The letter that asks a platform to correct what an incident is about."""
    e = tables.evidence.c
    here = sa.and_(e.cause == found.cause, e.role == "newest")
    shows = tx.execute(sa.select(tables.evidence).where(here)).one()
    said = {
        "organisation": desk.registry.names(tx, found.organisation).name,
        "number": found.shown or "（未登载）",
        "what": VERDICTS_ZH[str(found.verdict)] + (f"（{shows.owner}）" if shows.owner else ""),
        "url": shows.url,
        "seen": f"{(found.first_seen_at + CHINA):%Y年%m月%d日}",
        "incident": found.id,
        "digest": shows.digest,
        "xpath": shows.xpath or "（整页）",
        "date": f"{(at + CHINA):%Y年%m月%d日}",
    }
    return platform.written(said)


def _tell(tx: sa.Connection, desk: Desk, ticket_id: str, incident_id: str, platform: str, to: str, act: Act) -> None:
    by: dict[str, Any] = {"by": act.by} if act.by else {}
    desk.tell(tx, "guard.ticket", act.at, ticket=ticket_id, incident=incident_id, platform=platform, to=to, **by)


def _news(found: Incident, name: str, due: Ticket) -> Mapping[str, str]:
    return {
        "event": "ticket.due",
        "ticket": due.id,
        "incident": found.id,
        "severity": str(found.severity),
        "verdict": str(found.verdict),
        "organisation": name,
        "source": found.source,
        "number": found.shown,
        "platform": due.platform,
        "due_at": due.due_at.isoformat(),
    }


def _of_row(row: sa.Row[Any]) -> Ticket:
    return Ticket(
        row.ticket_id,
        row.incident_id,
        row.platform,
        row.state,
        row.reference,
        row.made_at,
        row.sent_at,
        row.due_at,
        row.reminders,
        row.closed_at,
    )
