"""/v1/watch: counts of hotlines by the minute, as their systems send them.

Rules held here:
- A batch is taken once for its Idempotency-Key, and one that was taken before changes nothing in any case.
- Good rows are taken whatever the others are; each that is not is told by its place and its reason, and nothing of
  what it held.
- What comes faster than it is taken is answered 429 with Retry-After, and nothing of it is kept; whoever may not send
  counts takes up nothing of what their tenant may.
- Prometheus sends without a key of its own: the same samples again change nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import ceil
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from pydantic import Field
from starlette.responses import Response
from starlette.types import Scope

from haoma.access import Thing
from haoma.errors import BadInput, Refused
from haoma.watch.counts import ACTION, Taken, batch_of_rows, read_request
from haoma.watch.counts.arrivals import EDGES_S
from haoma.watch.counts.model import LARGEST_REVISION, MOST_ROWS
from haoma.web.api.calls import PROBLEMS, Body, Call, Caller
from haoma.web.api.changes import CHANGES, Changer
from haoma.web.api.problems import Stopped

__all__ = ["delays_in", "routes"]

routes = APIRouter(prefix="/v1/watch", tags=["watch"])
Value = Annotated[float | None, Field(description="A whole number, 0 to a million; left out where it is not known.")]
DELAYS = "delays_s"
_MESSAGE = {"schema": {"type": "string", "format": "binary", "description": "A WriteRequest, packed with Snappy."}}
PROMETHEUS = {
    "requestBody": {
        "required": True,
        "content": dict.fromkeys(("application/x-protobuf", "application/octet-stream"), _MESSAGE),
    }
}


class AsksCount(Body):
    """What was counted of one hotline in one minute."""

    hotline: str = Field(
        max_length=200, description="Its UID in the registry, or a name that holds no number.", examples=["desk-east"]
    )
    timestamp: str = Field(
        max_length=40, description="When the minute begins, with its zone.", examples=["2026-11-22T17:31:00+08:00"]
    )
    inquiries: Value = None
    errors: Value = None
    further: dict[str, Value] = Field(
        {}, max_length=6, description="Further counts by name.", examples=[{"rival-desk": 2}]
    )


class AsksCounts(Body):
    """A batch of counts."""

    counts: Annotated[list[AsksCount], Field(min_length=1, max_length=MOST_ROWS)]
    revision: int = Field(
        0,
        ge=0,
        le=LARGEST_REVISION,
        description="Of two values for one minute the one with the greater revision stays.",
    )


class TellsRefusal(Body):
    """A row that was not taken."""

    row: int = Field(description="Its place in the batch, counted from 0.")
    reason: str = Field(description="Why, as a word out of a closed list.", examples=["future"])


class TellsTaken(Body):
    """What became of a batch."""

    taken: int = Field(description="How many rows were taken.")
    changed: int = Field(description="How many minutes have another value now.")
    refused: int = Field(description="How many rows were not taken.")
    rows: list[TellsRefusal] = Field(description="The first hundred of those.")


def delays_in(scope: Scope) -> Sequence[float]:
    """How long counts took that a request brought, in seconds, minute by minute."""
    found: Sequence[float] = scope.get("state", {}).get(DELAYS, ())
    return found


@routes.post("/counts", response_model=TellsTaken, responses=CHANGES)
def record(asked: AsksCounts, change: Changer, request: Request) -> Response:
    """Take counts of hotlines, each of one minute; late ones correct what is there, the same ones change nothing."""
    call = change.call
    _require(call)
    given = batch_of_rows([_row(one) for one in asked.counts], asked.revision)

    def work() -> TellsTaken:
        taken = call.services.counts.record(call.asker, given, call.at)
        _note(request, taken)
        return _told(taken)

    return _within(call, len(given), lambda: change.once(work, 200))


async def _sent(request: Request) -> bytes:
    return await request.body()


@routes.post("/prometheus", status_code=204, responses=PROBLEMS, openapi_extra=PROMETHEUS, response_class=Response)
def prometheus(call: Caller, sent: Annotated[bytes, Depends(_sent)], request: Request) -> Response:
    """Take what Prometheus's remote write 1.0 sends: haoma_inquiries, haoma_errors, haoma_count{count}, by hotline."""
    _require(call)
    given = read_request(sent)

    def work() -> Response:
        taken = call.services.counts.record(call.asker, given, call.at, "prometheus")
        _note(request, taken)
        if not taken.rows and taken.refusals:
            reason = taken.refusals[0].reason.word
            raise BadInput(f"none of {len(given):,} samples can be taken ({reason})", hint="docs/guide/watch.md")
        return Response(status_code=204)

    return _within(call, len(given), work) if len(given) else Response(status_code=204)


def _require(call: Call) -> None:
    """Raise Refused, and record it, where the caller may not send counts; that they may is recorded with the batch."""
    thing = Thing("counts", call.asker.tenant)
    with call.services.store.read() as tx:
        decision = call.services.gate.decide(tx, call.asker, ACTION, thing, call.at)
    if not decision.allowed:
        call.require(ACTION, thing)


def _note(request: Request, taken: Taken) -> None:
    """Have whoever looks at requests know how long what came of late took."""
    request.scope["state"][DELAYS] = [one for one in taken.delays_s if one <= EDGES_S[-1]]


def _within(call: Call, rows: int, work: Callable[[], Response]) -> Response:
    """What the work answers, where the flow lets so many rows through."""
    with call.services.counts.flow.batch(call.asker.tenant, rows) as wait_s:
        if not wait_s:
            return work()
    said = Refused("counts come faster than they are taken", hint="send them again after Retry-After seconds")
    raise Stopped(429, said, reason="too-many-counts", headers={"Retry-After": str(ceil(wait_s))})


def _row(one: AsksCount) -> tuple[str, object, dict[str, float | None]]:
    return one.hotline, one.timestamp, {"inquiries": one.inquiries, "errors": one.errors, **one.further}


def _told(taken: Taken) -> TellsTaken:
    rows = [TellsRefusal(row=one.row, reason=one.reason.word) for one in taken.refusals]
    return TellsTaken(taken=taken.rows, changed=taken.changed, refused=sum(taken.refused.values()), rows=rows)
