"""Who calls: a person by the token of their session, a machine by its key or by its signature.

Rules held here:
- A request shows one of them. Whatever is wrong with it, the answer is one and the same 401, after the same time.
- What cannot be known (no database, no key store) is 503, and nobody is let in because of it.
- Each caller asks within its rate, which is told before anything is decided or done.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime
from math import ceil
from typing import NamedTuple, TypeVar

from starlette.requests import Request

from haoma.access import Asker
from haoma.app import Services
from haoma.consent.office import actor_of
from haoma.errors import BadInput, HaomaError, NotFound, Refused, Tampered
from haoma.storage import Steps
from haoma.web.api.problems import Stopped
from haoma.web.api.rates import Rates
from haoma.web.threads import Threads, Together

__all__ = ["FAILURE_S", "Callers", "now"]

T = TypeVar("T")
FAILURE_S = 0.05
SESSION = "haoma_session_"
CHALLENGE = {"WWW-Authenticate": 'Bearer realm="haoma"'}


def now() -> datetime:
    """The time."""
    return datetime.now(UTC)


class Shown(NamedTuple):
    """What a request shows of its caller: a token, or as much as a signature is over; empty where it shows none."""

    token: str
    method: str = ""
    url: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""


class Callers:
    """Recognises the callers of one service.

    `origin` is what signed requests name before the path, empty for what arrived.
    """

    def __init__(self, services: Services, origin: str, rates: Rates, clock: Callable[[], datetime] = now) -> None:
        self._services = services
        self._origin = origin.rstrip("/")
        self._rates = rates
        self._clock = clock
        self._threads = Threads()
        self._together = Together(services.store, self._threads)

    async def caller(self, request: Request) -> Asker:
        """Who sent this request.

        Raises Stopped 401 for whoever is not recognised, 429 for who asks too often; Unavailable where nobody can be.
        """
        return await self.answered(request, lambda asker: asker)

    async def answered(self, request: Request, work: Callable[[Asker], T]) -> T:
        """What the work says to who sent this request, in the thread that recognised them; raises as `caller`."""
        begun, shown = time.monotonic(), await self._shown(request)

        def both() -> list[T]:
            return [work(asker) for asker in self._known(request, shown)]

        return await _one(await self._threads.run(both), begun)

    async def shared(self, request: Request, work: Callable[[Asker], Steps[T]]) -> T:
        """`answered` where the work is steps that are taken together with those of others."""
        begun, shown = time.monotonic(), await self._shown(request)

        def both() -> Steps[list[T]]:
            done = list[T]()
            for asker in self._known(request, shown):
                done.append((yield from work(asker)))
            return done

        return await _one(await self._together.run(both()), begun)

    def _known(self, request: Request, shown: Shown) -> list[Asker]:
        """Who that is, with this request counted; nobody where they are not recognised."""
        try:
            asker = self._recognised(shown)
        except (BadInput, Refused, NotFound, Tampered):
            return []
        self.hold(request, asker)
        return [asker]

    def hold(self, request: Request, asker: Asker) -> None:
        """Count a request of this caller, who is named in the log; raises Stopped 429 where it is one too many."""
        request.scope["state"]["caller"] = actor_of(asker)
        wait_s = self._rates.wait_s(asker.id)
        if wait_s:
            said = Refused("this caller asks too often", hint="Retry-After tells when to ask again")
            raise Stopped(429, said, reason="too-often", headers={"Retry-After": str(ceil(wait_s))})

    async def _shown(self, request: Request) -> Shown:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        token = token.strip() if scheme.lower() == "bearer" else ""
        if "Signature-Input" not in request.headers:
            return Shown(token)
        path = request.scope.get("raw_path", b"").decode("latin-1") or request.url.path
        query = request.scope["query_string"].decode("latin-1")
        origin = self._origin or f"{request.url.scheme}://{request.headers.get('Host', '')}"
        url = f"{origin}{path.partition('?')[0]}{f'?{query}' if query else ''}"
        headers = tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in request.headers.raw)
        return Shown(token, request.method, url, headers, await request.body())

    def _recognised(self, shown: Shown) -> Asker:
        services, at = self._services, self._clock()
        signed = bool(shown.headers)
        if signed == bool(shown.token):
            raise Refused("a request shows a token or a signature")
        if signed:
            from haoma.access.rfc9421 import Request as Signed

            return services.requests.asker(Signed(shown.method, shown.url, shown.headers, shown.body), at)
        known = services.sign_in if shown.token.startswith(SESSION) else services.api_keys
        return known.asker(shown.token, at)


async def _one(done: list[T], begun: float) -> T:
    """What was done; raises Stopped 401 where nothing was, after the same time."""
    if not done:
        await asyncio.sleep(max(0.0, begun + FAILURE_S - time.monotonic()))
        raise _unknown()
    return done[0]


def _unknown() -> Stopped:
    said: HaomaError = Refused(
        "this request shows no key, session or signature that is good here",
        hint="Authorization shows a bearer token, or the request is signed: docs/guide/access.md tells how",
    )
    return Stopped(401, said, reason="not-recognised", headers=CHALLENGE)
