"""Whether trials and samples are what the log says: each row is what its entry tells, and each entry has its row.

Rules held here:
- A plan, a count, a draw or a visit that somebody changed, put in or took away by hand is told as Tampered, by the
  first that differs; so is one that was moved to another tenant than that of who recorded it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from haoma.access.tables import people
from haoma.errors import Tampered
from haoma.guard.improve import tables
from haoma.guard.improve.entries import ENTRY_TYPES
from haoma.guard.improve.model import drawn_digest, seed_digest
from haoma.guard.improve.read import trial_of, visit_of
from haoma.ledger.forms import Json
from haoma.ledger.scan import scan
from haoma.ledger.written import as_written

__all__ = ["Held", "hold_improvement"]

_TYPES = frozenset(one.name for one in ENTRY_TYPES)
_Told = tuple[str, datetime, dict[str, Json]]


@dataclass(frozen=True, slots=True)
class Held:
    """How many trials and samples were held to the log."""

    trials: int
    samples: int


def hold_improvement(tx: sa.Connection) -> Held:
    """Hold every row to the log and the log to the rows; reads the whole log, and raises Tampered where one differs."""
    told = {one.entry_id: one.entry for one in scan(tx, lambda data: b'"type":"improve.' in data)}
    counts = dict.fromkeys(_TYPES, 0)
    _require_own_tenants(tx)
    for entry_id, (kind, at, body) in _rows(tx):
        found = told.pop(entry_id, None)
        if found is None or (found.type, found.at, dict(found.body)) != (kind, at, body):
            raise _differs(f"what entry {entry_id} tells of is not what stands here ({kind})")
        counts[kind] += 1
    left = [entry_id for entry_id, entry in told.items() if entry.type in _TYPES]
    if left:
        raise _differs(f"what entry {min(left)} tells of is gone")
    return Held(counts["improve.trial"], counts["improve.sample"])


def _require_own_tenants(tx: sa.Connection) -> None:
    for table, by in ((tables.trials, tables.trials.c.recorded_by), (tables.samples, tables.samples.c.drawn_by)):
        same = sa.exists().where(people.c.person_id == by, people.c.tenant_id == table.c.tenant_id)
        moved = tx.scalar(sa.select(sa.func.min(table.c.entry_id)).where(~same))
        if moved is not None:
            raise _differs(f"what entry {moved} tells of is not of the tenant of who recorded it")


def _rows(tx: sa.Connection) -> Iterator[tuple[int, _Told]]:
    for row in tx.execute(sa.select(tables.trials)):
        with as_written(f"the trial of entry {row.entry_id}"):
            plan: dict[str, Json] = {"trial": row.trial_id, "by": row.recorded_by}
            yield row.entry_id, ("improve.trial", row.recorded_at, plan | {"plan": trial_of(row, {}).plan_digest()})
    for row in tx.execute(sa.select(tables.arms)):
        counted: dict[str, Json] = {"trial": row.trial_id, "by": row.recorded_by, "arm": row.arm}
        counted |= {"events": row.events, "size": row.size}
        yield row.entry_id, ("improve.counted", row.recorded_at, counted)
    for row in tx.execute(sa.select(tables.samples)):
        yield row.entry_id, ("improve.sample", row.drawn_at, _sample(tx, row))
    for row in tx.execute(sa.select(tables.visits).where(tables.visits.c.outcome.is_not(None))):
        visited: dict[str, Json] = {"sample": row.sample_id, "by": row.visited_by, "place": row.place}
        yield row.entry_id, ("improve.visited", row.visited_at, visited | {"outcome": row.outcome})


def _sample(tx: sa.Connection, row: sa.Row[Any]) -> dict[str, Json]:
    visits = tables.visits
    query = sa.select(visits).where(visits.c.sample_id == row.sample_id).order_by(visits.c.place)
    with as_written(f"the sample of entry {row.entry_id}"):
        drawn = [visit_of(one) for one in tx.execute(query)]
    body: dict[str, Json] = {"sample": row.sample_id, "by": row.drawn_by, "size": len(drawn)}
    return body | {"seed": seed_digest(row.seed), "frame": row.frame_digest, "drawn": drawn_digest(drawn)}


def _differs(message: str) -> Tampered:
    return Tampered(message, hint="haoma ledger audit tells whether the log itself is the one that was signed")
