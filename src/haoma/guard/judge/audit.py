"""Whether what is kept of looks, votes and incidents still stands as it was recorded.

Rules held here:
- A look and a step of an incident are each an entry of the log, and each entry has its row, that of a look as long as
  looks are kept: one that was made, changed or taken away by hand is told. So is a picture that was drawn later, and a
  page that could not be (`crawl.audit`).
- An incident is about what its cause says, and stands as its last step left it: its state, its times and how severe it
  is. Votes are held as `audit_votes` says; tickets, questions and news as `audit_told` says.
- How often a mention was looked at and until when it is quiet, what shows a cause, what an incident is called, and
  votes are as the last change left them (`audit_left`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import sqlalchemy as sa

from haoma.errors import Tampered
from haoma.guard.crawl.audit import TYPES as DRAWING_TYPES
from haoma.guard.crawl.audit import hold_drawings
from haoma.guard.judge import tables
from haoma.guard.judge.audit_left import hold_left
from haoma.guard.judge.audit_told import TYPES, hold_messages, hold_reviews, hold_tickets
from haoma.guard.judge.audit_votes import hold_votes
from haoma.guard.judge.keeping import kept_until
from haoma.guard.judge.left import checked_left, named, snapshot_digest
from haoma.guard.judge.model import Finding, Shown, SourceKind, State, Verdict, cause_of
from haoma.ledger.commitment import Commitment, Commitments
from haoma.ledger.entry import Entry
from haoma.ledger.forms import Json
from haoma.ledger.scan import scan
from haoma.ledger.written import as_written

__all__ = ["Audited", "audit_incidents"]

_OF_LOOKS = frozenset({"guard.checked", "guard.incident"})
_WANTED = (b'"type":"guard.', *(f'"type":"{one}"'.encode() for one in sorted(DRAWING_TYPES)))
AHEAD = timedelta(days=1)  # of the clock that deletes before ours
OPENS = ("opened", "reopened")


@dataclass(frozen=True, slots=True)
class Audited:
    """How many rows were held to the log."""

    looks: int
    votes: int
    incidents: int
    steps: int
    tickets: int
    reviews: int
    messages: int
    drawings: int


class _Last(NamedTuple):
    """The entries of the last step of an incident that opened it, and of its last step."""

    opened: Entry
    step: Entry


def audit_incidents(tx: sa.Connection, commitments: Commitments, now: datetime) -> Audited:
    """Hold looks, steps, tickets, questions, news and drawings to the log and back, votes to Facts, incidents to steps.

    Reads the whole log. Raises Tampered with the first that differs, NotFound where a commitment's key is not here.
    """
    every = {one.entry_id: one.entry for one in scan(tx, lambda data: any(one in data for one in _WANTED))}
    told = {key: one for key, one in every.items() if one.type in _OF_LOOKS}
    looks = _looks(tx, told, commitments, now)
    last = _last_steps(told.values())
    steps = _steps(tx, told)
    left = sorted(entry_id for entry_id, one in told.items() if one.type == "guard.incident")
    if left:
        raise _differs(f"the step of an incident that entry {left[0]} tells of is gone")
    rest: list[Entry] = [one for _, one in sorted(every.items()) if one.type in TYPES]
    counts = hold_tickets(tx, rest), hold_reviews(tx, rest), hold_messages(tx, rest, commitments)
    votes = hold_votes(tx)
    hold_left(tx, every, commitments)
    return Audited(looks, votes, _incidents(tx, last), steps, *counts, hold_drawings(tx, every))


def _looks(tx: sa.Connection, told: Mapping[int, Entry], commitments: Commitments, now: datetime) -> int:
    left = {entry_id: one for entry_id, one in told.items() if one.type == "guard.checked"}
    count = 0
    for row in tx.execute(sa.select(tables.checked).order_by(tables.checked.c.check_id)):
        with as_written(f"look {row.check_id}"):
            entry = left.pop(row.entry_id, None)
            if entry is None or not _is_as_told(row, entry, commitments):
                raise _differs(f"look {row.check_id} is none that the log was told of")
        count += 1
    lost = [entry_id for entry_id, one in left.items() if kept_until(one.at) > now + AHEAD]
    if lost:
        raise _differs(f"the look that entry {lost[0]} tells of is gone before its time")
    return count


def _is_as_told(row: sa.Row[Any], entry: Entry, commitments: Commitments) -> bool:
    name = snapshot_digest(row.place.partition("/")[0], row.snapshot, row.organisation)
    if (name, row.at) != (entry.body["snapshot"], entry.at):
        return False
    told = entry.body.get("look")  # an older entry tells no more
    return told is None or commitments.opens(Commitment.parse(str(told)), checked_left(named(row)))


def _last_steps(told: Iterable[Entry]) -> dict[str, _Last]:
    """How each incident was left, out of entries in the order of the log."""
    last = dict[str, _Last]()
    for one in told:
        if one.type == "guard.incident":
            found = last.get(str(one.body["incident"]))
            opened = one if found is None or one.body["to"] in OPENS else found.opened
            last[str(one.body["incident"])] = _Last(opened, one)
    return last


def _steps(tx: sa.Connection, told: dict[int, Entry]) -> int:
    """Hold steps to their entries, which are taken out of `told`."""
    i, s, count = tables.incidents.c, tables.steps.c, 0
    query = sa.select(tables.steps, i.cause).join(tables.incidents, i.incident_id == s.incident_id)
    for row in tx.execute(query.order_by(s.step_id)):
        said = {"incident": row.incident_id, "cause": row.cause, "to": row.step, "why": row.why}
        said |= {"by": row.by} if row.by else {}
        entry = told.pop(row.entry_id, None)
        if entry is None or entry.type != "guard.incident" or entry.at != row.at or _without_severity(entry) != said:
            raise _differs(f"step {row.step_id} of an incident is not what was recorded")
        count += 1
    return count


def _incidents(tx: sa.Connection, last: Mapping[str, _Last]) -> int:
    count = 0
    for row in tx.execute(sa.select(tables.incidents).order_by(tables.incidents.c.incident_id)):
        with as_written(f"incident {row.incident_id}"):
            if not _is_about_its_cause(row):
                raise _differs(f"incident {row.incident_id} is not about what was recorded")
            if not _stands(row, last.get(row.incident_id)):
                raise _differs(f"incident {row.incident_id} does not stand as its last step left it")
        count += 1
    return count


def _stands(row: sa.Row[Any], last: _Last | None) -> bool:
    if last is None or (row.severity, row.opened_at) != (last.step.body["severity"], last.opened.at):
        return False
    is_open = last.step.body["to"] in OPENS
    return (row.state, row.closed_at) == ((State.OPEN, None) if is_open else (State.CLOSED, last.step.at))


def _is_about_its_cause(row: sa.Row[Any]) -> bool:
    # What counts say is about a hotline, whichever number it has (`watch.running.guarding`).
    token = "" if row.kind == SourceKind.COUNTS else row.token
    finding = Finding(Verdict(row.verdict), row.rule, row.hotline, Shown(row.shown, token, personal=False))
    return bool(row.cause == cause_of(row.organisation, row.source, finding))


def _without_severity(entry: Entry) -> dict[str, Json]:
    return {name: value for name, value in entry.body.items() if name != "severity"}


def _differs(message: str) -> Tampered:
    return Tampered(message, hint="rows were changed by hand: put the database back from a backup")
