"""Lay down trials, draw samples, and record what came of them: each change with its entry, in one transaction.

Rules held here:
- All of it is the asker's own tenant's: what is another's is not there, and is counted nowhere.
- Each is decided by the gate (`record-measure`): whoever looks after hotlines or risk does it, and no machine.
- A trial is laid down before it begins; an arm is counted once, and not before it has begun.
- Who sees incidents, or records such things, sees what came of them.
- A tenant's month has one sample; a visit has one outcome.
"""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeVar

import sqlalchemy as sa

from haoma.access import Asker, Gate, Thing
from haoma.errors import BadInput, Conflict, NotFound
from haoma.guard.improve import tables
from haoma.guard.improve.incidents import KeptIncidents, filed, watched
from haoma.guard.improve.model import (
    Arm,
    Measure,
    Outcome,
    Sample,
    Trial,
    Visit,
    draw,
    drawn_digest,
    frame_digest,
    seed_digest,
)
from haoma.guard.improve.months import Month
from haoma.guard.improve.read import frame_of, organisations_of, sample_of, trials_before
from haoma.guard.improve.review import Review, review
from haoma.ledger.entry import Entry, Json
from haoma.lineage.entries import Log
from haoma.lineage.personal import require_impersonal

__all__ = ["Improvement"]

T = TypeVar("T")
LARGEST = 100_000
LONGEST = 200


@dataclass(frozen=True, slots=True)
class Improvement:
    """The trials and samples of one store."""

    gate: Gate
    log: Log

    def lay_down(self, asker: Asker, trial: Trial, now: datetime) -> Trial:
        """Record the plan of a trial and give it its id; raises BadInput for one that has begun or makes no sense."""
        laid = _checked(trial, now)

        def work(tx: sa.Connection) -> None:
            entry = self._tell(tx, "improve.trial", now, trial=laid.id, by=asker.person, plan=laid.plan_digest())
            row = {"trial_id": laid.id, "name": laid.name, "measure": str(laid.measure), "unit": laid.unit}
            row |= {"better": str(laid.better), "recorded_by": asker.person, "tenant_id": asker.tenant}
            times = {"starts_at": laid.starts_at, "ends_at": laid.ends_at, "recorded_at": now}
            tx.execute(sa.insert(tables.trials).values(**row, planned=laid.planned, **times, entry_id=entry))

        self._change(asker, now, work)
        return laid

    def count(self, asker: Asker, trial_id: str, arm: str, counted: Arm, now: datetime) -> None:
        """Record what was counted in an arm, a or b; Conflict where it was counted, or the trial has not begun."""

        def work(tx: sa.Connection) -> None:
            query = sa.select(tables.trials.c.starts_at, tables.trials.c.measure)
            mine = (tables.trials.c.trial_id == trial_id, tables.trials.c.tenant_id == asker.tenant)
            found = tx.execute(query.where(*mine)).one_or_none()
            if found is None:
                raise NotFound("there is no such trial", hint="haoma guard improve trials shows them")
            _require_counted(arm, counted, Measure(found.measure))
            if now < found.starts_at:
                raise Conflict("this trial has not begun", hint="what was counted before is no result of it")
            there = sa.and_(tables.arms.c.trial_id == trial_id, tables.arms.c.arm == arm)
            if tx.scalar(sa.select(sa.exists().where(there))):
                raise Conflict("this arm was counted already", hint="lay down a new trial for a new count")
            told: dict[str, Json] = {"trial": trial_id, "arm": arm, "events": counted.events, "size": counted.size}
            entry = self._tell(tx, "improve.counted", now, by=asker.person, **told)
            row = {"trial_id": trial_id, "arm": arm, "events": counted.events, "size": counted.size}
            tx.execute(sa.insert(tables.arms).values(**row, recorded_at=now, recorded_by=asker.person, entry_id=entry))

        self._change(asker, now, work)

    def draw(
        self, asker: Asker, month: Month, frame: Iterable[tuple[str, str]], size: int, now: datetime, seed: str = ""
    ) -> Sample:
        """Draw the sample of a month out of (hotline, channel); Conflict where it was drawn already."""
        every = sorted(set(frame))
        seed = seed or secrets.token_hex(16)
        if not (0 < len(seed) <= 64 and seed.isascii() and seed.isprintable()):
            raise BadInput("the seed is no word", hint="up to 64 characters of ASCII, or none for one at random")
        found = Sample(str(uuid.uuid4()), str(month), seed, len(every), tuple(draw(every, size, seed)))

        def work(tx: sa.Connection) -> None:
            c = tables.samples.c
            if tx.scalar(sa.select(sa.exists().where(c.tenant_id == asker.tenant, c.month == str(month)))):
                raise Conflict(f"the sample of {month} is drawn already", hint="haoma guard improve sample shows it")
            told: dict[str, Json] = {
                "sample": found.id,
                "by": asker.person,
                "size": len(found.visits),
                "frame": frame_digest(every),
                "drawn": drawn_digest(found.visits),
            }
            entry = self._tell(tx, "improve.sample", now, seed=seed_digest(seed), **told)
            row = {"sample_id": found.id, "tenant_id": asker.tenant, "month": found.month, "seed": seed}
            drawn = {"frame_digest": frame_digest(every), "drawn_at": now, "drawn_by": asker.person, "entry_id": entry}
            tx.execute(sa.insert(tables.samples).values(**row, frame=found.frame, **drawn))
            names = ("place", "hotline", "channel")
            rows = [{"sample_id": found.id} | {name: getattr(one, name) for name in names} for one in found.visits]
            tx.execute(sa.insert(tables.visits), rows)

        self._change(asker, now, work)
        return found

    def visited(self, asker: Asker, month: Month, place: int, outcome: Outcome, now: datetime) -> Visit:
        """Record what a visit found; NotFound where there is no such visit, Conflict where it has an outcome."""

        def work(tx: sa.Connection) -> Visit:
            c = tables.samples.c
            mine = (c.tenant_id == asker.tenant, c.month == str(month))
            query = sa.select(tables.visits).join(tables.samples).where(*mine)
            row = tx.execute(query.where(tables.visits.c.place == place)).one_or_none()
            if row is None:
                raise NotFound(f"there is no visit {place} in {month}", hint="haoma guard improve sample shows them")
            if row.outcome is not None:
                raise Conflict("this visit was made already", hint="what was found then stays")
            told: dict[str, Json] = {"sample": row.sample_id, "place": place, "outcome": str(outcome)}
            entry = self._tell(tx, "improve.visited", now, by=asker.person, **told)
            this = sa.and_(tables.visits.c.sample_id == row.sample_id, tables.visits.c.place == place)
            done = {"outcome": str(outcome), "visited_at": now, "visited_by": asker.person, "entry_id": entry}
            tx.execute(sa.update(tables.visits).where(this).values(**done))
            return Visit(place, row.hotline, row.channel, outcome, now)

        return self._change(asker, now, work)

    def trials(self, asker: Asker, now: datetime) -> list[Trial]:
        """Every trial, the earliest first, with what was counted."""
        return self._look(asker, now, lambda tx: trials_before(tx, now, asker.tenant))

    def sample(self, asker: Asker, month: Month, now: datetime) -> Sample:
        """The sample of a month; NotFound where none was drawn."""
        return self._look(asker, now, lambda tx: sample_of(tx, month, asker.tenant))

    def frame(self, asker: Asker, now: datetime) -> list[tuple[str, str]]:
        """What a sample can be drawn from: every hotline in force, with every channel it is given out on."""
        return self._look(asker, now, lambda tx: frame_of(tx, asker.tenant, now))

    def review(self, asker: Asker, month: Month, now: datetime) -> Review:
        """The review of a month, or of what there is of it; BadInput for one that has not begun."""

        def work(tx: sa.Connection) -> Review:
            until, theirs = min(month.ends_at, now), organisations_of(tx, asker.tenant)
            happened = KeptIncidents().before(tx, until, theirs)
            sample = None
            with suppress(NotFound):  # a month without a sample is told as such
                sample = sample_of(tx, month, asker.tenant)
            trials = trials_before(tx, until, asker.tenant)
            channels, tickets = watched(tx, theirs), filed(tx, until, theirs)
            return review(month, now, happened, trials, sample, channels, tickets)

        return self._look(asker, now, work)

    def _look(self, asker: Asker, now: datetime, work: Callable[[sa.Connection], T]) -> T:
        if not self.gate.ask(asker, "see", Thing("incident", asker.tenant, "state"), now).allowed:
            self.gate.ask(asker, "record-measure", Thing("incident", asker.tenant), now).require()
        with self.gate.store.read() as tx:
            return work(tx)

    def _change(self, asker: Asker, now: datetime, work: Callable[[sa.Connection], T]) -> T:
        return self.gate.change(asker, "record-measure", Thing("incident", asker.tenant), now, work)

    def _tell(self, tx: sa.Connection, kind: str, at: datetime, **body: Json) -> int:
        return self.log.append(tx, Entry(kind, at, body))


def _checked(trial: Trial, now: datetime) -> Trial:
    if trial.starts_at < now:
        raise BadInput("a trial is laid down before it begins", hint="a result that is known is no trial")
    if trial.ends_at <= trial.starts_at:
        raise BadInput("a trial ends before it begins")
    if not 0 < trial.planned <= LARGEST:
        raise BadInput(f"{trial.planned} in each arm; 1 to {LARGEST:,} are allowed")
    for text in (trial.name, trial.unit):
        if not 0 < len(text) <= LONGEST or not text.isprintable():
            raise BadInput(f"a name of {len(text)} characters, or some that do not print; 1 to {LONGEST} are allowed")
    require_impersonal("public:trial", {"the name of the trial": trial.name, "its unit": trial.unit})
    return replace(trial, id=str(uuid.uuid4()), arms={})


def _require_counted(arm: str, counted: Arm, measure: Measure) -> None:
    if arm not in {"a", "b"}:
        raise BadInput("an arm is a (without the measure) or b (with it)")
    most = counted.size if measure is Measure.SHARE else LARGEST
    if not 0 < counted.size <= LARGEST or not 0 <= counted.events <= most:
        message = f"{counted.events} events in {counted.size}; 0 to {most:,} in 1 to {LARGEST:,} are allowed"
        raise BadInput(message)
