"""The log over HTTP, as C2SP clients read it, and the witness that other logs submit to.

Rules held here:
- Checkpoints and tiles of hashes are public. Entries ask for `Authorization: Bearer KEY`, unless they are opened.
- What never changes says so to caches; the checkpoint may be a few seconds old (C2SP tlog-tiles, "Parameters").
- A body is read to a bound and no further. A path or body that is malformed is 400, whatever it is.
"""

from __future__ import annotations

import gzip
from secrets import compare_digest

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from haoma.errors import BadInput, HaomaError, NotFound
from haoma.ledger.publish import Publisher
from haoma.ledger.tiles import parse_bundle_path, parse_tile_path
from haoma.ledger.view import View
from haoma.ledger.witnessing import WitnessService

__all__ = ["log_routes", "witness_routes"]

IMMUTABLE = "public, max-age=31536000, immutable"
LONGEST_REQUEST = 1 << 20


def log_routes(view: View, publisher: Publisher, entries_key: str | None) -> list[Route]:
    """The routes of one log, below its prefix; `entries_key` of None opens the entries to everyone."""

    async def checkpoint(_request: Request) -> Response:
        note = await run_in_threadpool(publisher.published)
        if note is None:
            return PlainTextResponse("there is no checkpoint yet\n", 404)
        return Response(note, media_type="text/plain; charset=utf-8", headers={"Cache-Control": "max-age=5"})

    async def tile(request: Request) -> Response:
        path = f"tile/{request.path_params['path']}"
        try:
            return await run_in_threadpool(_tile, path, request)
        except BadInput as error:
            return PlainTextResponse(f"{error}\n", 400)
        except NotFound as error:
            return PlainTextResponse(f"{error}\n", 404)

    def _tile(path: str, request: Request) -> Response:
        if not path.startswith("tile/entries/"):
            return _immutable(view.tile(parse_tile_path(path)), request)
        name = parse_bundle_path(path)
        if entries_key is not None and not _shown(request, entries_key):
            return PlainTextResponse("the entries ask for a key\n", 401, {"WWW-Authenticate": 'Bearer realm="entries"'})
        return _immutable(view.bundle(name), request, private=entries_key is not None)

    return [Route("/checkpoint", checkpoint), Route("/tile/{path:path}", tile)]


def witness_routes(witness: WitnessService) -> list[Route]:
    """The submission prefix of a witness (C2SP tlog-witness)."""

    async def add_checkpoint(request: Request) -> Response:
        body = bytearray()
        async for part in request.stream():
            body += part
            if len(body) > LONGEST_REQUEST:
                return PlainTextResponse("the request is too long\n", 413)
        try:
            verdict = await run_in_threadpool(witness.add_checkpoint, bytes(body))
        except HaomaError as error:
            return PlainTextResponse(f"{error}\n", error.http_status)
        told = verdict.body or f"{verdict.reason}\n".encode()
        return Response(told, verdict.status, {"Content-Type": verdict.content_type})

    return [Route("/add-checkpoint", add_checkpoint, methods=["POST"])]


def _shown(request: Request, key: str) -> bool:
    scheme, _, shown = request.headers.get("Authorization", "").partition(" ")
    return scheme.lower() == "bearer" and compare_digest(shown.strip().encode(), key.encode())


def _immutable(data: bytes, request: Request, *, private: bool = False) -> Response:
    headers = {"Cache-Control": IMMUTABLE.replace("public", "private") if private else IMMUTABLE}
    if "/entries/" in request.url.path and "gzip" in request.headers.get("Accept-Encoding", ""):
        data = gzip.compress(data, 5, mtime=0)
        headers |= {"Content-Encoding": "gzip", "Vary": "Accept-Encoding"}
    return Response(data, media_type="application/octet-stream", headers=headers)
