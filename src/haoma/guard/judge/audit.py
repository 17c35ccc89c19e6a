"""Whether what is kept of looks, votes and incidents still stands as it was recorded.

Rules held here:
- A look and a step of an incident are each an entry of the log, and a step's entry has its row: one that was made,
  changed or taken away by hand is told. So is a picture that was drawn later, and a page that could not be
  (`crawl.audit`).
- A vote says what its Fact says; that Facts are those of the log, `haoma trace --all` tells.
- An incident stands as its last step left it; tickets, questions and news as `audit_told` says.
- Not held to the log, and so not told: how often a mention was looked at and until when it is quiet (`judge_looks`),
  where evidence lies, a vote that was deleted, how severe an incident is, and what a message says.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from haoma.errors import Tampered
from haoma.guard.crawl.audit import TYPES as DRAWING_TYPES
from haoma.guard.crawl.audit import hold_drawings
from haoma.guard.judge import tables
from haoma.guard.judge.audit_told import TYPES, hold_messages, hold_reviews, hold_tickets
from haoma.guard.judge.model import State
from haoma.ledger.entry import Entry
from haoma.ledger.forms import Json
from haoma.ledger.scan import scan
from haoma.ledger.written import as_written
from haoma.lineage import facts_of

__all__ = ["Audited", "audit_incidents"]

AT_ONCE = 1_000
_OF_LOOKS = frozenset({"guard.checked", "guard.incident"})
_WANTED = (b'"type":"guard.', *(f'"type":"{one}"'.encode() for one in sorted(DRAWING_TYPES)))
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


def audit_incidents(tx: sa.Connection) -> Audited:
    """Hold looks, steps, tickets, questions, news and drawings to the log and back, votes to Facts, incidents to steps.

    Reads the whole log. Raises Tampered with the first that differs.
    """
    every = {one.entry_id: one.entry for one in scan(tx, lambda data: any(one in data for one in _WANTED))}
    told = {key: (one.type, dict(one.body)) for key, one in every.items() if one.type in _OF_LOOKS}
    looks = _looks(tx, told)
    steps = _steps(tx, told)
    left = sorted(entry_id for entry_id, (type_, _) in told.items() if type_ == "guard.incident")
    if left:
        raise _differs(f"the step of an incident that entry {left[0]} tells of is gone")
    rest: list[Entry] = [one for _, one in sorted(every.items()) if one.type in TYPES]
    counts = hold_tickets(tx, rest), hold_reviews(tx, rest), hold_messages(tx, rest)
    return Audited(looks, _votes(tx), _incidents(tx), steps, *counts, hold_drawings(tx, every))


def _looks(tx: sa.Connection, told: dict[int, tuple[str, dict[str, Json]]]) -> int:
    c, count = tables.checked.c, 0
    for row in tx.execute(sa.select(c.check_id, c.entry_id).order_by(c.check_id)):
        if told.get(row.entry_id, ("", {}))[0] != "guard.checked":
            raise _differs(f"look {row.check_id} is none that the log was told of")
        count += 1
    return count


def _steps(tx: sa.Connection, told: dict[int, tuple[str, dict[str, Json]]]) -> int:
    i, s, count = tables.incidents.c, tables.steps.c, 0
    query = sa.select(tables.steps, i.cause).join(tables.incidents, i.incident_id == s.incident_id)
    for row in tx.execute(query.order_by(s.step_id)):
        said = {"incident": row.incident_id, "cause": row.cause, "to": row.step, "why": row.why}
        said |= {"by": row.by} if row.by else {}
        type_, body = told.pop(row.entry_id, ("", {}))
        body.pop("severity", None)
        if type_ != "guard.incident" or body != said:
            raise _differs(f"step {row.step_id} of an incident is not what was recorded")
        count += 1
    return count


def _votes(tx: sa.Connection) -> int:
    c, last, count = tables.votes.c, 0, 0
    while True:
        rows = tx.execute(sa.select(tables.votes).where(c.vote_id > last).order_by(c.vote_id).limit(AT_ONCE)).all()
        if not rows:
            return count
        facts = {fact.fact_id: fact for fact in facts_of(tx, sorted({row.fact_id for row in rows}))}
        for row in rows:
            with as_written(f"vote {row.vote_id}"):
                fact = facts.get(row.fact_id)
                if fact is None or fact.json_value() != _said(row) or fact.source != f"source:{row.place}":
                    raise _differs(f"vote {row.vote_id} is not what was recorded")
            last, count = row.vote_id, count + 1


def _incidents(tx: sa.Connection) -> int:
    i, s = tables.incidents.c, tables.steps.c
    last = sa.select(s.incident_id, sa.func.max(s.step_id).label("step_id")).group_by(s.incident_id).subquery()
    query = (
        sa.select(i.incident_id, i.state, s.step)
        .outerjoin(last, last.c.incident_id == i.incident_id)
        .outerjoin(tables.steps, s.step_id == last.c.step_id)
        .order_by(i.incident_id)
    )
    count = 0
    for row in tx.execute(query):
        if row.state != (State.OPEN if row.step in OPENS else State.CLOSED) or row.step is None:
            raise _differs(f"incident {row.incident_id} does not stand as its last step left it")
        count += 1
    return count


def _said(row: sa.Row[Any]) -> Json:
    return {"number": row.shown, "rule": row.rule, "verdict": row.verdict, "voice": row.voice}


def _differs(message: str) -> Tampered:
    return Tampered(message, hint="rows were changed by hand: put the database back from a backup")
