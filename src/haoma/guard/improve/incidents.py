"""Incidents as a review counts them: on which channel, how bad, and how long each took."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

import sqlalchemy as sa

from haoma.guard.crawl.tables import sources
from haoma.guard.judge.model import Severity
from haoma.guard.judge.tables import incidents as table
from haoma.ledger.written import as_written

__all__ = ["Happened", "Incidents", "KeptIncidents", "watched"]


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


class Incidents(Protocol):
    """Knows what happened."""

    def before(self, tx: sa.Connection, end: datetime) -> Sequence[Happened]:
        """Every incident that was opened before a moment, the earliest first."""


def watched(tx: sa.Connection) -> list[str]:
    """The channels that are watched: the kinds of the sources that there are."""
    return sorted(tx.scalars(sa.select(sources.c.kind).distinct()))


class KeptIncidents:
    """The incidents of this store; fills `Incidents`."""

    def before(self, tx: sa.Connection, end: datetime) -> Sequence[Happened]:
        """See `Incidents.before`."""
        columns = table.c
        query = sa.select(
            columns.kind, columns.source, columns.verdict, columns.severity,
            columns.first_seen_at, columns.opened_at, columns.closed_at,
        )  # fmt: skip
        rows = tx.execute(query.where(columns.opened_at < end).order_by(columns.opened_at, columns.incident_id))
        with as_written("an incident"):
            return [Happened(r.kind, r.source, r.verdict, Severity(r.severity), *r[4:]) for r in rows]
