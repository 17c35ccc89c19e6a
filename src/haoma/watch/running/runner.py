"""The runner: judges every minute that is over, once, and tells alerts to the log and to the guard.

Rules held here:
- One leads. What it does with some minutes, its place, states, alerts, entries and incidents, is one transaction, and
  moves the place from where it was: whoever is no leader any more is told so and has done nothing.
- A process that dies leaves the place where it was; the next one goes on from a kept state, and nothing is told twice.
- Counts that come late or are corrected are judged anew from the last state before them, with all that came since.
  Whether they came behind what was judged no clock decides: it is said before counts are read up to where they are.
- What was long ago is kept and told to the log, and is no incident: nobody is called for last month.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from threading import Event

import sqlalchemy as sa

from haoma.errors import Conflict, Unavailable
from haoma.guard.judge import Desk
from haoma.guard.registry.read import one_hotline
from haoma.ledger.forms import Json
from haoma.watch.counts.reader import look
from haoma.watch.counts.reading import changed_since, spanned
from haoma.watch.counts.series import Series
from haoma.watch.model import minute_of, moment_of
from haoma.watch.running import alerts
from haoma.watch.running.fleet import Fleet, Spans
from haoma.watch.running.guarding import Case, open_case, over, registered
from haoma.watch.running.history import Counted, Manner, counted, fleet_before, judge
from haoma.watch.running.joined import about
from haoma.watch.running.spans import Change, Span, State, changes
from haoma.watch.running.states import HOUR, Kept, Place, kept_after, move, place, save

__all__ = ["LEADER", "Ran", "Runner"]

LEADER = "watch-run"
FRESH = timedelta(hours=2)
POLL_S, WAIT_S = 2.0, 1.0
BEGUN_MIN = 6 * HOUR  # what is judged of the time before the first run; what lies before that is learned from
RIGHT_AGAIN = (State.RECOVERED, State.WITHDRAWN)


@dataclass(frozen=True, slots=True)
class Ran:
    """What was done: minutes judged, and judged anew; alerts raised and over; up to which minute, where to any."""

    minutes: int = 0
    anew: int = 0
    raised: int = 0
    over: int = 0
    minute: int | None = None

    def __add__(self, other: Ran) -> Ran:
        """Both, one behind the other."""
        return Ran(
            self.minutes + other.minutes,
            self.anew + other.anew,
            self.raised + other.raised,
            self.over + other.over,
            self.minute if other.minute is None else other.minute,
        )


@dataclass(frozen=True, slots=True)
class _Judged:
    """Some minutes that were judged, and not written yet: from behind `since` on, between two places."""

    before: Place | None
    after: Place
    since: int
    spans: Spans
    kept: list[Kept]
    of: Counted
    anew: bool


class Runner:
    """Judges the counts of one store; `desk` is the guard's. Not for several threads."""

    def __init__(self, desk: Desk, manner: Manner) -> None:
        self._desk = desk
        self._manner = manner
        self._fleet: Fleet | None = None

    def once(self) -> Ran | None:
        """Judge what is due; None where another one leads."""
        with self._desk.store.leader(LEADER, wait_s=WAIT_S) as leads:
            return self._all_due() if leads else None

    def run(self, ended: Event, told: Callable[[Ran], None], waits: Callable[[str], None]) -> None:
        """Judge minutes as they come, or wait for another one to end, until it is time to end."""
        while not ended.is_set():
            try:
                with self._desk.store.leader(LEADER, wait_s=0) as leads:
                    waits("" if leads else "another process leads")
                    while leads and not ended.is_set():
                        told(self._all_due())
                        ended.wait(POLL_S)
            except (Conflict, Unavailable) as error:
                self._fleet = None
                waits(str(error))
            ended.wait(POLL_S)

    def _all_due(self) -> Ran:
        done = Ran()
        while (judged := self._next()) is not None:
            done += self._write(judged)
        return done

    def _due(self) -> int:
        """The last minute that is over, and for whose counts nobody waits any more."""
        return minute_of(self._desk.now()) - 1 - max(1, self._manner.tuning.grace_min)

    def _next(self) -> _Judged | None:
        """Judge the minutes up to the next hour, or those anew that were corrected; None where nothing is due."""
        due = self._due()
        look(self._desk.store, due)
        with self._desk.store.read() as tx:
            of, here = counted(tx, self._manner), place(tx)
            changed = changed_since(tx, 0 if here is None else here.cursor)
            if here is None:
                there = spanned(tx)
                newest = due if there is None else min(due, there[1] - 1)
                return self._from(tx, of, fleet_before(tx, of, newest - BEGUN_MIN), None, changed.cursor, due)
            behind = [minute for minute in changed.earliest.values() if minute <= here.minute]
            fleet = fleet_before(tx, of, min(behind)) if behind else self._going_on(tx, of, here)
            return self._from(tx, of, fleet, here, changed.cursor, here.minute if behind else due)

    def _going_on(self, tx: sa.Connection, of: Counted, here: Place) -> Fleet | None:
        """The fleet as it is in memory, or as the place says where somebody else was at work, or nobody yet."""
        fleet = self._fleet
        if fleet is None or fleet.minute != here.minute or fleet.known.signals != of.known.signals:
            fleet = fleet_before(tx, of, here.minute + 1)
            if fleet is not None:
                judge(tx, fleet, of, here.minute, {}, again=True)
        if fleet is not None:
            fleet.known = of.known
        return fleet

    def _from(
        self, tx: sa.Connection, of: Counted, fleet: Fleet | None, here: Place | None, cursor: int, due: int
    ) -> _Judged | None:
        """Judge from a fleet on: all up to the place where that lies behind it, else up to the end of an hour."""
        if fleet is None:
            return None
        since, kept = fleet.minute, list[Kept]()
        anew = here is not None and since < here.minute
        until = due if anew else min(due, (since + 1) // HOUR * HOUR + HOUR - 1)

        def keep(fleet: Fleet) -> None:
            if kept_after(fleet.minute, due):
                kept.append(fleet.kept())

        spans: Spans = {at: Span(*at, None, since, State.WITHDRAWN) for at in fleet.lost.items()}
        judge(tx, fleet, of, until, spans, keep)
        for at in fleet.standing.items():
            spans.setdefault(at, Span(*at, None))
        self._fleet, fleet.lost = fleet, {}
        if fleet.minute == since or (here is not None and fleet.minute < here.minute):
            return None
        return _Judged(here, Place(fleet.minute, cursor), since, spans, kept, of, anew)

    def _write(self, judged: _Judged) -> Ran:
        at = self._desk.now()
        try:
            made = self._desk.store.write(lambda tx: self._put(tx, judged, at))
        except BaseException:
            self._fleet = None  # it is ahead of what is written
            raise
        minutes = judged.after.minute - judged.since
        raised = sum(one.state is State.OPEN for one in made)
        done = Ran(raised=raised, over=len(made) - raised, minute=judged.after.minute)
        return replace(done, anew=minutes) if judged.anew else replace(done, minutes=minutes)

    def _put(self, tx: sa.Connection, judged: _Judged, at: datetime) -> list[Change]:
        move(tx, judged.before, judged.after, at)
        save(tx, judged.kept, judged.since, judged.of.digest)
        held = alerts.held_since(tx, judged.since)
        made = changes(held, [*judged.spans.values()], judged.since)
        known = {(one.hotline, one.opened) for one in held}
        for one in made:
            series = judged.of.series[one.hotline]
            if (one.hotline, one.opened) in known:
                alerts.write(tx, self._desk.log, series, one, at)
            else:
                alerts.raised(tx, self._desk.log, series, one, self._joined(tx, series, at), at)
        self._close(tx, judged, {one.hotline for one in made if one.state in RIGHT_AGAIN}, at)
        if at - moment_of(judged.after.minute) <= FRESH:
            self._open(tx, judged.of, at)
        return made

    def _joined(self, tx: sa.Connection, series: Series, at: datetime) -> dict[str, Json] | None:
        hotline = registered(tx, self._desk, series.tenant, series.name, at)
        return None if hotline is None else about(tx, hotline)

    def _open(self, tx: sa.Connection, of: Counted, at: datetime) -> None:
        """Make incidents of the alerts that stand, as far as that was not decided before."""
        for one in alerts.untold(tx):
            whose = of.series[one.hotline]
            hotline = registered(tx, self._desk, whose.tenant, whose.name, at)
            case = None if hotline is None else Case(hotline, one.id, one.digest, one.entry_id, one.opened_at)
            alerts.with_incident(tx, one.id, None if case is None else open_case(tx, self._desk, case, at))

    def _close(self, tx: sa.Connection, judged: _Judged, hotlines: set[int], at: datetime) -> None:
        """Close the incidents of hotlines whose counts are right again, where no other alert of theirs stands."""
        standing = alerts.standing_at(tx, judged.after.minute)
        for number in sorted(hotlines - standing.keys()):
            told = next((one for one in alerts.alerts(tx, hotline=number) if one.incident is not None), None)
            if told is not None:
                hotline = one_hotline(tx, judged.of.series[number].name)
                over(tx, self._desk, Case(hotline, told.id, told.digest, told.entry_id, told.opened_at), at)
