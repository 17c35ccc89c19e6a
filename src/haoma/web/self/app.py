"""The customer's own page as an application: the question behind a link, the door, and what is theirs inside.

Rules held here:
- A GET changes nothing. What changes something is a form of ours, which holds a secret of its own.
- A yes takes the code that was sent; the link alone is no proof. A no takes nothing but the link.
- Whether a number is known here changes neither what is done when a code is asked for, nor what is told.
- What goes wrong is a page, in words out of a closed list; it tells nothing of what was given. What keeps the service
  from answering is told whole to its log, which masks it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from functools import cached_property
from typing import Any

import sqlalchemy as sa
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from haoma.access.tables import tenants
from haoma.app import Services
from haoma.consent.doors import Doors
from haoma.consent.links import check_origin, linked
from haoma.consent.own import own_replaced
from haoma.errors import BadInput, HaomaError, Refused, Tampered, Unavailable
from haoma.numbers.service import parse
from haoma.vault.model import check_tenant
from haoma.web.self.asked import HEADERS, Door, answered, form_token, is_token, network_of
from haoma.web.self.assets import static_route
from haoma.web.self.inside import LONGEST_NUMBER, Rooms
from haoma.web.self.views import (
    code_page,
    failed_page,
    front_page,
    gone_page,
    over_page,
    question_page,
    said_no_page,
    start_page,
)
from haoma.web.self.words import WORDS, language_of

__all__ = ["FLOOR_S", "self_app"]

FLOOR_S = 0.2  # asking for a code, and typing one, take as long at the least, whatever comes of it
Form = Mapping[str, str]
_STATUS = {400: "bad-input", 403: "refused-error", 404: "not-found", 405: "not-found", 429: "too-often"}


class Pages:
    """What the pages of one service do."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._key = services.keys.cursors().encode()

    @cached_property
    def doors(self) -> Doors:
        """The doors of its store."""
        return Doors(self._services.consent.office, self._services.settings.self_codes_per_hour)

    @cached_property
    def rooms(self) -> Rooms:
        """What is inside them."""
        return Rooms(self._services, self.doors)

    def question(self, handle: str, language: str, *, wrong: bool = False) -> Response:
        """The question behind a link; `wrong` where the code that was typed is not the one."""
        asked = linked(self._services.consent.office, handle)
        if asked.published is None:
            return answered(over_page(language, asked.tenant), 410)
        path, token = f"/self/q/{handle}", form_token(self._key, handle)
        page = question_page(language, path, token, asked, asked.published, wrong=wrong)
        return answered(page, 403 if wrong else 200)

    def answer(self, handle: str, given: Form) -> Response:
        """Take an answer to it."""
        language, said = language_of(given.get("lang", "")), given.get("answer", "")
        asked = linked(self._services.consent.office, handle)
        if not is_token(self._key, handle, given.get("token", "")) or said not in {"yes", "no"}:
            raise HTTPException(403)
        if asked.published is None:
            return self.question(handle, language)
        answers, request_id = self._services.consent.answers, str(asked.request.request_id)
        if said == "no":
            return answered(said_no_page(language, answers.no(request_id)))
        try:
            yes = answers.yes(request_id, given.get("code", ""))
        except Refused as error:
            if error.reason not in {"code-wrong", "request-over"}:
                raise
            return self.question(handle, language, wrong=True)
        for replaced in own_replaced(self._services.consent, yes):
            self._services.positions.drop(replaced)
        return self.rooms.room(language, self.doors.after_yes(yes))

    def start(self, tenant: str | None, language: str) -> Response:
        """The way to a tenant's door: straight there where there is but one, else by its name."""
        with self._services.store.read() as tx:
            names = list(tx.scalars(sa.select(tenants.c.name).limit(2)))
        name = names[0] if tenant is None and len(names) == 1 else tenant
        if name is None:
            return answered(start_page(language))
        try:
            self._require(name.strip().lower())
        except HTTPException:
            return answered(start_page(language, wrong=True), 404)
        return RedirectResponse(f"/self/my/{name.strip().lower()}?lang={language}", 303, HEADERS)

    def front(self, tenant: str, language: str, wrong: str = "") -> Response:
        """The door of a tenant."""
        self._require(tenant)
        return answered(front_page(language, tenant, wrong), 400 if wrong else 200)

    def by_receipt(self, given: Form) -> Response:
        """Withdraw as the holder of a receipt, who needs no code."""
        language, tenant = language_of(given.get("lang", "")), given.get("tenant", "")
        self._require(tenant)
        try:
            done = self._services.consent.withdrawals.by_receipt("".join(given.get("receipt", "").split()))
        except (BadInput, Refused, Tampered):
            return self.front(tenant, language, "receipt-wrong")
        return answered(gone_page(language, done.proofs))

    def knock(self, tenant: str, given: Form, network: str) -> Response:
        """Send a code."""
        language = language_of(given.get("lang", ""))
        self._require(tenant)
        number = parse(given.get("number", "")[:LONGEST_NUMBER])
        if not number.valid:
            return self.front(tenant, language, "number-wrong")
        try:
            door = self.doors.knock(tenant, number, language, network)
        except BadInput:
            return self.front(tenant, language, "number-wrong")
        return answered(code_page(language, tenant, door))

    def enter(self, given: Form, network: str) -> Response:
        """Take a code."""
        language, tenant, door = language_of(given.get("lang", "")), given.get("tenant", ""), given.get("door", "")
        self._require(tenant)
        try:
            session = self.doors.enter(door, given.get("code", ""), network)
        except Refused:
            return answered(code_page(language, tenant, door, "code-wrong"), 403)
        except Unavailable as error:  # nobody knows whose the number is now
            return answered(code_page(language, tenant, door, "holder-unchecked"), error.http_status)
        return self.rooms.room(language, session)

    def _require(self, tenant: str) -> None:
        office = self._services.consent.office
        try:
            name = check_tenant(tenant)
        except BadInput:
            raise HTTPException(404) from None
        with office.store.read() as tx:
            if not office.tenant_id(tx, name):
                raise HTTPException(404)


def self_app(services: Services, *, floor_s: float = FLOOR_S) -> Starlette:
    """The pages of these services, below /self; raises BadInput where the setting self_url is no origin."""
    settings = services.settings
    pages, door = Pages(services), Door(check_origin(settings.self_url), settings.self_rate_per_min)

    async def question(request: Request) -> Response:
        return await run_in_threadpool(pages.question, request.path_params["handle"], _language(request))

    async def answer(request: Request) -> Response:
        given = await door.form(request)
        return await _at_least(floor_s, run_in_threadpool(pages.answer, request.path_params["handle"], given))

    async def start(request: Request) -> Response:
        return await run_in_threadpool(pages.start, request.query_params.get("tenant"), _language(request))

    async def front(request: Request) -> Response:
        return await run_in_threadpool(pages.front, request.path_params["tenant"], _language(request))

    async def knock(request: Request) -> Response:
        given = await door.form(request, sends=True)
        sent = run_in_threadpool(pages.knock, request.path_params["tenant"], given, network_of(request))
        return await _at_least(floor_s, sent)

    async def enter(request: Request) -> Response:
        given = await door.form(request)
        return await _at_least(floor_s, run_in_threadpool(pages.enter, given, network_of(request)))

    async def by_receipt(request: Request) -> Response:
        return await run_in_threadpool(pages.by_receipt, await door.form(request))

    def inside(path: str, work: Callable[[Form], Response]) -> Route:
        async def room(request: Request) -> Response:
            return await run_in_threadpool(work, await door.form(request))

        return Route(f"/self/me{path}", room, methods=["POST"])

    rooms = pages.rooms
    routes = [
        Route("/self/q/{handle}", question),
        Route("/self/q/{handle}", answer, methods=["POST"]),
        Route("/self", start),
        Route("/self/", start),
        Route("/self/my/{tenant}", front),
        Route("/self/my/{tenant}", knock, methods=["POST"]),
        Route("/self/enter", enter, methods=["POST"]),
        Route("/self/receipt", by_receipt, methods=["POST"]),
        *(inside(path, work) for path, work in rooms.verbs().items()),
        static_route(),
    ]
    handlers: dict[Any, Any] = {HaomaError: _explained, HTTPException: _not_served, Exception: _unforeseen}
    made = Starlette(routes=routes, exception_handlers=handlers)
    made.router.redirect_slashes = False
    return made


async def _at_least(floor_s: float, work: Awaitable[Response]) -> Response:
    begun = time.monotonic()
    try:
        return await work
    finally:
        await asyncio.sleep(max(0.0, begun + floor_s - time.monotonic()))


def _language(request: Request) -> str:
    return language_of(request.query_params.get("lang", ""))


async def _explained(request: Request, error: Exception) -> Response:
    if not isinstance(error, HaomaError):  # the type that Starlette asks for
        raise error
    if error.http_status >= 500:
        request.scope["state"]["trouble"] = str(error)
    name = "refused-error" if isinstance(error, Refused) else error.code
    return answered(failed_page(_language(request), name if name in WORDS else "internal"), error.http_status)


async def _not_served(request: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        raise error
    made = answered(failed_page(_language(request), _STATUS.get(error.status_code, "bad-input")), error.status_code)
    made.headers.update(error.headers or {})
    return made


async def _unforeseen(request: Request, _error: Exception) -> Response:
    return answered(failed_page(_language(request), "internal"), 500)
