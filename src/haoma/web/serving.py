"""The application that `haoma serve` runs: the API, the log, the customers' page, and the work behind them.

Rules held here:
- The log lies below its prefix, and answers there as C2SP clients know it; everything else is the API's.
- The page of customers lies at /self, where the setting self_url says that there is one.
- What is served is bounded and watched as `haoma.web.api.edge` has it.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from haoma.app import Services
from haoma.errors import BadInput, HaomaError
from haoma.settings import Settings
from haoma.web.api.app import api, watched
from haoma.web.api.edge import Edge
from haoma.web.api.watching import Log
from haoma.web.hops import hop_routes
from haoma.web.log import failure, log_routes, witness_routes
from haoma.web.requests import refused
from haoma.web.self import self_app
from haoma.web.upkeep import Upkeep

__all__ = ["application"]

PREFIX = re.compile(r"(?:/[A-Za-z0-9._~-]+)*")
PAGE = "/self/"
OWN = ("/v1/", PAGE, "/healthz", "/readyz", "/metrics")


def application(settings: Settings, prefix: str = "/log") -> ASGIApp:
    """The API of these settings, and their log below a prefix, ready for an ASGI server.

    Raises BadInput for what is no prefix, or one that the API has.
    """
    if PREFIX.fullmatch(prefix) is None or f"{prefix}/".startswith(OWN):
        raise BadInput("a prefix begins with a slash and does not end with one", hint="for example --prefix /log")
    services = Services(settings)
    services.keys.require_named()
    upkeep = Upkeep(services)

    @asynccontextmanager
    async def lifespan(_app: object) -> AsyncIterator[None]:
        upkeep.start()
        try:
            yield
        finally:
            upkeep.stop()
            services.__exit__()

    watch, figures = watched(services, Log())
    more = [*hop_routes(services.receive_hop, services.keys.hops()), *figures]
    page = self_app(services) if settings.self_url else None
    return Edge(_Each(api(services, more, lifespan), _log(services, prefix), prefix, page), watch)


class _Each:
    """The customers' page where there is one, the log where its prefix is, the API everywhere else."""

    def __init__(self, api_app: ASGIApp, log_app: ASGIApp, prefix: str, page: ASGIApp | None) -> None:
        self._api = api_app
        self._log = log_app
        self._below = f"{prefix}/"
        self._page = page

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand on."""
        await self._app(scope.get("path", "") if scope["type"] == "http" else "")(scope, receive, send)

    def _app(self, path: str) -> ASGIApp:
        if self._page is not None and f"{path}/".startswith(PAGE):
            return self._page
        return self._log if path.startswith(self._below) and not path.startswith(OWN) else self._api


def _log(services: Services, prefix: str) -> Starlette:
    entries_key = None if services.settings.ledger_open_entries else services.entries_key
    routes = log_routes(services.view, services.publisher, entries_key, prefix)
    if services.policy is not None and services.policy.logs:
        routes += witness_routes(services.witness, prefix)
    handlers: dict[Any, Any] = {HaomaError: failure, HTTPException: _not_served}
    made = Starlette(routes=routes, exception_handlers=handlers)
    made.router.redirect_slashes = False  # every resource has one path
    return made


async def _not_served(_request: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):  # the type that Starlette asks for
        raise error
    return refused(error.status_code, error.detail, dict(error.headers or {}))
