"""/v1/approvals: what no one does alone. Request it, approve or refuse what has this digest, run it.

Rules held here:
- What a run shows (a revealed number) is shown once: the same request again is answered without it.
- A payload holds tokens and no numbers of customers. Ids, times and keys are no numbers, whatever digits they have; the
  number of a hotline is public, and the registry takes no other one for it.
- The file of an export is not handed out over HTTP: it lies on the machine that ran it. Its name and digest are told.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Annotated, Any, Literal, cast
from uuid import UUID

import sqlalchemy as sa
from fastapi import APIRouter, Request
from pydantic import Field, JsonValue
from starlette.responses import Response

from haoma.access import Approval, Role, tables
from haoma.errors import BadInput, NotFound
from haoma.ledger.forms import Json
from haoma.web.api.calls import PROBLEMS, Body, Call, Caller, answered, desk_of, problems
from haoma.web.api.changes import CHANGES, Changer
from haoma.web.api.masking import holds_number
from haoma.web.api.pages import Cursor, Limit

__all__ = ["routes"]

_PLAIN = re.compile(
    r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{64}|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d([+-]\d\d:\d\d|Z)", re.ASCII
)
"""A UUID, a key and a moment."""
_PUBLIC = {"change-hotline": "number"}
"""Which field of a payload is of a number that everybody may know."""
routes = APIRouter(prefix="/v1/approvals", tags=["approvals"])
RoleName = Literal[
    "agent", "risk-analyst", "hotline-editor", "approver", "dpo", "system-admin", "security-admin", "audit-admin"
]


class AsksAction(Body):
    """An action that needs others, and what it is about."""

    action: str = Field(max_length=64, examples=["reveal-number"])
    payload: dict[str, JsonValue] = Field(
        description="What it is about, as the action has it.",
        examples=[
            {"subject": "acme.a1.aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "purpose": "customer-care", "reason": "call-back"}
        ],
    )


class AsksVote(Body):
    """A yes or a no, in a role, to what has this digest."""

    vote: Literal["approve", "refuse"]
    role: RoleName = Field(description="The role it is said in.")
    digest: str = Field(pattern="^[0-9a-f]{64}$", description="Of the request as it was read (SHA-256).")


class TellsVote(Body):
    """One approval."""

    person: str
    role: str
    at: datetime


class TellsRequest(Body):
    """A request as it stands."""

    approval: str = Field(description="Its id, a UUID.")
    action: str
    digest: str = Field(description="What approvers name when they approve it.")
    requester: str
    requested_at: datetime
    expires_at: datetime
    state: str
    votes: list[TellsVote]


class TellsWhole(TellsRequest):
    """A request with what it is about."""

    payload: JsonValue


class TellsRun(TellsRequest):
    """A request that was run, and what it shows to who requested it."""

    shown: JsonValue = None


class TellsRequests(Body):
    """Requests that wait, the oldest first."""

    approvals: list[TellsRequest]
    next: str | None = Field(description="The cursor of the next page.")


@routes.post("", status_code=201, response_model=TellsRequest, responses=CHANGES)
def request(asked: AsksAction, change: Changer) -> Response:
    """Request an action that others have to approve."""
    call = change.call

    def work() -> TellsRequest:
        _require_no_number(asked.payload, _PUBLIC.get(asked.action, ""))
        made = call.services.approvals.request(call.asker, asked.action, cast("Json", asked.payload), call.at)
        return TellsRequest(**_told(made))

    return change.once(work)


@routes.get("", response_model=TellsRequests, responses=PROBLEMS)
def waiting(call: Caller, asked: Request, limit: Limit = 50, cursor: Cursor = None) -> Response:
    """Show the requests of the caller's tenant that are not over."""
    found = sorted(call.services.approvals.waiting(call.asker, call.at), key=_place)
    page, more = desk_of(asked).pages.cut(found, _place, f"approvals {call.asker.id}", cursor, limit)
    return answered(TellsRequests(approvals=[TellsRequest(**_told(one)) for one in page], next=more))


@routes.get("/{approval_id}", response_model=TellsWhole, responses=problems(404))
def one(approval_id: Annotated[UUID, "of a request"], call: Caller) -> Response:
    """Show a request with what it is about, to who requested it or is to approve it."""
    found = call.services.approvals.one(call.asker, str(approval_id), call.at)
    return answered(TellsWhole(**_told(found), payload=cast("JsonValue", found.payload)))


@routes.post("/{approval_id}/votes", response_model=TellsRequest, responses=CHANGES)
def vote(approval_id: Annotated[UUID, "of a request"], asked: AsksVote, change: Changer) -> Response:
    """Approve a request, or refuse it."""
    call, approvals = change.call, change.call.services.approvals

    def work() -> TellsRequest:
        _require_own(call, approval_id)
        role = Role(asked.role)
        if asked.vote == "approve":
            return TellsRequest(**_told(approvals.approve(call.asker, str(approval_id), role, asked.digest, call.at)))
        return TellsRequest(**_told(approvals.refuse(call.asker, str(approval_id), role, call.at)))

    return change.once(work, 200)


@routes.post("/{approval_id}/withdraw", response_model=TellsRequest, responses=CHANGES)
def withdraw(approval_id: Annotated[UUID, "of a request"], change: Changer) -> Response:
    """Take back a request of one's own that was not run."""
    call = change.call

    def work() -> TellsRequest:
        _require_own(call, approval_id)
        return TellsRequest(**_told(call.services.approvals.withdraw(call.asker, str(approval_id), call.at)))

    return change.once(work, 200)


@routes.post("/{approval_id}/run", response_model=TellsRun, responses=CHANGES)
def run(approval_id: Annotated[UUID, "of a request"], change: Changer) -> Response:
    """Run what was approved, once. What it shows is shown this once."""
    call = change.call

    def work() -> TellsRun:
        _require_own(call, approval_id)
        done = call.services.approvals.run(call.asker, str(approval_id), call.at)
        return TellsRun(**_told(done), shown=cast("JsonValue", done.shown))

    return change.once(work, 200, kept=TellsRequest)


def _told(found: Approval) -> dict[str, Any]:
    return {
        "approval": found.id,
        "action": found.action,
        "digest": found.digest,
        "requester": found.requester,
        "requested_at": found.requested_at,
        "expires_at": found.expires_at,
        "state": found.state,
        "votes": [TellsVote(person=vote.person, role=str(vote.role), at=vote.at) for vote in found.votes],
    }


def _place(found: Approval) -> str:
    return f"{found.requested_at.isoformat()} {found.id}"


def _require_own(call: Call, approval_id: UUID) -> None:
    """Raise NotFound for a request of another tenant: not even its state is theirs to know."""
    known = tables.approvals.c
    with call.services.store.read() as tx:
        found = tx.scalar(sa.select(known.tenant_id).where(known.approval_id == str(approval_id)))
    if found != call.asker.tenant:
        raise NotFound("there is no such request", hint="GET /v1/approvals shows what waits")


def _require_no_number(payload: JsonValue, public: str) -> None:
    """Raise BadInput where what a person wrote holds a customer's number; what stands under `public` is none."""
    texts = [payload] if isinstance(payload, str) and _PLAIN.fullmatch(payload) is None else []
    named = [value for name, value in payload.items() if name != public] if isinstance(payload, dict) else []
    below = payload if isinstance(payload, list) else named
    if any(holds_number(text) for text in texts):
        raise BadInput("a payload holds no number", hint="name the customer by their token")
    for one_below in below:
        _require_no_number(one_below, public)
