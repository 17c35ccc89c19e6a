"""Alerts as they are kept: raised, over, withdrawn, each with its entry of the log in the same transaction.

Rules held here:
- What becomes of an alert is an entry; none is written where nothing changed.
- The document of an alert stays as it was when it was first raised: its digest is in the log.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from haoma.errors import NotFound
from haoma.ledger.entry import Entry
from haoma.ledger.forms import Json
from haoma.ledger.written import as_written
from haoma.lineage.entries import Log
from haoma.storage import json_in
from haoma.watch.counts import tables as counts
from haoma.watch.counts.series import Series, signals_of
from haoma.watch.model import moment_of
from haoma.watch.running import tables
from haoma.watch.running.moments import minute_text
from haoma.watch.running.shown import digest_of, document, text_of
from haoma.watch.running.spans import Change, Held, State, alert_id

__all__ = [
    "Alert",
    "alert",
    "alerts",
    "held_since",
    "newest",
    "raised",
    "signal_names",
    "standing_at",
    "untold",
    "with_incident",
    "write",
]

NO_INCIDENT = "none"
LATE = timedelta(minutes=10)
LARGEST_PPM = 1_000_000
_A = tables.alerts.c


@dataclass(frozen=True, slots=True)
class Alert:
    """An alert of a hotline (its number): the minutes that raised and ended it, channel, score in ppm, how it stands.

    `found_at` is when it was known here, `incident` the id of the guard's, and `document` what shows it.
    """

    id: str
    hotline: int
    opened: int
    closed: int | None
    channel: str
    score: int
    state: State
    found_at: datetime
    over_at: datetime | None
    incident: str | None
    document: Mapping[str, Json]
    digest: str
    entry_id: int

    @property
    def opened_at(self) -> datetime:
        """When the minute that raised it began."""
        return moment_of(self.opened)


def alert(tx: sa.Connection, alert_id: str) -> Alert:
    """The alert of this id; raises NotFound."""
    row = tx.execute(sa.select(tables.alerts).where(_A.alert_id == alert_id)).one_or_none()
    if row is None:
        raise NotFound("there is no such alert", hint="haoma watch status shows those that stand")
    return _of_row(row)


def alerts(
    tx: sa.Connection, *, hotline: int | None = None, since: int | None = None, state: State | None = None
) -> list[Alert]:
    """The alerts of a hotline, or of all, that were raised from a minute on and stand so, the newest first."""
    which = [] if hotline is None else [_A.hotline == hotline]
    which += [] if since is None else [_A.opened >= since]
    which += [] if state is None else [_A.state == str(state)]
    query = sa.select(tables.alerts).where(*which).order_by(_A.opened.desc(), _A.hotline)
    return [_of_row(row) for row in tx.execute(query)]


def newest(
    tx: sa.Connection, tenant: str, state: State | None, after: tuple[int, int] | None, most: int
) -> list[tuple[str, Alert]]:
    """The alerts of a tenant's hotlines, with what these are called, the newest first; `after` a minute and hotline."""
    which = [counts.hotlines.c.tenant_id == tenant]
    which += [] if state is None else [_A.state == str(state)]
    if after is not None:
        which.append(sa.or_(_A.opened < after[0], sa.and_(_A.opened == after[0], _A.hotline > after[1])))
    query = sa.select(counts.hotlines.c.name, tables.alerts).join(
        counts.hotlines, counts.hotlines.c.series_id == _A.hotline
    )
    rows = tx.execute(query.where(*which).order_by(_A.opened.desc(), _A.hotline).limit(most))
    return [(row.name, _of_row(row)) for row in rows]


def standing_at(tx: sa.Connection, minute: int) -> dict[int, int]:
    """Which hotlines had an alert after a minute, and which minute had raised it."""
    then = sa.and_(_A.opened <= minute, sa.or_(_A.closed.is_(None), _A.closed > minute))
    query = sa.select(_A.hotline, _A.opened).where(then, _A.state != str(State.WITHDRAWN)).order_by(_A.opened)
    return {row.hotline: row.opened for row in tx.execute(query)}


def held_since(tx: sa.Connection, minute: int) -> list[Held]:
    """The alerts that were raised after a minute, and those that stood after it."""
    stood = sa.and_(_A.state != str(State.WITHDRAWN), sa.or_(_A.closed.is_(None), _A.closed > minute))
    query = sa.select(_A.hotline, _A.opened, _A.closed, _A.state).where(sa.or_(_A.opened > minute, stood))
    return [Held(row.hotline, row.opened, row.closed, State(row.state)) for row in tx.execute(query.with_for_update())]


def untold(tx: sa.Connection) -> list[Alert]:
    """The alerts that stand and of which it was not decided yet whether they are an incident."""
    query = sa.select(tables.alerts).where(_A.state == str(State.OPEN), _A.incident.is_(None))
    return [_of_row(row) for row in tx.execute(query.order_by(_A.opened, _A.hotline))]


def raised(
    tx: sa.Connection, log: Log, series: Series, change: Change, joined: Mapping[str, Json] | None, at: datetime
) -> None:
    """Keep an alert that is new."""
    if change.shown is None:
        return
    id_, signals = alert_id(change.hotline, change.opened), signal_names(tx, series.tenant)
    said = text_of(document(series.name, signals, (id_, change.opened), change.shown, joined))
    row = {
        "alert_id": id_,
        "hotline": change.hotline,
        "opened": change.opened,
        "closed": None,
        "channel": change.shown.channel.label,
        "score": min(LARGEST_PPM, max(0, round(change.shown.score * LARGEST_PPM))),
        "state": str(State.OPEN),
        "found_at": at,
        "document": said,
        "digest": digest_of(said),
        "entry_id": 0,
    }
    tx.execute(sa.insert(tables.alerts).values(**row))
    write(tx, log, series, replace(change, state=State.OPEN, closed=None), at)
    if change.state is not State.OPEN:
        write(tx, log, series, change, at)


def write(tx: sa.Connection, log: Log, series: Series, change: Change, at: datetime) -> None:
    """Write down what becomes of an alert that is kept."""
    here = sa.and_(_A.hotline == change.hotline, _A.opened == change.opened)
    if change.state is State.OPEN:
        row = tx.execute(sa.select(tables.alerts).where(here)).one()
        raised_id = _tell_raised(tx, log, series, row, at)
        told: dict[str, Any] = {"entry_id": raised_id, "over_entry_id": None, "over_at": None}
    else:
        minute = change.opened if change.closed is None else change.closed
        body: dict[str, Json] = {"alert": alert_id(change.hotline, change.opened), "minute": minute_text(minute)}
        entry_id = log.append(tx, Entry("watch.recovered", at, {**body, "why": str(change.state)}))
        told = {"over_entry_id": entry_id, "over_at": at}
    stands = {"state": str(change.state), "closed": change.closed}
    tx.execute(sa.update(tables.alerts).where(here).values(**stands, **told))


def signal_names(tx: sa.Connection, tenant: str) -> list[str]:
    """What a tenant's counts are called, in their order."""
    return [name for name, _ in sorted(signals_of(tx, tenant, [], add=False).items(), key=lambda one: one[1])]


def with_incident(tx: sa.Connection, alert_id: str, incident: str | None) -> None:
    """Note the incident of an alert, or that it has none."""
    tx.execute(sa.update(tables.alerts).where(_A.alert_id == alert_id).values(incident=incident or NO_INCIDENT))


def _tell_raised(tx: sa.Connection, log: Log, series: Series, row: sa.Row[Any], at: datetime) -> int:
    body: dict[str, Json] = {
        "alert": row.alert_id,
        "hotline": hashlib.sha256(series.name.encode()).hexdigest(),
        "minute": minute_text(row.opened),
        "channel": row.channel,
        "score": row.score,
        "evidence": row.digest,
        "late": at - moment_of(row.opened) > LATE,
    }
    return log.append(tx, Entry("watch.alerted", at, body))


def _of_row(row: sa.Row[Any]) -> Alert:
    with as_written("an alert"):
        return Alert(
            row.alert_id,
            row.hotline,
            row.opened,
            row.closed,
            row.channel,
            row.score,
            State(row.state),
            row.found_at,
            row.over_at,
            None if row.incident == NO_INCIDENT else row.incident,
            json_in(row.document, dict),
            row.digest,
            row.entry_id,
        )
