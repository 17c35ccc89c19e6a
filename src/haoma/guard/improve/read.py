"""Trials and samples as they stand in the database."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from haoma.errors import NotFound
from haoma.guard.improve import tables
from haoma.guard.improve.model import Arm, Better, Measure, Outcome, Sample, Trial, Visit
from haoma.guard.improve.months import Month

__all__ = ["sample_of", "trials_before"]


def trials_before(tx: sa.Connection, end: datetime) -> list[Trial]:
    """Every trial that was laid down before a moment, the earliest first, with what was counted before it."""
    counted = tx.execute(sa.select(tables.arms).where(tables.arms.c.recorded_at < end)).all()
    arms: dict[str, dict[str, Arm]] = {}
    for row in counted:
        arms.setdefault(row.trial_id, {})[row.arm] = Arm(row.events, row.size)
    columns = tables.trials.c
    query = sa.select(tables.trials).where(columns.recorded_at < end).order_by(columns.starts_at, columns.trial_id)
    return [
        Trial(
            row.trial_id,
            row.name,
            Measure(row.measure),
            row.unit,
            Better(row.better),
            row.planned,
            row.starts_at,
            row.ends_at,
            arms.get(row.trial_id, {}),
        )
        for row in tx.execute(query)
    ]


def sample_of(tx: sa.Connection, month: Month) -> Sample:
    """The sample of a month; NotFound where none was drawn."""
    row = tx.execute(sa.select(tables.samples).where(tables.samples.c.month == str(month))).one_or_none()
    if row is None:
        raise NotFound(f"no sample was drawn for {month}", hint="haoma guard improve draw draws one")
    visits = tables.visits
    found = tx.execute(sa.select(visits).where(visits.c.sample_id == row.sample_id).order_by(visits.c.place))
    return Sample(
        row.sample_id,
        row.month,
        row.seed,
        row.frame,
        tuple(
            Visit(one.place, one.hotline, one.channel, Outcome(one.outcome) if one.outcome else None, one.visited_at)
            for one in found
        ),
    )
