"""Incidents and tickets as a review counts them: on which channel, how bad, and how long each took."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

import sqlalchemy as sa

from haoma.guard.crawl.tables import sources
from haoma.guard.judge.model import Severity
from haoma.guard.judge.tables import incidents as table
from haoma.guard.judge.tables import tickets
from haoma.ledger.written import as_written

__all__ = ["Filed", "Happened", "Incidents", "KeptIncidents", "filed", "watched"]


@dataclass(frozen=True, slots=True)
class Happened:
    """One incident; `channel` is the kind of place that showed it, `closed_at` None while it is open."""

    channel: str
    source: str
    verdict: str
    severity: Severity
    first_seen_at: datetime
    opened_at: datetime
    closed_at: datetime | None

    def open_at(self, at: datetime) -> bool:
        """Whether it was open at a moment."""
        return self.opened_at < at and (self.closed_at is None or self.closed_at >= at)

    @property
    def to_detect(self) -> timedelta:
        """From the first look that saw it to its alert."""
        return self.opened_at - self.first_seen_at


@dataclass(frozen=True, slots=True)
class Filed:
    """One ticket on a platform; `fixed` where looks found the page right, and nobody closed it by hand."""

    platform: str
    made_at: datetime
    sent_at: datetime | None
    due_at: datetime
    closed_at: datetime | None = None
    fixed: bool = False

    def open_at(self, at: datetime) -> bool:
        """Whether it was open at a moment."""
        return self.made_at < at and (self.closed_at is None or self.closed_at >= at)


class Incidents(Protocol):
    """Knows what happened."""

    def before(self, tx: sa.Connection, end: datetime, organisations: Collection[str]) -> Sequence[Happened]:
        """Every incident of these organisations (UIDs) that was opened before a moment, the earliest first."""


def filed(tx: sa.Connection, end: datetime, organisations: Collection[str]) -> list[Filed]:
    """Every ticket of these organisations (UIDs) that was made before a moment, the earliest first.

    Of an incident that came back, a platform's last ticket alone is there.
    """
    t = tickets.c
    columns = sa.select(t.platform, t.made_at, t.sent_at, t.due_at, t.closed_at, (t.state == "fixed").label("fixed"))
    theirs = columns.join(table, table.c.incident_id == t.incident_id).where(table.c.organisation.in_(organisations))
    return [Filed(*row) for row in tx.execute(theirs.where(t.made_at < end).order_by(t.made_at, t.ticket_id))]


def watched(tx: sa.Connection, organisations: Collection[str]) -> list[str]:
    """The channels that are watched: the kinds of the sources where numbers of these organisations are expected."""
    theirs = sources.c.organisation.in_(organisations)
    return sorted(tx.scalars(sa.select(sources.c.kind).where(theirs).distinct()))


class KeptIncidents:
    """The incidents of this store; fills `Incidents`."""

    def before(self, tx: sa.Connection, end: datetime, organisations: Collection[str]) -> Sequence[Happened]:
        """See `Incidents.before`."""
        columns = table.c
        query = sa.select(
            columns.kind, columns.source, columns.verdict, columns.severity,
            columns.first_seen_at, columns.opened_at, columns.closed_at,
        )  # fmt: skip
        query = query.where(columns.opened_at < end, columns.organisation.in_(organisations))
        rows = tx.execute(query.order_by(columns.opened_at, columns.incident_id))
        with as_written("an incident"):
            return [Happened(r.kind, r.source, r.verdict, Severity(r.severity), *r[4:]) for r in rows]
