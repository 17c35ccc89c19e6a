"""/v1/numbers/lookup, the one route that is asked thousands of times a second: one number, and what its segment says.

Rules held here:
- It answers as the other routes do, problem by problem and number by number; it only takes a shorter way: no thread, no
  model of pydantic.
- Who shows a token is remembered for `KNOWN_S`, here alone: a key that is revoked reads numbers for so long after it,
  and nothing else. A signature is good once, and so asked about each time.
"""

from __future__ import annotations

import hashlib
import time
from typing import Annotated, Any

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from haoma.access import Asker
from haoma.errors import BadInput
from haoma.numbers.service import parse
from haoma.web.api.callers import now
from haoma.web.api.calls import Call, Desk, problems
from haoma.web.api.numbers import LONGEST_CELL, TellsNumber, may_read, told
from haoma.web.api.problems import Stopped

__all__ = ["KNOWN_S", "PATH", "described", "hot_route"]

PATH = "/v1/numbers/lookup"
KNOWN_S = 1.0
MOST_KNOWN = 10_000


class AsksNumber(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """A number, and where it rings."""

    number: Annotated[str, msgspec.Meta(max_length=LONGEST_CELL, description="The number.", examples=["0571-88888888"])]
    region: Annotated[
        str, msgspec.Meta(pattern="^[A-Z]{2}$", description="Where it rings without country code (ISO 3166-1).")
    ] = "CN"


_asked = msgspec.json.Decoder(AsksNumber)
_told = msgspec.json.Encoder()


def hot_route(desk: Desk) -> Route:
    """The route, for the application of this desk."""
    known: dict[bytes, tuple[Asker, float]] = {}

    async def caller(request: Request) -> Asker:
        shown = request.headers.get("Authorization", "")
        signed = "Signature-Input" in request.headers
        digest = hashlib.sha256(shown.encode("utf-8", "surrogatepass")).digest()
        asker, until = known.get(digest, (None, 0.0))
        if asker is not None and time.monotonic() < until and not signed:
            desk.callers.hold(request, asker)
            return asker
        asker = await desk.callers.caller(request)
        await run_in_threadpool(may_read, Call(desk.services, asker, now(), desk.tenants))
        if not signed:
            if len(known) >= MOST_KNOWN:
                known.clear()
            known[digest] = (asker, time.monotonic() + KNOWN_S)
        return asker

    async def lookup(request: Request) -> Response:
        await caller(request)
        try:
            asked = _asked.decode(await request.body())
        except (msgspec.DecodeError, UnicodeDecodeError):
            said = BadInput("the request is not as it should be", hint='{"number": "…", "region": "CN"}')
            raise Stopped(400, said, reason="malformed") from None
        return Response(_told.encode(told(parse(asked.number, asked.region))), media_type="application/json")

    return Route(PATH, lookup, methods=["POST"])


def described() -> tuple[dict[str, Any], dict[str, Any]]:
    """The route as OpenAPI has it: its operation, and the components that this names."""
    (asks,), components = msgspec.json.schema_components((AsksNumber,), ref_template="#/components/schemas/{name}")
    tells = {"$ref": f"#/components/schemas/{TellsNumber.__name__}"}
    operation = {
        "tags": ["numbers"],
        "summary": "Lookup",
        "description": "Tell one number, who issued it and where, how sure that is, and who says so.",
        "operationId": "lookup_v1_numbers_lookup_post",
        "requestBody": {"required": True, "content": {"application/json": {"schema": asks}}},
        "responses": {
            "200": {"description": "Successful Response", "content": {"application/json": {"schema": tells}}},
            **{str(code): said for code, said in problems().items()},
        },
    }
    return operation, components
