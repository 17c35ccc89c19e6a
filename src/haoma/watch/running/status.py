"""How each hotline stands now: score, alert, last hour, what could be seen of it, and how often alerts were false.

Rules held here:
- What could be seen is told from what is expected of the last hour and from the budget, by the bound that no detector
  beats: it is a promise of physics, and not of this one. To that comes the time until a minute is judged: what its
  counts take to come in the median, or what the runner waits for them, whichever is longer.
- Of a hotline whose counts stopped nothing is said but that they did.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np
import sqlalchemy as sa

from haoma.errors import NotFound
from haoma.watch.calendar import Calendar
from haoma.watch.counts.arrivals import Delays, delays_of
from haoma.watch.detectability import detectability
from haoma.watch.model import NO_CHANNEL, SHANGHAI_MIN, Channel, Floats, minute_of, moment_of
from haoma.watch.running.alerts import Alert, alerts
from haoma.watch.running.fleet import Fleet
from haoma.watch.running.history import Counted, Manner, counted, fleet_before, judge
from haoma.watch.running.realised import MONTH, Realised, realised
from haoma.watch.running.shown import Hour
from haoma.watch.running.spans import State
from haoma.watch.running.states import HOUR, Place, place

__all__ = ["DIVERTED", "REPORTING", "Standing", "Whole", "fleet_now", "sight", "standings", "status"]

DIVERTED = (0.5, 0.1)
REPORTING = 0.05


@dataclass(frozen=True, slots=True)
class Standing:
    """One hotline. Scores are 0–1, `excess` nats above each channel's threshold, below 0 where there is no alarm.

    `seen` and `expected` are of the last hour, signal by signal.

    `lag_min` is how long ago its newest count was, at least an hour where None; `arrives` how long its counts took of
    late. `shows_min` has for each share of `DIVERTED` the minutes until it shows at best, of whose callers `REPORTING`
    report it.
    """

    number: int
    hotline: str
    tenant: str
    score: float
    channel: Channel | None
    excess: Mapping[Channel, float]
    ready: bool
    alert: Alert | None
    seen: tuple[float | None, ...]
    expected: tuple[float | None, ...]
    lag_min: int | None
    arrives: Delays | None
    shows_min: Mapping[float, float]
    realised: Realised


@dataclass(frozen=True, slots=True)
class Whole:
    """Hotlines, up to which minute all were judged, the budgets, and years whose holidays are not known.

    `realised` is of all hotlines that were looked at, whichever are told.
    """

    hotlines: tuple[Standing, ...]
    minute: int
    behind_min: int
    budget_hotline: float
    budget_fleet: float
    realised: Realised
    unknown_years: tuple[int, ...]


def status(tx: sa.Connection, manner: Manner, now: datetime, calendar: Calendar, tenant: str | None = None) -> Whole:
    """How all hotlines stand, or those of one tenant by its id; raises NotFound where nothing was judged yet."""
    of, here = counted(tx, manner, tenant), place(tx)
    return standings(tx, of, fleet_now(tx, of, here), of.numbers, now, calendar)


def fleet_now(tx: sa.Connection, of: Counted, here: Place | None) -> Fleet:
    """These hotlines as they were when the place was left; raises NotFound where nothing was judged yet."""
    fleet = None if here is None else fleet_before(tx, of, here.minute + 1)
    if here is None or fleet is None:
        raise NotFound("no counts were judged yet", hint="haoma watch run judges them as they come")
    judge(tx, fleet, of, here.minute, {}, again=True)
    return fleet


def standings(
    tx: sa.Connection, of: Counted, fleet: Fleet, numbers: Sequence[int], now: datetime, calendar: Calendar
) -> Whole:
    """How some hotlines of a fleet stand that is as it is now, in this order."""
    recent = [one for one in alerts(tx, since=minute_of(now - MONTH)) if one.hotline in of.series]
    told = realised(tx, recent, now)
    open_ = {one.hotline: one for one in alerts(tx, state=State.OPEN)}
    shared = fleet.tuning.budget.hotlines or max(1, len(fleet.places))
    budget = replace(of.manner.tuning.budget, hotlines=shared)
    about = _About(of, fleet, open_, told, delays_of(tx, numbers, minute_of(now)), budget.per_hotline_and_month(), now)
    each = tuple(_standing(about, number) for number in numbers)
    whole = sum(told.values(), Realised())
    years = {moment_of(fleet.minute + SHANGHAI_MIN).year, now.year}
    unknown = tuple(sorted(year for year in years if not calendar.knows(year)))
    behind = minute_of(now) - fleet.minute
    return Whole(each, fleet.minute, behind, budget.per_hotline_and_month(), budget.fleet, whole, unknown)


def sight(standing: Standing) -> str:
    """What could be seen of a hotline now, in words."""
    told = [
        f"a {share:.0%} diversion {_when(minutes)}"
        for share, minutes in sorted(standing.shows_min.items(), reverse=True)
    ]
    return ", ".join(told)


def _when(minutes: float) -> str:
    """Minutes as a person says them."""
    if minutes == float("inf"):
        return "does not show"
    if minutes < 2 * HOUR:
        return f"shows in about {max(1, round(minutes))} min"
    return f"not before {minutes / HOUR:.0f} h" if minutes < 72 * HOUR else f"not before {minutes / HOUR / 24:.0f} days"


@dataclass(frozen=True, slots=True)
class _About:
    """What is known of the hotlines of a fleet beside what the detector knows, and what each may cost a month."""

    of: Counted
    fleet: Fleet
    open: Mapping[int, Alert]
    realised: Mapping[int, Realised]
    arrives: Mapping[int, Delays]
    budget: float
    now: datetime


def _standing(about: _About, number: int) -> Standing:
    series, scores, fleet = about.of.series[number], about.fleet.scores, about.fleet
    at, arrives = fleet.places.get(number), about.arrives.get(number)
    nothing = (None,) * about.of.known.signals
    bare = Standing(
        number=number,
        hotline=series.name,
        tenant=series.tenant,
        score=0.0,
        channel=None,
        excess={},
        ready=False,
        alert=about.open.get(number),
        seen=nothing,
        expected=nothing,
        lag_min=None,
        arrives=arrives,
        shows_min={},
        realised=Realised(),
    )
    if at is None or scores is None:
        return bare
    hour, channel = fleet.hour(number), int(scores.channel[at])
    tuning = about.of.manner.tuning
    waits_min = max(1.0, tuning.grace_min, 0.0 if arrives is None else arrives.median_s / 60)
    return replace(
        bare,
        score=float(scores.score[at]),
        channel=None if channel == NO_CHANNEL else Channel(channel),
        excess={one: float(scores.excess[one, at]) for one in Channel},
        ready=bool(scores.ready[at]),
        seen=_sums(hour.seen),
        expected=_sums(hour.expected),
        lag_min=_lag(hour, about.now),
        shows_min={share: waits_min + soon for share, soon in _shows(hour, about.budget, tuning.dispersion).items()},
        realised=about.realised.get(number, Realised()),
    )


def _sums(values: Floats) -> tuple[float | None, ...]:
    """The sum of each signal; None of one of which nothing is known."""
    columns = [column[~np.isnan(column)] for column in values.T]
    return tuple(float(column.sum()) if len(column) else None for column in columns)


def _lag(hour: Hour, now: datetime) -> int | None:
    """How many minutes ago the newest count of an hour was."""
    there = np.flatnonzero(~np.isnan(hour.seen).all(axis=1))
    return None if not len(there) else minute_of(now) - (hour.since + int(there[-1]))


def _shows(hour: Hour, budget: float, dispersion: float) -> dict[float, float]:
    """How soon the counts of diversions show where an hour is as this one was expected to be."""
    known = hour.expected[~np.isnan(hour.expected[:, 0])]
    if not len(known):
        return {}
    calls, reports = (float(np.nanmean(known[:, signal])) * HOUR for signal in (0, 1))
    return {share: detectability(calls, reports, share, REPORTING, budget, dispersion) for share in DIVERTED}
