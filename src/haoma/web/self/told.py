"""Who was told where a customer is, as the customer sees it: how often, when and in what role; nobody's name.

Rules held here:
- It is what was counted when it was told (locate/disclosures.py), by the consents that the holder may see.
- A person is shown as their role, a machine as a program.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from haoma.access.tables import roles
from haoma.locate.tables import disclosures
from haoma.vault.model import from_letters

__all__ = ["Once", "Told", "told_of"]

NEWEST = 50
PERSON = "person:"
QUESTIONS = frozenset({"verify", "region", "place", "route", "risk"})
SHOWN_ROLES = ("agent", "risk-analyst")


@dataclass(frozen=True, slots=True)
class Once:
    """One time that somebody was told: `who` and `question` are names of words."""

    at: datetime
    who: str
    recipient: str
    question: str
    purpose: str
    granularity: str


@dataclass(frozen=True, slots=True)
class Told:
    """How often anybody was told anything, and the newest times."""

    count: int
    newest: list[Once]


def told_of(tx: sa.Connection, grant_ids: Collection[str]) -> Told:
    """Who was told anything by these permissions."""
    c = disclosures.c
    mine = c.grant_id.in_(sorted(grant_ids))
    count = int(tx.scalar(sa.select(sa.func.count()).select_from(disclosures).where(mine)) or 0)
    rows = list(tx.execute(sa.select(disclosures).where(mine).order_by(c.at.desc()).limit(NEWEST)))
    held = _roles(tx, {row.actor for row in rows})
    newest = [
        Once(
            row.at,
            held.get(row.actor, "staff" if row.actor.startswith(PERSON) else "program"),
            row.recipient,
            row.question if row.question in QUESTIONS else "question",
            row.purpose,
            row.granularity,
        )
        for row in rows
    ]
    return Told(count, newest)


def _roles(tx: sa.Connection, actors: Collection[str]) -> Mapping[str, str]:
    """The role in which each of these people may have asked, for those who have one."""
    ids = {
        str(uuid.UUID(bytes=from_letters(one.removeprefix(PERSON)))): one for one in actors if one.startswith(PERSON)
    }
    query = sa.select(roles.c.person_id, roles.c.role).where(roles.c.person_id.in_(sorted(ids)))
    found = {(row.person_id, row.role) for row in tx.execute(query)}
    return {
        actor: role for person_id, actor in ids.items() for role in reversed(SHOWN_ROLES) if (person_id, role) in found
    }
