"""What a tenant asks of its hotlines: how they stand, what counts said of one, and which alerts there are.

Rules held here:
- Whoever asks sees their own tenant's, and learns of no other's whether they are there.
- Hotlines are looked at a page at a time, in the order of their numbers; what was judged for one page serves the next,
  and goes on with the place as long as nothing was corrected behind it.
- One question is judged at a time in a process; a few others wait, and the rest are told to come again: looking takes
  neither the time nor the threads of those who send counts.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from threading import Lock, Semaphore

import sqlalchemy as sa

from haoma.access import Asker, Gate, Thing
from haoma.errors import NotFound, Unavailable
from haoma.storage import Store
from haoma.watch.calendar import Calendar
from haoma.watch.counts.reading import changed_since
from haoma.watch.running.alerts import Alert, newest
from haoma.watch.running.explain import Explained, explain, series_named
from haoma.watch.running.fleet import Fleet
from haoma.watch.running.history import Counted, Manner, counted, judge
from haoma.watch.running.spans import State
from haoma.watch.running.states import HOUR, Place, any_before, place
from haoma.watch.running.status import Whole, fleet_now, standings

__all__ = ["ACTION", "Sights"]

ACTION = "see-counts"
WAIT_S = 5.0
AT_ONCE = 6  # one that is judged, and those that wait, each of which has a thread
HELD = 4  # tenants whose hotlines are at hand
_NOTHING = "haoma watch run judges counts as they come"


@dataclass(frozen=True, slots=True)
class _Now:
    """One tenant's hotlines as they were when the place was there."""

    here: Place
    of: Counted
    fleet: Fleet


class Sights:
    """Answers for one store."""

    def __init__(self, gate: Gate, manner: Manner, calendar: Calendar) -> None:
        self._gate = gate
        self._manner = manner
        self._calendar = calendar
        self._busy = Lock()
        self._places = Semaphore(AT_ONCE)
        self._held: dict[str, _Now] = {}

    @property
    def _store(self) -> Store:
        return self._gate.store

    def hotlines(self, asker: Asker, after: int, most: int, now: datetime) -> Whole:
        """How the tenant's hotlines stand whose numbers follow `after`, so many at the most.

        Raises Refused where the asker may not see counts, NotFound where nothing was judged yet.
        """
        self.require(asker, now)
        with self._alone(), self._store.read() as tx:
            return self.page(tx, asker.tenant, after, most, now)

    def page(self, tx: sa.Connection, tenant: str, after: int, most: int, now: datetime) -> Whole:
        """The same for whoever may see them. Not for several threads at once."""
        there = self._now(tx, tenant)
        numbers = [one for one in there.of.numbers if one > after][:most]
        return standings(tx, there.of, there.fleet, numbers, now, self._calendar)

    def explained(self, asker: Asker, which: str, hours: int, now: datetime) -> tuple[Explained, Whole]:
        """What counts said of a hotline in the last hours, or of an alert by its id, and how the hotline stands now.

        Raises Refused and NotFound as `hotlines` does, and NotFound for what is not the tenant's.
        """
        self.require(asker, now)
        with self._alone(), self._store.read() as tx:
            there = self._now(tx, asker.tenant)
            found = explain(tx, self._manner, which, asker.tenant, hours)
            one = series_named(there.of.series, found.series.name, asker.tenant)
            return found, standings(tx, there.of, there.fleet, [one.id], now, self._calendar)

    def alerts(
        self, asker: Asker, state: State | None, after: tuple[int, int] | None, most: int, now: datetime
    ) -> list[tuple[str, Alert]]:
        """The tenant's alerts with the names of their hotlines, the newest first; raises Refused as `hotlines` does."""
        self.require(asker, now)
        with self._store.read() as tx:
            return newest(tx, asker.tenant, state, after, most)

    def require(self, asker: Asker, now: datetime) -> None:
        """Raise Refused, and record it, where somebody may not see counts; that they were seen is recorded nowhere."""
        thing = Thing("counts", asker.tenant)
        with self._store.read() as tx:
            decision = self._gate.decide(tx, asker, ACTION, thing, now)
        if not decision.allowed:
            self._gate.ask(asker, ACTION, thing, now).require()

    @contextmanager
    def _alone(self) -> Iterator[None]:
        if not self._places.acquire(blocking=False):
            raise _others()
        try:
            if not self._busy.acquire(timeout=WAIT_S):
                raise _others()
            try:
                yield
            finally:
                self._busy.release()
        finally:
            self._places.release()

    def _now(self, tx: sa.Connection, tenant: str) -> _Now:
        here, of = place(tx), counted(tx, self._manner, tenant)
        if here is None or not any_before(tx, here.minute + 1, of.digest):
            raise NotFound("no counts were judged yet", hint=_NOTHING)
        held = self._held.pop(tenant, None)
        if held is not None and _goes_on(tx, held, here, of):
            held.fleet.known = of.known
            judge(tx, held.fleet, of, here.minute, {}, again=True)
            held = _Now(here, of, held.fleet)
        else:
            held = _Now(here, of, fleet_now(tx, of, here))
        others = [(name, one) for name, one in self._held.items() if name != tenant]
        self._held = dict([(tenant, held), *others[: HELD - 1]])
        return held


def _others() -> Unavailable:
    return Unavailable("others are asking how hotlines stand", hint="ask again in a few seconds")


def _goes_on(tx: sa.Connection, held: _Now, here: Place, of: Counted) -> bool:
    """Whether what was judged can go on to a place: not long ago, as counts are now."""
    if held.of.digest != of.digest or not 0 <= here.minute - held.here.minute <= HOUR:
        return False
    behind = changed_since(tx, held.here.cursor).earliest.values()
    return all(minute > held.here.minute for minute in behind)
