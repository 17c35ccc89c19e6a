"""What holds for every request, whatever it asks for: a name, bounds, headers, and an answer in any case.

Rules held here:
- A request is named in letters, by us: no name that came from outside stands in a log.
- A body is read to its bound and no further; a request that takes longer than `LONGEST_S`, or that the service does not
  wait for when it ends, is answered 503. What it began may go on to its end: its Idempotency-Key tells what came of it.
- A query that holds what could be a number is refused: numbers stand in bodies alone, which nobody logs.
- A request that tells its length in two ways is refused, and its connection ended: whoever passed it on may have
  taken the other (RFC 9112 §6.3).
- No answer is kept by a cache unless it says so itself, none is framed, sniffed or scripted, none names the server.
- What nobody foresaw is answered, and told by its type and place, never by its text.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Mapping
from typing import Protocol
from urllib.parse import unquote_plus

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from haoma.errors import BadInput, Unavailable
from haoma.vault.model import as_letters
from haoma.web.api.masking import holds_number
from haoma.web.api.problems import fault, problem

__all__ = ["LARGEST", "LARGEST_BODY", "LONGEST_S", "Edge", "Watch"]

LARGEST_BODY = 1 << 17
LARGEST: Mapping[str, int] = {"/v1/numbers/batch": 8 << 20, "/v1/watch/counts": 4 << 20}
LONGEST_S = 30.0
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "Strict-Transport-Security": "max-age=31536000",
    "X-Content-Type-Options": "nosniff",
}
_ALWAYS = tuple((name.lower().encode(), value.encode()) for name, value in HEADERS.items())


class Watch(Protocol):
    """Who looks at requests as they come and go."""

    def began(self, scope: Scope) -> object:
        """A request has come; what is returned is handed back when it ends."""

    def ended(self, begun: object, scope: Scope, status: int, error: BaseException | None) -> None:
        """It was answered with this status; `error` is what nobody foresaw."""


class Edge:
    """An application within these bounds; `longest_s` is how long one request may take."""

    def __init__(self, app: ASGIApp, watch: Watch, *, longest_s: float = LONGEST_S) -> None:
        self._app = app
        self._watch = watch
        self._longest_s = longest_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; what is no request is handed on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = as_letters(secrets.token_bytes(12))
        scope.setdefault("state", {})["request_id"] = request_id
        reply = _Reply(send, request_id)
        begun, error = self._watch.began(scope), None
        try:
            error = await self._answer(scope, _Bounded(scope, receive), reply, request_id)
        finally:
            self._watch.ended(begun, scope, reply.status, error)

    async def _answer(self, scope: Scope, body: _Bounded, reply: _Reply, request_id: str) -> BaseException | None:
        """Answer it, and return what nobody foresaw."""
        if _has_two_lengths(scope):
            said = BadInput("a request tells its length in one way", hint="Content-Length or Transfer-Encoding")
            ended = {"Connection": "close"}
            await problem(request_id, said, reason="two-lengths", headers=ended)(scope, body.receive, reply.send)
            return None
        query = scope["query_string"]
        if query and holds_number(unquote_plus(query.decode("latin-1"))):
            said = BadInput("a query holds no numbers", hint="numbers stand in the body of a POST")
            await problem(request_id, said, reason="number-in-query")(scope, body.receive, reply.send)
            return None
        try:
            async with asyncio.timeout(self._longest_s):
                await self._app(scope, body.receive, reply.send)
        except TimeoutError:
            said_late = Unavailable("this takes too long", hint="ask again with the same Idempotency-Key")
            await reply.unless_begun(problem(request_id, said_late, reason="too-slow"), scope, body.receive)
        except asyncio.CancelledError:  # the service ends, and has waited for this one as long as it does
            said_end = Unavailable("the service ends", hint="ask again with the same Idempotency-Key")
            await reply.unless_begun(problem(request_id, said_end, reason="ending"), scope, body.receive)
        except Exception as error:  # noqa: BLE001 - the edge: a traceback in a log may hold numbers
            await reply.unless_begun(fault(request_id), scope, body.receive)
            return error
        return None


def _has_two_lengths(scope: Scope) -> bool:
    """Whether a body's end is told by its length and by chunks, or by chunks to a version that has none."""
    chunked = _header(scope, b"transfer-encoding") is not None
    return chunked and (_header(scope, b"content-length") is not None or scope.get("http_version") == "1.0")


def _header(scope: Scope, wanted: bytes) -> bytes | None:
    """The first header of this name, in lower case, as the server has it."""
    for name, value in scope["headers"]:
        if name == wanted:
            return bytes(value)
    return None


class _Bounded:
    """A body, to its bound."""

    def __init__(self, scope: Scope, receive: Receive) -> None:
        self._receive = receive
        self._left = LARGEST.get(scope["path"], LARGEST_BODY)
        said = _header(scope, b"content-length") or b""
        self._too_long = said.isdigit() and int(said[:19]) > self._left

    async def receive(self) -> Message:
        """The next part; raises HTTPException 413 behind the bound."""
        if self._too_long:
            raise HTTPException(413)
        message = await self._receive()
        self._left -= len(message.get("body", b""))
        if self._left < 0:
            self._too_long = True
            raise HTTPException(413)
        return message


class _Reply:
    """An answer, with the headers that every one has."""

    def __init__(self, send: Send, request_id: str) -> None:
        self._send = send
        self._request_id = request_id
        self.status = 0

    async def send(self, message: Message) -> None:
        """Send a part of it."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            said = [one for one in message.get("headers", ()) if one[0] != b"x-request-id"]
            names = {name for name, _ in said}
            more = (one for one in _ALWAYS if one[0] not in names)
            message["headers"] = [*said, *more, (b"x-request-id", self._request_id.encode())]
        await self._send(message)

    async def unless_begun(self, response: ASGIApp, scope: Scope, receive: Receive) -> None:
        """Answer so, where nothing was sent yet."""
        if not self.status:
            await response(scope, receive, self.send)
