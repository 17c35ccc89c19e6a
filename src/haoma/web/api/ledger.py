"""/v1/ledger: the log for those who hold it against us: checkpoint, tiles, proofs; the entries for auditors.

Rules held here:
- Checkpoint, tiles of hashes and proofs are public, as below the log's own prefix. They tell hashes and sizes.
- Entries are seen by whom the policy lets see them; that they were seen is recorded.
"""

from __future__ import annotations

from base64 import b64encode
from datetime import datetime
from typing import Annotated, Any, cast

from fastapi import APIRouter, Path, Request
from pydantic import Field, JsonValue
from starlette.responses import Response

from haoma.access import Thing
from haoma.errors import NotFound
from haoma.ledger.entry import decode
from haoma.ledger.tiles import parse_tile_path
from haoma.web.api.calls import Body, Caller, answered, desk_of, problems
from haoma.web.api.pages import Cursor, Limit
from haoma.web.log import IMMUTABLE, SECONDS

__all__ = ["routes"]

routes = APIRouter(prefix="/v1/ledger", tags=["ledger"])
Size = Annotated[int, Path(ge=0, le=2**53, description="How many entries a tree has.")]
PUBLIC = problems(404, but=(401, 403, 429))
TEXT: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "A signed note (C2SP tlog-checkpoint).",
        "content": {"text/plain": {"schema": {"type": "string"}}},
    }
}
BYTES: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "Hashes, 32 bytes each.",
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}


class TellsProof(Body):
    """A proof (RFC 9162), from the leaf or the smaller tree upwards."""

    hashes: list[str] = Field(description="In base64.")


class TellsEntry(Body):
    """An entry of the log: what happened, with commitments in the place of anything personal."""

    index: int
    type: str
    at: datetime
    body: JsonValue


class TellsEntries(Body):
    """Entries, the oldest first."""

    entries: list[TellsEntry]
    size: int = Field(description="How many entries the log has.")
    next: str | None = Field(description="The cursor of the next page.")


@routes.get("/checkpoint", response_class=Response, responses=PUBLIC | TEXT)
def checkpoint(request: Request) -> Response:
    """Show the newest signed checkpoint."""
    note = desk_of(request).services.publisher.published()
    if note is None:
        raise NotFound("there is no checkpoint yet", hint="the first one is signed when the service starts")
    return Response(note, media_type="text/plain; charset=utf-8", headers={"Cache-Control": SECONDS})


@routes.get("/tile/{path:path}", response_class=Response, responses=PUBLIC | BYTES)
def tile(
    path: Annotated[str, Path(description="Level and number, as C2SP tlog-tiles writes them.")], request: Request
) -> Response:
    """Show a tile of hashes."""
    data = desk_of(request).services.view.tile(parse_tile_path(f"tile/{path}"))
    return Response(data, media_type="application/octet-stream", headers={"Cache-Control": IMMUTABLE})


@routes.get("/proofs/inclusion/{index}/{size}", response_model=TellsProof, responses=PUBLIC)
def inclusion(index: Size, size: Size, request: Request) -> Response:
    """Prove that the entry at an index is in the tree of a size."""
    return _proof(desk_of(request).services.view.inclusion(index, size))


@routes.get("/proofs/consistency/{old}/{new}", response_model=TellsProof, responses=PUBLIC)
def consistency(old: Size, new: Size, request: Request) -> Response:
    """Prove that the tree of one size extends the tree of a smaller one."""
    return _proof(desk_of(request).services.view.consistency(old, new))


@routes.get("/entries", response_model=TellsEntries, responses=problems())
def entries(call: Caller, request: Request, limit: Limit = 50, cursor: Cursor = None) -> Response:
    """Show what was logged, to who may see it."""
    call.require("see", Thing("audit", call.asker.tenant, "entries"))
    pages, of, view = desk_of(request).pages, f"entries {call.asker.id}", call.services.view
    first, size = int(pages.after(of, cursor) or "-1") + 1, view.head().size
    end = min(first + limit, size)
    told = [_told(index, view.entry(index)) for index in range(first, end)]
    more = pages.cursor(of, str(end - 1)) if end < size else None
    return answered(TellsEntries(entries=told, size=size, next=more))


def _proof(hashes: list[bytes]) -> Response:
    return answered(TellsProof(hashes=[b64encode(one).decode() for one in hashes]))


def _told(index: int, data: bytes) -> TellsEntry:
    entry = decode(data)
    return TellsEntry(index=index, type=entry.type, at=entry.at, body=cast("JsonValue", entry.body))
