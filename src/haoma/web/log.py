"""The log over HTTP, as C2SP clients read it, and the witness that other logs submit to.

Rules held here:
- Checkpoints and tiles of hashes are public. Entries ask for `Authorization: Bearer KEY`, unless they are opened.
- What never changes says so to caches; the checkpoint may be a few seconds old (C2SP tlog-tiles, "Parameters"). No
  failure is kept: what is not there yet will be.
- A body is read to a bound of size and time, and no further. A path or body that is malformed is 400, whatever it is.
"""

from __future__ import annotations

import asyncio
import gzip
import re
from secrets import compare_digest

from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from haoma.errors import HaomaError
from haoma.ledger.publish import Publisher
from haoma.ledger.tiles import parse_bundle_path, parse_tile_path
from haoma.ledger.view import View
from haoma.ledger.witnessing import WitnessService

__all__ = ["failure", "log_routes", "refused", "witness_routes"]

SECONDS = "max-age=5"
IMMUTABLE = "public, max-age=31536000, immutable"
LONGEST_REQUEST = 1 << 20
LONGEST_READ_S = 30
# RFC 9110 §12.5.3: a weight of 0 declines.
_GZIP = re.compile(r"(?:^|,)\s*(?:x-)?gzip\s*(?:;\s*q=(?!0(?:\.0*)?\s*(?:,|$))[01.0-9]+\s*)?(?:,|$)", re.IGNORECASE)


def log_routes(view: View, publisher: Publisher, entries_key: str | None, prefix: str = "") -> list[Route]:
    """The routes of one log, below its prefix; `entries_key` of None opens the entries to everyone."""

    async def checkpoint(_request: Request) -> Response:
        note = await run_in_threadpool(publisher.published)
        if note is None:
            return refused(404, "there is no checkpoint yet")
        return Response(note, media_type="text/plain; charset=utf-8", headers={"Cache-Control": SECONDS})

    async def tile(request: Request) -> Response:
        name = parse_tile_path(f"tile/{request.path_params['path']}")
        return _tile(await run_in_threadpool(view.tile, name), {"Cache-Control": IMMUTABLE})

    async def entries(request: Request) -> Response:
        if entries_key is not None and not _shown(request, entries_key):
            return refused(401, "the entries ask for a key", {"WWW-Authenticate": 'Bearer realm="entries"'})
        name = parse_bundle_path(f"tile/entries/{request.path_params['path']}")
        data = await run_in_threadpool(view.bundle, name)
        headers = {"Cache-Control": IMMUTABLE if entries_key is None else IMMUTABLE.replace("public", "private")}
        headers["Vary"] = "Accept-Encoding" if entries_key is None else "Accept-Encoding, Authorization"
        if _GZIP.search(request.headers.get("Accept-Encoding", "")):
            data = await run_in_threadpool(gzip.compress, data, 5, mtime=0)
            headers["Content-Encoding"] = "gzip"
        return _tile(data, headers)

    return [
        Route(f"{prefix}/checkpoint", checkpoint),
        Route(f"{prefix}/tile/entries/{{path:path}}", entries),
        Route(f"{prefix}/tile/{{path:path}}", tile),
    ]


def witness_routes(witness: WitnessService, prefix: str = "") -> list[Route]:
    """The submission prefix of a witness (C2SP tlog-witness)."""

    async def add_checkpoint(request: Request) -> Response:
        try:
            async with asyncio.timeout(LONGEST_READ_S):
                body = await _read(request)
        except TimeoutError:
            return refused(408, "the request does not end")
        except ClientDisconnect:
            return refused(400, "the request was broken off")
        if body is None:
            return refused(413, "the request is too long")
        verdict = await run_in_threadpool(witness.add_checkpoint, body)
        told = verdict.body or f"{verdict.reason}\n".encode()
        return Response(told, verdict.status, {"Content-Type": verdict.content_type, "Cache-Control": "no-store"})

    return [Route(f"{prefix}/add-checkpoint", add_checkpoint, methods=["POST"])]


def refused(status: int, words: str, headers: dict[str, str] | None = None) -> Response:
    """A failure in words, which no cache keeps."""
    return PlainTextResponse(f"{words}\n", status, {"Cache-Control": "no-store", **(headers or {})})


async def failure(_request: Request, error: Exception) -> Response:
    """What haoma can explain, with the status of its kind."""
    status = error.http_status if isinstance(error, HaomaError) else HaomaError.http_status
    return refused(status, str(error))


async def _read(request: Request) -> bytes | None:
    """The body; None where it is longer than any that is well formed."""
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > LONGEST_REQUEST:
            return None
    return bytes(body)


def _shown(request: Request, key: str) -> bool:
    scheme, _, shown = request.headers.get("Authorization", "").partition(" ")
    return scheme.lower() == "bearer" and compare_digest(shown.strip().encode(), key.encode())


def _tile(data: bytes, headers: dict[str, str]) -> Response:
    return Response(data, media_type="application/octet-stream", headers=headers)
