"""/v1/watch: how hotlines stand by their counts, what counts said of one, and the alerts they gave.

Rules held here:
- Whoever may see counts sees those of their own tenant.
- A minute that nobody counted is null and no zero; what does not show at all has no minutes.
- Nothing that is asked here changes anything.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from math import isfinite
from typing import Annotated, Literal, cast
from uuid import UUID

from fastapi import APIRouter, Path, Query, Request
from pydantic import Field, JsonValue
from starlette.responses import Response

from haoma.watch.model import moment_of
from haoma.watch.running.alerts import Alert
from haoma.watch.running.explain import Explained
from haoma.watch.running.realised import Realised
from haoma.watch.running.shown import totals
from haoma.watch.running.spans import State
from haoma.watch.running.status import REPORTING, Standing, sight
from haoma.web.api.calls import PROBLEMS, Body, Call, Caller, answered, desk_of, problems
from haoma.web.api.pages import Cursor, Limit

__all__ = ["routes"]

routes = APIRouter(prefix="/v1/watch", tags=["watch"])
Name = Annotated[
    str, Path(max_length=200, description="What its counts come under: its UID in the registry, or a name.")
]
Hours = Annotated[int, Query(ge=1, le=24, description="How much is shown.")]
Standings = Annotated[
    Literal["open", "recovered", "new-level", "withdrawn"] | None, Query(description="Those alone that stand so.")
]
PPM = 1_000_000


class TellsSum(Body):
    """What was counted of a hotline and what was expected, over some minutes."""

    seen: int | None = Field(description="How many were counted; null where nobody counted.")
    expected: float | None = Field(description="How many were expected of the minutes that were counted.")


class TellsShows(Body):
    """How soon a diversion could show at best."""

    diverted: float = Field(description="Which share of calls goes elsewhere.")
    reporting: float = Field(description="Which share of those callers report it.")
    minutes: float | None = Field(description="After how many minutes it shows; null where it does not.")


class TellsDelays(Body):
    """How long counts of a hotline took to come in the last six hours."""

    median_s: int = Field(description="Within how many seconds after the end of its minute half of them came.")
    most_s: int = Field(description="And all of them.")
    minutes: int = Field(description="Of how many minutes that is known.")


class TellsMonth(Body):
    """Alerts of thirty days."""

    budget: float = Field(description="How many false ones the budget allows.")
    alerts: int
    false: int = Field(description="Those that a person called false.")
    without_cause: int = Field(description="Those near which no page was found wrong: the most that can be false.")
    withdrawn: int


class TellsHotline(Body):
    """How a hotline stands."""

    hotline: str = Field(description="What its counts come under.")
    score: float = Field(description="One less the chance that a usual minute is as striking, 0 to 1.")
    channel: str | None = Field(description="What that rests on most.", examples=["joint"])
    channels: dict[str, float] = Field(
        description="Evidence of each channel in nats above what raises an alert; below 0 it raises none."
    )
    ready: bool = Field(description="Whether what is usual at this hour is known.")
    alert: str | None = Field(description="The id of the alert that stands.")
    incident: str | None = Field(description="The incident of that.")
    last_hour: list[TellsSum] = Field(description="Inquiries, error reports, and further counts in their order.")
    shows: list[TellsShows] = Field(
        description="What could be seen of it now, when counts have come; empty where nothing is known."
    )
    sees: str = Field(description="The same in words.")
    lag_min: int | None = Field(description="How old its newest count is; null for more than an hour.")
    arrives: TellsDelays | None = Field(description="How long its counts take to come; null where nobody timed any.")
    month: TellsMonth


class TellsHotlines(Body):
    """Hotlines in the order in which they were first counted."""

    hotlines: list[TellsHotline]
    judged_until: datetime = Field(description="Up to when counts were judged.")
    month: TellsMonth = Field(description="Of all hotlines of the tenant; the budget is of all that are watched.")
    unknown_years: list[int] = Field(description="Years whose holidays are not known.")
    next: str | None = Field(description="The cursor of the next page.")


class TellsAlert(Body):
    """An alert."""

    alert: str = Field(description="Its id, a UUID.")
    hotline: str
    state: str = Field(examples=["open"])
    opened_at: datetime = Field(description="The minute that raised it.")
    closed_at: datetime | None = Field(description="The minute that ended it.")
    found_at: datetime = Field(description="When it was known here.")
    channel: str
    score: float
    fits: dict[str, float | None] = Field(description="The diversion that fits best, of a few: shares of 1.")
    incident: str | None
    entry: int = Field(description="The entry of the log that tells of it.")
    sha256: str = Field(description="The digest of what showed it, which that entry has.")


class TellsAlerts(Body):
    """Alerts, the newest first."""

    alerts: list[TellsAlert]
    next: str | None = Field(description="The cursor of the next page.")


class TellsCount(Body):
    """One count of a hotline, minute by minute."""

    name: str = Field(examples=["inquiries"])
    seen: list[int | None]
    expected: list[float | None]
    total: TellsSum


class TellsExplained(Body):
    """What counts said of a hotline."""

    hotline: str
    since: datetime = Field(description="When the first of the minutes begins.")
    counts: list[TellsCount]
    alert: TellsAlert | None = Field(description="The alert that was asked about, or that stands.")
    joined: JsonValue = Field(description="What else was known when it was raised: sources, facts, incidents.")
    now: TellsHotline = Field(description="How the hotline stands now.")


@routes.get("/hotlines", response_model=TellsHotlines, responses=problems(404))
def hotlines(call: Caller, request: Request, limit: Limit = 50, cursor: Cursor = None) -> Response:
    """Show how the hotlines of the caller's tenant stand."""
    pages, of = desk_of(request).pages, f"hotlines {call.asker.id}"
    whole = call.services.watch_sights.hotlines(call.asker, int(pages.after(of, cursor) or "0"), limit + 1, call.at)
    page = whole.hotlines[:limit]
    return answered(
        TellsHotlines(
            hotlines=[_hotline(one, whole.budget_hotline) for one in page],
            judged_until=moment_of(whole.minute + 1),
            month=_month(whole.budget_fleet, whole.realised),
            unknown_years=[*whole.unknown_years],
            next=pages.cursor(of, str(page[-1].number)) if len(whole.hotlines) > limit else None,
        )
    )


@routes.get("/hotlines/{hotline:path}/explain", response_model=TellsExplained, responses=problems(404))
def explain(hotline: Name, call: Caller, hours: Hours = 3) -> Response:
    """Show what was expected and counted of a hotline in the last hours, and how it stands."""
    return _explained(call, hotline, hours)


@routes.get("/alerts", response_model=TellsAlerts, responses=PROBLEMS)
def alerts(
    call: Caller, request: Request, state: Standings = None, limit: Limit = 50, cursor: Cursor = None
) -> Response:
    """Show the alerts of the caller's tenant."""
    pages, of = desk_of(request).pages, f"alerts {state} {call.asker.id}"
    after = [int(one) for one in (pages.after(of, cursor) or "").split()]
    behind = (after[0], after[1]) if after else None
    found = call.services.watch_sights.alerts(call.asker, state and State(state), behind, limit + 1, call.at)
    told = [_alert(name, one) for name, one in found[:limit]]
    more = [pages.cursor(of, f"{one.opened} {one.hotline}") for _, one in found[limit - 1 : limit]]
    return answered(TellsAlerts(alerts=told, next=more[0] if len(found) > limit else None))


@routes.get("/alerts/{alert_id}/explain", response_model=TellsExplained, responses=problems(404))
def explain_alert(alert_id: Annotated[UUID, "of an alert"], call: Caller, hours: Hours = 3) -> Response:
    """Show what was expected and counted around an alert, what else was known, and how the hotline stands now."""
    return _explained(call, str(alert_id), hours)


def _explained(call: Call, which: str, hours: int) -> Response:
    found, whole = call.services.watch_sights.explained(call.asker, which, hours, call.at)
    return answered(
        TellsExplained(
            hotline=found.series.name,
            since=moment_of(found.hour.since),
            counts=_counts(found),
            alert=None if found.alert is None else _alert(found.series.name, found.alert),
            joined=None if found.alert is None else cast("JsonValue", found.alert.document["joined"]),
            now=_hotline(whole.hotlines[0], whole.budget_hotline),
        )
    )


def _counts(found: Explained) -> list[TellsCount]:
    told = []
    for at, (name, total) in enumerate(totals(found.hour, found.signals).items()):
        seen, expected = (column[:, at].tolist() for column in (found.hour.seen, found.hour.expected))
        known = any(isfinite(one) for one in expected)
        told.append(
            TellsCount(
                name=name,
                seen=[round(one) if isfinite(one) else None for one in seen],
                expected=[round(one, 3) if isfinite(one) else None for one in expected],
                total=_total(cast("Mapping[str, int]", total), known=known),
            )
        )
    return told


def _total(told: Mapping[str, int], *, known: bool) -> TellsSum:
    """A sum over those minutes that were counted."""
    counted = told["minutes"] > 0
    expected = told["expected_milli"] / 1_000 if counted and known else None
    return TellsSum(seen=told["seen"] if counted else None, expected=expected)


def _hotline(one: Standing, budget: float) -> TellsHotline:
    told = one.realised
    return TellsHotline(
        hotline=one.hotline,
        score=round(one.score, 6),
        channel=None if one.channel is None else one.channel.label,
        channels={channel.label: round(nats, 3) for channel, nats in one.excess.items() if isfinite(nats)},
        ready=one.ready,
        alert=None if one.alert is None else one.alert.id,
        incident=None if one.alert is None else one.alert.incident,
        last_hour=[
            TellsSum(
                seen=None if seen is None else round(seen), expected=None if expected is None else round(expected, 3)
            )
            for seen, expected in zip(one.seen, one.expected, strict=True)
        ],
        shows=[
            TellsShows(diverted=share, reporting=REPORTING, minutes=round(minutes, 1) if isfinite(minutes) else None)
            for share, minutes in one.shows_min.items()
        ],
        sees=sight(one),
        lag_min=one.lag_min,
        arrives=None if one.arrives is None else TellsDelays(**asdict(one.arrives)),
        month=_month(budget, told),
    )


def _month(budget: float, told: Realised) -> TellsMonth:
    return TellsMonth(
        budget=round(budget, 4),
        alerts=told.alerts,
        false=told.false,
        without_cause=told.causeless,
        withdrawn=told.withdrawn,
    )


def _alert(name: str, one: Alert) -> TellsAlert:
    fits = one.document["fits"]
    shares = cast("Mapping[str, int | None]", fits).items() if isinstance(fits, dict) else ()
    return TellsAlert(
        alert=one.id,
        hotline=name,
        state=str(one.state),
        opened_at=one.opened_at,
        closed_at=None if one.closed is None else moment_of(one.closed),
        found_at=one.found_at,
        channel=one.channel,
        score=one.score / PPM,
        fits={share.removesuffix("_ppm"): None if ppm is None else ppm / PPM for share, ppm in shares},
        incident=one.incident,
        entry=one.entry_id,
        sha256=one.digest,
    )
