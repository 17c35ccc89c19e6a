"""Incidents: one for each cause, opened and closed by looks or by people, with every step of it told.

Rules held here:
- A cause has one incident, for ever: one that comes back opens the same one again.
- A step, its entry in the log and the news of it are one transaction.
- While one is open its source is looked at again the sooner the worse it is, until it is right.
- Who closes one by hand says why in a word; the cause is quiet then for as long as a person's no holds.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from haoma.errors import Conflict, NotFound
from haoma.guard.judge import tables
from haoma.guard.judge.desk import Desk
from haoma.guard.judge.left import telling
from haoma.guard.judge.looks import quieten
from haoma.guard.judge.model import Act, Finding, Seen, Severity, SourceKind, State, Verdict
from haoma.guard.judge.outbox import post
from haoma.guard.judge.recheck import soonest
from haoma.guard.judge.rules import severity_of
from haoma.lineage.rows import insert_new

__all__ = [
    "Incident",
    "Step",
    "close",
    "close_by_hand",
    "held_snapshots",
    "holding",
    "incident",
    "incidents",
    "note_step",
    "of_causes",
    "open_one",
    "recheck_open",
    "seen_again",
    "steps",
]

SEEN_NOW = "newest"
_c = tables.incidents.c


@dataclass(frozen=True, slots=True)
class Incident:
    """Something that is published wrong of a hotline, on one source. `shown` is the number, masked where it has to be.

    `hotline` is the uid of the one that is meant, `rule` that of the table of verdicts which spoke.
    """

    id: str
    cause: str
    organisation: str
    hotline: str | None
    source: str
    kind: SourceKind
    verdict: Verdict
    rule: str
    token: str
    shown: str
    severity: Severity
    state: State
    first_seen_at: datetime
    last_seen_at: datetime
    opened_at: datetime
    closed_at: datetime | None


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that became of an incident; `by` is the person's id, None where looks brought it about."""

    step: str
    why: str
    by: str | None
    at: datetime
    entry_id: int


def open_one(
    tx: sa.Connection, desk: Desk, seen: Seen, cause: str, finding: Finding, first_at: datetime, act: Act
) -> str:
    """Open the incident of a cause, anew where it was closed; its id."""
    name = desk.registry.names(tx, seen.organisation).name
    level = severity_of(finding.verdict, seen.kind, name, hidden=finding.hidden)
    there = _with_cause(tx, cause)
    now = {
        "severity": str(level),
        "state": str(State.OPEN),
        "last_seen_at": seen.at,
        "opened_at": seen.at,
        "closed_at": None,
    }
    if there is None:
        there_id = str(uuid.uuid5(uuid.NAMESPACE_OID, cause))
        row = {"incident_id": there_id, "cause": cause, "first_seen_at": first_at, **_said(seen, finding), **now}
        tx.execute(insert_new(tx, tables.incidents), [row])
    else:
        there_id = str(there.incident_id)
        tx.execute(sa.update(tables.incidents).where(_c.cause == cause).values(**now))
    found = incident(tx, there_id)
    _step(tx, desk, found, "opened" if there is None else "reopened", act)
    return there_id


def seen_again(tx: sa.Connection, cause: str, at: datetime) -> None:
    """Note that an open incident is there still."""
    still = sa.and_(_c.cause == cause, _c.state == str(State.OPEN))
    tx.execute(sa.update(tables.incidents).where(still).values(last_seen_at=at))


def close(tx: sa.Connection, desk: Desk, found: Incident, act: Act) -> None:
    """Close an incident; its tickets are done with."""
    closed = {"state": str(State.CLOSED), "closed_at": act.at}
    tx.execute(sa.update(tables.incidents).where(_c.incident_id == found.id).values(**closed))
    t = tables.tickets.c
    theirs = sa.update(tables.tickets).where(t.incident_id == found.id, t.closed_at.is_(None))
    tx.execute(theirs.values(state="dropped" if act.by else "fixed", closed_at=act.at, remind_at=None))
    _step(tx, desk, incident(tx, found.id), "closed", act)


def close_by_hand(tx: sa.Connection, desk: Desk, incident_id: str, act: Act) -> Incident:
    """Close an open incident because a person says so; raises Conflict where it is closed."""
    found = incident(tx, incident_id)
    if found.state is State.CLOSED:
        raise Conflict("this incident is closed already", hint="haoma guard incidents show tells by whom")
    with telling(tx, desk, act.at, [found.cause]):
        with holding(tx, desk, found.source):
            close(tx, desk, found, act)
        quieten(tx, found.cause, act.at + timedelta(days=desk.limits.quiet_days))
    return incident(tx, incident_id)


def incident(tx: sa.Connection, incident_id: str) -> Incident:
    """The incident of this id; raises NotFound."""
    row = tx.execute(sa.select(tables.incidents).where(_c.incident_id == incident_id)).one_or_none()
    if row is None:
        raise NotFound("there is no such incident", hint="haoma guard incidents list shows them")
    return _of_row(row)


def incidents(
    tx: sa.Connection, *, state: State | None = None, organisations: Collection[str] | None = None
) -> list[Incident]:
    """The incidents of a state and of these organisations: the worst first, and of equals the newest."""
    which = [] if state is None else [_c.state == str(state)]
    which += [] if organisations is None else [_c.organisation.in_(organisations)]
    found = [_of_row(row) for row in tx.execute(sa.select(tables.incidents).where(*which))]
    return sorted(found, key=lambda one: (-one.severity.rank, -one.opened_at.timestamp(), one.id))


def steps(tx: sa.Connection, incident_id: str) -> list[Step]:
    """What became of an incident, in order."""
    c = tables.steps.c
    rows = tx.execute(sa.select(tables.steps).where(c.incident_id == incident_id).order_by(c.step_id))
    return [Step(row.step, row.why, row.by, row.at, row.entry_id) for row in rows]


def held_snapshots(tx: sa.Connection, source: str | None = None) -> set[str]:
    """The snapshots, of one source or of all, that show what an open incident is about."""
    e = tables.evidence.c
    query = sa.select(e.snapshot).join(tables.incidents, _c.cause == e.cause).where(_c.state == str(State.OPEN))
    return set(tx.scalars(query if source is None else query.where(_c.source == source)))


@contextmanager
def holding(tx: sa.Connection, desk: Desk, source: str) -> Iterator[None]:
    """Keep what shows an incident that the block opens, and let go of what shows an open one no more.

    Where one is open then, the source is looked at again before long.
    """
    before = held_snapshots(tx, source)
    yield
    _recheck(tx, desk, source)
    after = held_snapshots(tx, source)
    if desk.hold is not None:
        desk.hold(tx, sorted(after - before), held=True)
        desk.hold(tx, sorted(before - after), held=False)


def recheck_open(tx: sa.Connection, desk: Desk) -> None:
    """Have every source where an incident is open looked at before long, also where its last look came to nothing."""
    for source in tx.scalars(sa.select(_c.source).where(_c.state == str(State.OPEN)).distinct()).all():
        _recheck(tx, desk, source)


def _recheck(tx: sa.Connection, desk: Desk, source: str) -> None:
    open_ = sa.select(_c.severity).where(_c.source == source, _c.state == str(State.OPEN)).distinct()
    wait = soonest(Severity(one) for one in tx.scalars(open_))
    if desk.recheck is not None and wait is not None:
        desk.recheck(tx, source, wait=wait)


def note_step(tx: sa.Connection, desk: Desk, found: Incident, step: str, act: Act) -> int:
    """Write down what became of an incident, and tell the log; the entry's id."""
    body: dict[str, Any] = {"incident": found.id, "cause": found.cause, "to": step, "why": act.why}
    body |= {"severity": str(found.severity)} | ({"by": act.by} if act.by else {})
    entry_id = desk.tell(tx, "guard.incident", act.at, **body)
    row = {"incident_id": found.id, "step": step, "why": act.why, "by": act.by, "at": act.at, "entry_id": entry_id}
    tx.execute(sa.insert(tables.steps).values(**row))
    return entry_id


def _step(tx: sa.Connection, desk: Desk, found: Incident, step: str, act: Act) -> None:
    entry_id = note_step(tx, desk, found, step, act)
    name = desk.registry.names(tx, found.organisation).name
    post(tx, desk, found.severity, f"{found.id} {entry_id}", act.at, _news(tx, found, name, step))


def _news(tx: sa.Connection, found: Incident, name: str, step: str) -> Mapping[str, str]:
    e = tables.evidence.c
    url = tx.scalar(sa.select(e.url).where(e.cause == found.cause, e.role == SEEN_NOW))
    return {
        "event": f"incident.{step}",
        "incident": found.id,
        "severity": str(found.severity),
        "verdict": str(found.verdict),
        "organisation": name,
        "source": found.source,
        "number": found.shown,
        "url": str(url or ""),
        "opened_at": found.opened_at.isoformat(),
        "closed_at": found.closed_at.isoformat() if found.closed_at else "",
    }


def _said(seen: Seen, finding: Finding) -> dict[str, object]:
    return {
        "organisation": seen.organisation,
        "hotline": finding.hotline,
        "source": seen.source,
        "kind": str(seen.kind),
        "verdict": str(finding.verdict),
        "rule": finding.rule,
        "token": finding.shown.token if finding.shown else "",
        "shown": finding.shown.text if finding.shown else "",
    }


def _with_cause(tx: sa.Connection, cause: str) -> sa.Row[Any] | None:
    return tx.execute(sa.select(tables.incidents).where(_c.cause == cause).with_for_update()).one_or_none()


def of_causes(tx: sa.Connection, causes: Sequence[str]) -> list[Incident]:
    """The open incidents of these causes."""
    which = sa.and_(_c.cause.in_(causes), _c.state == str(State.OPEN))
    return [_of_row(row) for row in tx.execute(sa.select(tables.incidents).where(which).order_by(_c.incident_id))]


def _of_row(row: sa.Row[Any]) -> Incident:
    return Incident(
        row.incident_id,
        row.cause,
        row.organisation,
        row.hotline,
        row.source,
        SourceKind(row.kind),
        Verdict(row.verdict),
        row.rule,
        row.token,
        row.shown,
        Severity(row.severity),
        State(row.state),
        row.first_seen_at,
        row.last_seen_at,
        row.opened_at,
        row.closed_at,
    )
