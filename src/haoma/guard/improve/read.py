"""Trials and samples as they stand in the database, and what is theirs of the registry: of one tenant at a time."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from haoma.errors import NotFound
from haoma.guard.improve import tables
from haoma.guard.improve.model import Arm, Better, Measure, Outcome, Sample, Trial, Visit
from haoma.guard.improve.months import Month
from haoma.guard.registry.read import hotlines, organisations
from haoma.ledger.written import as_written

__all__ = ["frame_of", "organisations_of", "sample_of", "trial_of", "trials_before", "visit_of"]


def organisations_of(tx: sa.Connection, tenant: str) -> list[str]:
    """The organisations (UIDs) of a tenant (id)."""
    return [one.uid for one in organisations(tx) if one.tenant == tenant]


def frame_of(tx: sa.Connection, tenant: str, at: datetime) -> list[tuple[str, str]]:
    """Every hotline (UID) of a tenant that is in force at a moment, with every channel it is given out on."""
    theirs = organisations_of(tx, tenant)
    found = [one for one in hotlines(tx, at) if one.organisation in theirs]
    return [(one.uid, channel) for one in found for channel in one.channels]


def trials_before(tx: sa.Connection, end: datetime, tenant: str) -> list[Trial]:
    """Every trial of a tenant that was laid down before a moment, the earliest first, as it was counted before that."""
    mine = (tables.trials.c.tenant_id == tenant, tables.arms.c.recorded_at < end)
    counted = tx.execute(sa.select(tables.arms).join(tables.trials).where(*mine)).all()
    arms: dict[str, dict[str, Arm]] = {}
    for row in counted:
        arms.setdefault(row.trial_id, {})[row.arm] = Arm(row.events, row.size)
    columns = tables.trials.c
    query = sa.select(tables.trials).where(columns.tenant_id == tenant, columns.recorded_at < end)
    query = query.order_by(columns.starts_at, columns.trial_id)
    with as_written("a trial"):
        return [trial_of(row, arms.get(row.trial_id, {})) for row in tx.execute(query)]


def trial_of(row: sa.Row[Any], arms: dict[str, Arm]) -> Trial:
    """The trial of a row."""
    return Trial(
        row.trial_id,
        row.name,
        Measure(row.measure),
        row.unit,
        Better(row.better),
        row.planned,
        row.starts_at,
        row.ends_at,
        arms,
    )


def sample_of(tx: sa.Connection, month: Month, tenant: str) -> Sample:
    """The sample of a tenant's month; NotFound where none was drawn."""
    c = tables.samples.c
    row = tx.execute(sa.select(tables.samples).where(c.tenant_id == tenant, c.month == str(month))).one_or_none()
    if row is None:
        raise NotFound(f"no sample was drawn for {month}", hint="haoma guard improve draw draws one")
    visits = tables.visits
    found = tx.execute(sa.select(visits).where(visits.c.sample_id == row.sample_id).order_by(visits.c.place))
    with as_written(f"the sample of {month}"):
        return Sample(row.sample_id, row.month, row.seed, row.frame, tuple(visit_of(one) for one in found))


def visit_of(row: sa.Row[Any]) -> Visit:
    """The visit of a row."""
    outcome = Outcome(row.outcome) if row.outcome else None
    return Visit(row.place, row.hotline, row.channel, outcome, row.visited_at)
