"""What counts said of a hotline: expected against seen, which channel spoke, what fits best, what else is known.

Rules held here:
- What is shown is judged again from a kept state, over the counts as they are now. Of an alert that is older than the
  states, what was kept with it is shown.
- Nothing is changed by asking.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import nan

import numpy as np
import sqlalchemy as sa

from haoma.errors import BadInput, NotFound
from haoma.ledger.forms import Json
from haoma.watch.counts.arrivals import arriving, delays_of
from haoma.watch.counts.series import Series
from haoma.watch.model import SHANGHAI_MIN, Floats, Tuning
from haoma.watch.running.alerts import Alert, alert, alerts, signal_names
from haoma.watch.running.fleet import Fleet
from haoma.watch.running.history import Counted, Manner, counted, fleet_before, judge
from haoma.watch.running.moments import local_text, read_minute
from haoma.watch.running.plot import Mark, Panel, Picture
from haoma.watch.running.shown import Hour, totals
from haoma.watch.running.states import DAY, HOUR, KEPT_DAYS, place

__all__ = ["MOST_HOURS", "Explained", "explain", "series_named"]

MOST_HOURS = 48


@dataclass(frozen=True, slots=True)
class Explained:
    """What is to be said, as JSON, and drawn; of which hotline and alert, what was counted, and what that is called."""

    said: Mapping[str, object]
    picture: Picture
    series: Series
    alert: Alert | None
    hour: Hour
    signals: Sequence[str]


@dataclass(slots=True)
class _Trace:
    """What is noted of one hotline, minute by minute."""

    hotline: int
    since: int
    expected: list[list[float]] = field(default_factory=list)
    seen: list[list[float]] = field(default_factory=list)

    def __call__(self, fleet: Fleet) -> None:
        if fleet.minute >= self.since:
            expected, seen = fleet.newest(self.hotline)
            self.expected.append(expected)
            self.seen.append(seen)

    def hour(self, signals: int) -> Hour:
        expected, seen = (np.array(each, np.float64).reshape(-1, signals) for each in (self.expected, self.seen))
        return Hour(self.since, expected, seen)


def explain(tx: sa.Connection, manner: Manner, which: str, tenant: str | None, hours: int) -> Explained:
    """What counts said of a hotline in the last hours, or when an alert was raised; `which` is its name, or the id.

    Raises NotFound for neither, and where nothing was judged yet.
    """
    if not 1 <= hours <= MOST_HOURS:
        raise BadInput(f"{hours} hours; 1 to {MOST_HOURS} are allowed")
    here, of = place(tx), counted(tx, manner, tenant)
    if here is None:
        raise NotFound("no counts were judged yet", hint="haoma watch run judges them as they come")
    one, told = _meant(tx, of, which, tenant)
    names = signal_names(tx, one.tenant)
    until = here.minute if told is None else min(here.minute, told.opened + hours * HOUR // 3)
    since = until - hours * HOUR + 1
    hour = _kept(told, names) if told is not None and since < here.minute - KEPT_DAYS * DAY else None
    hour = hour or _judged(tx, of if of.part else counted(tx, manner, one.tenant), one, since, until)
    near = [told] if told is not None else alerts(tx, hotline=one.id, since=since - DAY)
    picture = _picture(manner.tuning, one, near, hour, names)
    arrives = delays_of(tx, [one.id], until).get(one.id)
    return Explained(
        _said(one, told, hour, names, arriving(arrives)), picture, one, told, hour, names[: hour.seen.shape[1]]
    )


def series_named(series: Mapping[int, Series], name: str, tenant: str | None) -> Series:
    """The hotline that is counted under this name; raises NotFound, or BadInput where several tenants have one."""
    found = [one for one in series.values() if one.name == name and tenant in (None, one.tenant)]
    if not found:
        raise NotFound("nothing is counted under this name", hint="haoma watch status shows what is")
    if len(found) > 1:
        raise BadInput(f"{len(found)} tenants have a hotline of this name", hint="--tenant NAME")
    return found[0]


def _meant(tx: sa.Connection, of: Counted, which: str, tenant: str | None) -> tuple[Series, Alert | None]:
    told = _alert_of(tx, of, which)
    if told is not None:
        return of.series[told.hotline], told
    one = series_named(of.series, which, tenant)
    newest = next(iter(alerts(tx, hotline=one.id)), None)
    return one, newest if newest is not None and newest.closed is None and newest.over_at is None else None


def _alert_of(tx: sa.Connection, of: Counted, which: str) -> Alert | None:
    """The alert of this id; None also for one of a hotline that is not asked about, as if it were nowhere."""
    if not which.isprintable():  # PostgreSQL takes no NUL
        return None
    try:
        told = alert(tx, which)
    except NotFound:
        return None
    return told if told.hotline in of.series else None


def _judged(tx: sa.Connection, of: Counted, one: Series, since: int, until: int) -> Hour:
    trace = _Trace(one.id, since)
    fleet = fleet_before(tx, of, since)
    if fleet is not None:
        judge(tx, fleet, of, until, {}, trace, again=True)
        trace.since = max(since, until - len(trace.seen) + 1)
    return trace.hour(of.known.signals)


def _kept(told: Alert, names: Sequence[str]) -> Hour | None:
    """The hour before an alert, as it was kept with it."""
    series = told.document["series"]
    if not isinstance(series, dict):
        return None
    since = read_minute(str(series["since"]))
    rows = [row for name in names if isinstance(row := series.get(name), dict)]
    expected, seen = (_column(rows, key) for key in ("expected_milli", "seen"))
    return Hour(since, expected / 1_000, seen)


def _column(rows: Sequence[Mapping[str, Json]], key: str) -> Floats:
    """Minutes by signals, NaN for what is null."""
    told = [values for row in rows if isinstance(values := row[key], list)]
    return np.array([[nan if value is None else float(str(value)) for value in values] for values in told]).T


def _said(one: Series, told: Alert | None, hour: Hour, names: Sequence[str], arrives: str) -> dict[str, object]:
    said: dict[str, object] = {
        "hotline": one.name,
        "since": local_text(hour.since, SHANGHAI_MIN),
        "until": local_text(hour.since + len(hour.seen), SHANGHAI_MIN),
        **_totals(hour, names[: hour.seen.shape[1]]),
        "arrives": arrives,
    }
    if told is None:
        return said
    fits, joined = told.document["fits"], told.document["joined"]
    return {
        **said,
        "alert": told.id,
        "state": str(told.state),
        "opened": local_text(told.opened, SHANGHAI_MIN),
        "closed": None if told.closed is None else local_text(told.closed, SHANGHAI_MIN),
        "channel": told.channel,
        "score": told.score / 1_000_000,
        "fits": _shares(fits),
        "when_raised": told.document["last_hour"],
        "joined": joined,
        "incident": told.incident,
        "sha256": told.digest,
        "entry": told.entry_id,
    }


def _totals(hour: Hour, names: Sequence[str]) -> dict[str, object]:
    """Seen and expected of each signal, in counts."""
    told: dict[str, object] = {}
    for name, row in totals(hour, names).items():
        if isinstance(row, dict):
            expected = round(int(str(row["expected_milli"])) / 1_000)
            told[name] = {"seen": row["seen"], "expected": expected, "minutes": row["minutes"]}
    return told


def _shares(fits: Json) -> dict[str, float | None]:
    """Shares of 1, as a person reads them."""
    told = fits if isinstance(fits, dict) else {}
    return {
        name.removesuffix("_ppm"): value / 1_000_000 if isinstance(value, int) else None for name, value in told.items()
    }


def _picture(tuning: Tuning, one: Series, told: Sequence[Alert], hour: Hour, names: Sequence[str]) -> Picture:
    marks = [
        Mark(minute, name)
        for each in told
        for minute, name in ((each.opened, f"alert ({each.channel})"), (each.closed, str(each.state)))
        if minute is not None and hour.since <= minute <= hour.since + len(hour.seen)
    ]
    panels = tuple(
        Panel(name, hour.expected[:, at].tolist(), hour.seen[:, at].tolist(), _variance(tuning, hour, at))
        for at, name in enumerate(names[: hour.seen.shape[1]])
    )
    return Picture(f"Counts of {one.name}", hour.since, SHANGHAI_MIN, panels, tuple(marks))


def _variance(tuning: Tuning, hour: Hour, signal: int) -> list[float]:
    """The variance of a minute as it is before a hotline's own is known."""
    wide, spread = (tuning.dispersion, tuning.spread) if signal == 0 else (tuning.report_dispersion, 0.0)
    expected: Floats = hour.expected[:, signal]
    told: list[float] = (wide * expected + (spread * expected) ** 2).tolist()
    return told
