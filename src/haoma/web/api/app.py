"""The API as an application: its routes, what they share, and how it fails.

Rules held here:
- A resource has one path. Nothing of the framework is served: no page, no description.
- Nothing of the framework looks at requests: it would tell what they hold.
- No state but caches and rates is kept between two requests: any number of these run on one database.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from functools import cache
from typing import Any, NamedTuple

from fastapi import FastAPI
from fastapi.telemetry import TelemetryConfig
from starlette.routing import BaseRoute

from haoma.access.once import Once
from haoma.app import Services
from haoma.web.api import (
    approvals,
    cases,
    consents,
    counts,
    emergencies,
    health,
    hotlines,
    ledger,
    locations,
    numbers,
    replies,
    risk,
    routes,
    tokens,
)
from haoma.web.api.callers import Callers
from haoma.web.api.calls import Desk
from haoma.web.api.described import document
from haoma.web.api.edge import Watch
from haoma.web.api.hot import hot_route
from haoma.web.api.pages import Pages
from haoma.web.api.problems import add_handlers
from haoma.web.api.rates import Rates
from haoma.web.api.straight import Ways
from haoma.web.api.watching import Each, Log

__all__ = ["Watched", "api", "watched"]

# FastAPI's own telemetry tells paths, queries and the words of exceptions to whatever SDK there is.
SILENT: TelemetryConfig = {
    "tracing": False,
    "metrics": False,
    "logs": False,
    "operation_spans": False,
    "auto_configure": False,
}
Lifespan = Callable[[Any], AbstractAsyncContextManager[None]]


class Watched(NamedTuple):
    """Who looks at the requests of a service, and the routes where they show what they saw."""

    watch: Watch
    routes: list[BaseRoute]


def watched(services: Services, log: Log) -> Watched:
    """Whoever the settings ask for, beside the log."""
    settings = services.settings
    watches, routes = list[Watch]([log]), list[BaseRoute]()
    if settings.api_metrics:
        from haoma.web.api.figures import Figures

        figures = Figures(services.ledger.queued)
        watches.append(figures)
        routes.append(figures.route(services.keys.metrics()))
    if settings.api_traces:
        from haoma.web.api.spans import Spans

        watches.append(Spans())
    return Watched(Each(watches), routes)


def api(services: Services, more: Sequence[BaseRoute] = (), lifespan: Lifespan | None = None) -> FastAPI:
    """The API of these services; `more` are routes that it has beside those that it describes."""
    settings = services.settings
    app = Ways(
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
        redirect_slashes=False,
        telemetry=SILENT,
    )
    desk = Desk(
        services,
        Callers(services, settings.api_origin, Rates(settings.api_rate_per_min)),
        Once(services.store, services.commitments, services.sealing),
        Pages(services.keys.cursors().encode()),
    )
    app.state.desk = desk
    app.router.routes.append(hot_route(desk))
    for noun in (
        health,
        numbers,
        cases,
        consents,
        replies,
        emergencies,
        tokens,
        locations,
        risk,
        routes,
        approvals,
        counts,
        hotlines,
        ledger,
    ):
        app.include_router(noun.routes)
        app.go_straight(noun.routes.routes)
    app.router.routes.extend(more)
    add_handlers(app)
    app.openapi = cache(lambda: document(app))  # type: ignore[method-assign]  # FastAPI's own way to describe otherwise
    return app
