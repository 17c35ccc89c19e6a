"""The log over HTTP, as C2SP clients read it, and the witness that other logs submit to.

Rules held here:
- Checkpoints and tiles of hashes are public. Entries ask for `Authorization: Bearer KEY`, unless they are opened.
- What never changes says so to caches; the checkpoint may be a few seconds old (C2SP tlog-tiles, "Parameters"). No
  failure is kept: what is not there yet will be.
- A path or body that is malformed is 400, whatever it is.
"""

from __future__ import annotations

import gzip
import re

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from haoma.errors import HaomaError
from haoma.ledger.publish import Publisher
from haoma.ledger.tiles import parse_bundle_path, parse_tile_path
from haoma.ledger.view import View
from haoma.ledger.witnessing import WitnessService
from haoma.web.requests import body_of, refused, shows

__all__ = ["IMMUTABLE", "SECONDS", "failure", "log_routes", "witness_routes"]

SECONDS = "max-age=5"
IMMUTABLE = "public, max-age=31536000, immutable"
LONGEST_REQUEST = 1 << 20
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
        if entries_key is not None and not shows(request, entries_key):
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
        body = await body_of(request, LONGEST_REQUEST)
        verdict = await run_in_threadpool(witness.add_checkpoint, body)
        told = verdict.body or f"{verdict.reason}\n".encode()
        return Response(told, verdict.status, {"Content-Type": verdict.content_type, "Cache-Control": "no-store"})

    return [Route(f"{prefix}/add-checkpoint", add_checkpoint, methods=["POST"])]


async def failure(_request: Request, error: Exception) -> Response:
    """What haoma can explain, with the status of its kind."""
    status = error.http_status if isinstance(error, HaomaError) else HaomaError.http_status
    return refused(status, str(error))


def _tile(data: bytes, headers: dict[str, str]) -> Response:
    return Response(data, media_type="application/octet-stream", headers=headers)
