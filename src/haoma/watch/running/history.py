"""The detector at any minute of the last days: from the state that was kept before it, over the counts as they are now.

Rules held here:
- What is judged anew begins an hour before it has to, so that what was expected in the hour before an alert is known.
- Where no state is old enough, eight weeks of counts are learned from, and none of them is judged.
- Nobody goes ahead of the newest count: minutes of which nothing came from anybody yet are not over.
- The hotlines of one tenant are judged alone as they are among all: what is in common is so within a tenant.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace

import numpy as np
import sqlalchemy as sa

from haoma.watch.calendar import Hours
from haoma.watch.counts import tables as kept_counts
from haoma.watch.counts.model import COUNTS
from haoma.watch.counts.reading import read, spanned
from haoma.watch.counts.series import Series, every_series
from haoma.watch.history import in_quarters
from haoma.watch.model import Tuning
from haoma.watch.residual.serving import Model
from haoma.watch.running.alerts import standing_at
from haoma.watch.running.fleet import Cube, Fleet, Known, Minute, Spans
from haoma.watch.running.states import DAY, HOUR, Kept, newest_before

__all__ = ["HISTORY_MIN", "Counted", "Manner", "counted", "fleet_before", "judge"]

HISTORY_MIN = 56 * DAY
AT_ONCE = 1 << 24  # counts in memory
FORM = 3  # of what is kept of the detector


@dataclass(frozen=True, slots=True)
class Manner:
    """How counts are judged: the detector's figures, hours of hotlines that have some, by name, and a corrector."""

    tuning: Tuning = field(default_factory=Tuning)
    hours: Mapping[str, Hours] = field(default_factory=dict)
    model: Model | None = None


@dataclass(frozen=True, slots=True)
class Counted:
    """The hotlines that are counted, by number, and how they are judged; `part` where they are one tenant's alone."""

    manner: Manner
    series: Mapping[int, Series]
    known: Known
    numbers: list[int]
    part: bool = False

    @property
    def digest(self) -> str:
        """What a state has to be of: another tuning, or another set of counts, has no use for it."""
        said = f"{FORM} {self.known.signals} {sorted(asdict(self.manner.tuning).items())!r}"
        said += f" {self.manner.model.digest}" if self.manner.model else ""
        return hashlib.sha256(said.encode()).hexdigest()


def counted(tx: sa.Connection, manner: Manner, tenant: str | None = None) -> Counted:
    """What is counted now, of all or of one tenant by its id."""
    series = {one.id: one for one in every_series(tx, tenant)}
    further = tx.scalar(sa.select(sa.func.max(kept_counts.signals.c.signal)))
    hours = {one.id: manner.hours[one.name] for one in series.values() if one.name in manner.hours}
    tenants = {one.id: one.tenant for one in series.values()}
    known = Known(tenants, hours, len(COUNTS) if further is None else int(further) + 1, model=manner.model)
    return Counted(manner, series, known, [*series], part=tenant is not None)


def fleet_before(tx: sa.Connection, of: Counted, minute: int) -> Fleet | None:
    """The fleet as it was an hour before a minute, or longer ago; None where nothing was counted by then."""
    kept = newest_before(tx, minute - HOUR, of.digest)
    if kept is not None:
        tuning, standing = _shared(of.manner.tuning, len(kept.hotlines)), standing_at(tx, kept.minute)
        if of.part:
            return Fleet.resumed(tuning, of.known, _of_these(kept, of.series), standing)
        return Fleet.resumed(of.manner.tuning, of.known, kept, standing)
    there = spanned(tx)
    if there is None or there[0] > minute:
        return None
    since = max(there[0], (minute - HOUR) // HOUR * HOUR)
    return _learned(tx, of, max(there[0], since - HISTORY_MIN), since)


def judge(
    tx: sa.Connection,
    fleet: Fleet,
    of: Counted,
    until: int,
    spans: Spans,
    each: Minute | None = None,
    *,
    again: bool = False,
) -> None:
    """Judge minutes up to and with `until`, as far as there are counts; all of them where they are judged `again`."""
    there = None if again else spanned(tx)
    newest = until if there is None else min(until, there[1] - 1)
    while fleet.minute < newest:
        last = min(newest, (fleet.minute + 1) // HOUR * HOUR + HOUR - 1)
        counts = read(tx, of.numbers, fleet.minute + 1, last + 1, of.known.signals)
        if last == newest and not again:
            counts = counts[:, : _behind_the_last(counts)]
        fleet.judge(of.numbers, counts, spans, each)
        if last == newest:
            return


def _shared(tuning: Tuning, hotlines: int) -> Tuning:
    """The budget as so many hotlines share it."""
    return replace(tuning, budget=replace(tuning.budget, hotlines=tuning.budget.hotlines or max(1, hotlines)))


def _of_these(kept: Kept, series: Mapping[int, Series]) -> Kept:
    """What is kept of some hotlines."""
    which = [at for at, one in enumerate(kept.hotlines) if one in series]
    rows = np.frombuffer(kept.state, np.uint8).reshape(max(1, len(kept.hotlines)), -1)
    return Kept(kept.minute, tuple(kept.hotlines[at] for at in which), rows[which].tobytes())


def _learned(tx: sa.Connection, of: Counted, since: int, until: int) -> Fleet:
    """A fleet that has learned from the hours before a minute."""
    fleet = Fleet(of.manner.tuning, of.known, until - 1, {})
    fleet.lost = standing_at(tx, until - 1)
    step = min(DAY, max(1, AT_ONCE // max(1, len(of.numbers) * HOUR * of.known.signals)) * HOUR)
    for first in range(since, until, step):
        counts = read(tx, of.numbers, first, min(until, first + step), of.known.signals)
        fleet.learn(of.numbers, first, in_quarters(counts.transpose(1, 0, 2)).transpose(1, 0, 2))
    return fleet


def _behind_the_last(counts: Cube) -> int:
    """How many minutes there are up to the last one in which anything was counted."""
    some = np.flatnonzero(~np.isnan(counts).all(axis=(0, 2)))
    return int(some[-1]) + 1 if len(some) else 0
