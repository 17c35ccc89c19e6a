"""/v1/cases: an agent's work on one customer, inside which alone they may meet them.

Rules held here:
- A number goes in and a subject token comes out: what follows is asked for by the token.
- A list is the caller's own.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Request
from pydantic import Field
from starlette.responses import Response

from haoma.access import Case
from haoma.errors import Refused
from haoma.web.api.calls import PROBLEMS, Body, Caller, answered, desk_of
from haoma.web.api.changes import CHANGES, Changer
from haoma.web.api.pages import Cursor, Limit
from haoma.web.api.subjects import AsksSubject, subject_of

__all__ = ["routes"]

routes = APIRouter(prefix="/v1/cases", tags=["cases"])


class TellsCase(Body):
    """A case."""

    case: str = Field(description="Its id, a UUID.")
    subject: str = Field(description="The customer's token.", examples=["acme.a1.aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"])
    opened_at: datetime
    closes_at: datetime = Field(description="When it closes by itself.")


class TellsCases(Body):
    """Cases, the oldest first."""

    cases: list[TellsCase]
    next: str | None = Field(description="The cursor of the next page.")


class TellsClosed(Body):
    """A case that is closed."""

    case: str
    closed_at: datetime


@routes.post("", status_code=201, response_model=TellsCase, responses=CHANGES)
def open_case(asked: AsksSubject, change: Changer) -> Response:
    """Open a case about a customer, for twelve hours at the most."""
    call = change.call

    def work() -> TellsCase:
        subject = subject_of(call, asked)
        if subject.tenant != call.tenant:
            raise Refused("this customer is another tenant's", reason="limit-tenant")
        return _told(call.services.cases.open(call.asker, str(subject), call.at))

    return change.once(work)


@routes.get("", response_model=TellsCases, responses=PROBLEMS)
def list_cases(call: Caller, request: Request, limit: Limit = 50, cursor: Cursor = None) -> Response:
    """Show the caller's open cases."""
    mine = sorted(call.services.cases.mine(call.asker, call.at), key=_place)
    page, more = desk_of(request).pages.cut(mine, _place, f"cases {call.asker.id}", cursor, limit)
    return answered(TellsCases(cases=[_told(one) for one in page], next=more))


@routes.post("/{case_id}/close", response_model=TellsClosed, responses=CHANGES)
def close_case(case_id: Annotated[UUID, "of a case"], change: Changer) -> Response:
    """Close a case of the caller's; it is never opened again."""
    call = change.call

    def work() -> TellsClosed:
        call.services.cases.close(call.asker, str(case_id), call.at)
        return TellsClosed(case=str(case_id), closed_at=call.at)

    return change.once(work, 200)


def _told(case: Case) -> TellsCase:
    return TellsCase(case=case.id, subject=case.subject, opened_at=case.opened_at, closes_at=case.closes_at)


def _place(case: Case) -> str:
    return f"{case.opened_at.isoformat()} {case.id}"
