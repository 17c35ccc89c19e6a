"""What shows an incident: its looks, votes, steps and tickets, gathered as they stand.

Rules held here:
- Everything is read in one snapshot of the database.
- A number is as it is kept: masked where it may be a person's own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from haoma.guard.judge import tables
from haoma.guard.judge.desk import Desk
from haoma.guard.judge.incidents import Incident, Step, incident, steps
from haoma.guard.judge.rules import RULES
from haoma.guard.judge.shown import digits_of
from haoma.guard.judge.tickets import Ticket, tickets
from haoma.guard.judge.votes import Standing, standing
from haoma.ledger.forms import Json, time_text

__all__ = ["Pack", "Shows", "gather", "said_of"]

ROLES = ("first", "opening", "newest", "right")


@dataclass(frozen=True, slots=True)
class Shows:
    """One look that shows an incident, and the entry of the log that is of it. Digests are SHA-256 in hexadecimal."""

    role: str
    snapshot: str
    url: str
    at: datetime
    digest: str
    rendered_digest: str | None
    screenshot: str | None
    xpath: str
    owner: str | None
    hidden: bool
    confidence: int
    personal: bool
    entry_id: int


@dataclass(frozen=True, slots=True)
class Pack:
    """An incident with all that shows it; `right` are the numbers that should be there, as dialled within China."""

    incident: Incident
    organisation: str
    right: tuple[str, ...]
    shows: tuple[Shows, ...]
    votes: Standing
    steps: tuple[Step, ...]
    tickets: tuple[Ticket, ...]

    @property
    def entry_ids(self) -> list[int]:
        """The entries of the log that tell of it, in order."""
        return sorted({*(one.entry_id for one in self.shows), *(one.entry_id for one in self.steps)})

    @property
    def without_picture(self) -> list[Shows]:
        """What no browser took a picture of, and may be drawn."""
        return [one for one in self.shows if one.screenshot is None and not one.personal]

    @property
    def newest(self) -> Shows | None:
        """What shows it now."""
        return next((one for one in self.shows if one.role == "newest"), None)


def gather(tx: sa.Connection, desk: Desk, incident_id: str) -> Pack:
    """All that is known of an incident; raises NotFound."""
    found = incident(tx, incident_id)
    e = tables.evidence.c
    rows = {row.role: row for row in tx.execute(sa.select(tables.evidence).where(e.cause == found.cause))}
    own = desk.registry.hotlines(tx, found.organisation)
    meant = [one for one in own if one.uid == found.hotline] or own
    good = sorted(digits_of(one.uri) for one in meant if one.valid_until is None or one.valid_until > found.opened_at)
    return Pack(
        found,
        desk.registry.names(tx, found.organisation).name,
        tuple(good),
        tuple(_shows(rows[role]) for role in ROLES if role in rows),
        standing(tx, found.organisation, found.token),
        tuple(steps(tx, incident_id)),
        tuple(tickets(tx, incident_id=incident_id)),
    )


def said_of(pack: Pack) -> dict[str, Json]:
    """A pack as JSON."""
    one, rule = pack.incident, next((rule for rule in RULES if rule.name == pack.incident.rule), None)
    return {
        "incident": one.id,
        "cause": one.cause,
        "organisation": {"uid": one.organisation, "name": pack.organisation},
        "hotline": one.hotline,
        "right": list(pack.right),
        "source": {"id": one.source, "kind": str(one.kind)},
        "verdict": str(one.verdict),
        "rule": {"name": one.rule, "zh": rule.zh if rule else "", "en": rule.en if rule else ""},
        "number": one.shown,
        "severity": str(one.severity),
        "state": str(one.state),
        "first_seen_at": time_text(one.first_seen_at),
        "last_seen_at": time_text(one.last_seen_at),
        "opened_at": time_text(one.opened_at),
        "closed_at": time_text(one.closed_at) if one.closed_at else None,
        "evidence": [_shown(shows) for shows in pack.shows],
        "votes": votes_of(pack.votes),
        "steps": [
            {"step": step.step, "why": step.why, "by": step.by, "at": time_text(step.at), "entry": step.entry_id}
            for step in pack.steps
        ],
        "tickets": [_ticket(each) for each in pack.tickets],
    }


def votes_of(said: Standing) -> dict[str, Json]:
    """What each voice says, as JSON."""
    voices: Mapping[str, Sequence[tuple[str, Any]]] = {
        "official": said.official,
        "human": said.human,
        "third-party": said.third_party,
    }
    each: dict[str, Json] = {
        voice: [{"source": source, "verdict": str(verdict)} for source, verdict in found]
        for voice, found in voices.items()
    }
    return {**each, "agreed": said.agreed}


def _shows(row: sa.Row[Any]) -> Shows:
    return Shows(
        row.role,
        row.snapshot,
        row.url,
        row.at,
        row.digest,
        row.rendered_digest,
        row.screenshot,
        row.xpath,
        row.owner,
        row.hidden,
        row.confidence,
        row.personal,
        row.entry_id,
    )


def _shown(one: Shows) -> Json:
    return {
        "role": one.role,
        "snapshot": one.snapshot,
        "url": one.url,
        "at": time_text(one.at),
        "sha256": one.digest,
        "rendered_sha256": one.rendered_digest,
        "screenshot_sha256": one.screenshot,
        "xpath": one.xpath,
        "owner": one.owner,
        "hidden": one.hidden,
        "confidence_ppm": one.confidence,
        "entry": one.entry_id,
    }


def _ticket(one: Ticket) -> Json:
    return {
        "ticket": one.id,
        "platform": one.platform,
        "state": one.state,
        "reference": one.reference,
        "made_at": time_text(one.made_at),
        "sent_at": time_text(one.sent_at) if one.sent_at else None,
        "due_at": time_text(one.due_at),
        "reminders": one.reminders,
    }
