"""How long it takes: from the first look that saw it to the alert, and from the alert until it was right.

Rules held here:
- Both are counted over every time that an incident was opened, the times that it came back too.
- What is open yet counts as open, and in no mean.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import mean, median

import sqlalchemy as sa

from haoma.guard.judge import tables

__all__ = ["Took", "took"]


@dataclass(frozen=True, slots=True)
class Took:
    """How many incidents there were in a time, and how long they took: means and medians in seconds."""

    opened: int
    closed: int
    open: int
    mttd_s: float | None
    median_detect_s: float | None
    mttr_s: float | None
    median_repair_s: float | None


def took(tx: sa.Connection, organisations: Collection[str], since: datetime, until: datetime) -> Took:
    """What was opened and closed of these organisations' in this time, and how long it took."""
    i, s = tables.incidents.c, tables.steps.c
    query = sa.select(s.incident_id, s.step, s.at, i.first_seen_at).join(
        tables.incidents, i.incident_id == s.incident_id
    )
    steps = query.where(
        s.step.in_(("opened", "reopened", "closed")), s.at < until, i.organisation.in_(organisations)
    ).order_by(s.step_id)
    opened_at: dict[str, datetime] = {}
    detect, repair = list[timedelta](), list[timedelta]()
    opened = 0
    for incident_id, step, at, first_seen_at in tx.execute(steps):
        if step != "closed":
            opened_at[incident_id] = at
            opened += at >= since
            if step == "opened" and at >= since:
                detect.append(at - first_seen_at)
        elif incident_id in opened_at:
            began = opened_at.pop(incident_id)
            if at >= since:
                repair.append(at - began)
    return Took(opened, len(repair), len(opened_at), *_both(detect), *_both(repair))


def _both(spans: Sequence[timedelta]) -> tuple[float | None, float | None]:
    seconds = [one.total_seconds() for one in spans]
    return (mean(seconds), median(seconds)) if seconds else (None, None)
