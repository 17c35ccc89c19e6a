"""/v1/cases: an agent's work on one customer, inside which alone they may meet them.

Rules held here:
- A number, an order or a customer's id goes in, in a body, and a subject token comes out: what follows is asked for by
  the token.
- A list is the caller's own.
"""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Request
from starlette.responses import Response

from haoma.errors import Refused
from haoma.locate.cases import Standing
from haoma.vault.model import SubjectToken
from haoma.web.api.calls import PROBLEMS, Call, Caller, answered, desk_of
from haoma.web.api.cases_told import (
    AsksCase,
    AsksCheck,
    AsksCode,
    AsksConsentOf,
    TellsCase,
    TellsCases,
    TellsCheck,
    TellsClosed,
    TellsDue,
    TellsWays,
    bare_told,
    case_told,
    reference_of,
    shown_told,
    ways_told,
)
from haoma.web.api.changes import CHANGES, Changer
from haoma.web.api.consents import TellsAsked
from haoma.web.api.pages import Cursor, Limit
from haoma.web.api.subjects import number_of

__all__ = ["routes"]

routes = APIRouter(prefix="/v1/cases", tags=["cases"])
CaseId = Annotated[UUID, "of a case"]


@routes.post("", status_code=201, response_model=TellsCase, responses=CHANGES)
def open_case(asked: AsksCase, change: Changer) -> Response:
    """Open a case about a customer, for twelve hours at the most."""
    call = change.call

    def work() -> TellsCase:
        if asked.order is not None or asked.customer is not None:
            found = call.services.customers.open(call.asker, reference_of(asked.order, asked.customer))
            return case_told(found.standing, number=found.masked or None, joined=found.joined)
        subject = _subject(call, asked)
        if subject.tenant != call.tenant:
            raise Refused("this customer is another tenant's", reason="limit-tenant")
        return bare_told(call.services.cases.open(call.asker, str(subject), call.at))

    return change.once(work)


@routes.get("", response_model=TellsCases, responses=PROBLEMS)
def list_cases(call: Caller, request: Request, limit: Limit = 50, cursor: Cursor = None) -> Response:
    """Show the caller's open cases."""
    mine = sorted(call.services.customers.mine(call.asker), key=_place)
    page, more = desk_of(request).pages.cut(mine, _place, f"cases {call.asker.id}", cursor, limit)
    return answered(TellsCases(cases=[case_told(one) for one in page], next=more))


@routes.get("/due", response_model=TellsDue, responses=PROBLEMS)
def due(call: Caller) -> Response:
    """Show how many numbers have to be shown again to be their customers'."""
    found = call.services.customers.due(call.asker)
    return answered(TellsDue(over=found.over, soon=found.soon, later=found.later))


@routes.post("/{case_id}/verify", response_model=TellsCheck, responses=CHANGES)
def verify(case_id: CaseId, asked: AsksCheck, change: Changer) -> Response:
    """Check that the number is still the customer's: ask their carrier, or send them a code."""
    call, case = change.call, str(case_id)

    def work() -> TellsCheck:
        reference = reference_of(asked.order, asked.customer)
        sent = call.services.customers.verify(call.asker, case, reference, asked.language)
        return TellsCheck(case=case, code_until=sent.expires_at, shown=shown_told(sent.shown))

    return change.once(work, 200)


@routes.post("/{case_id}/confirm", response_model=TellsCheck, responses=CHANGES)
def confirm(case_id: CaseId, said: AsksCode, change: Changer) -> Response:
    """Take the code that the customer reads back."""
    call, case = change.call, str(case_id)

    def work() -> TellsCheck:
        return TellsCheck(case=case, shown=shown_told(call.services.customers.confirm(call.asker, case, said.code)))

    return change.once(work, 200)


@routes.post("/{case_id}/decline", response_model=TellsWays, responses=CHANGES)
def decline(case_id: CaseId, change: Changer) -> Response:
    """Remember that the customer shows nothing, and show what they can be offered."""
    call, case = change.call, str(case_id)

    def work() -> TellsWays:
        return TellsWays(case=case, ways=ways_told(call.services.customers.decline(call.asker, case)))

    return change.once(work, 200)


@routes.post("/{case_id}/ask", status_code=201, response_model=TellsAsked, responses=CHANGES)
def ask(case_id: CaseId, asked: AsksConsentOf, change: Changer) -> Response:
    """Ask the customer for their consent, without anybody seeing the number; /v1/consents takes the answer."""
    call = change.call

    def work() -> TellsAsked:
        reference = reference_of(asked.order, asked.customer)
        what = {"purpose": asked.purpose, "recipient": asked.recipient}
        made = call.services.customers.ask(call.asker, str(case_id), reference, **what, call_id=asked.call)
        told = {"request": made.request_id, "subject": str(made.subject), "text": made.text}
        return TellsAsked.model_validate({**told, "expires_at": made.expires_at})

    return change.once(work)


@routes.post("/{case_id}/close", response_model=TellsClosed, responses=CHANGES)
def close_case(case_id: CaseId, change: Changer) -> Response:
    """Close a case of the caller's; it is never opened again."""
    call = change.call

    def work() -> TellsClosed:
        call.services.cases.close(call.asker, str(case_id), call.at)
        return TellsClosed(case=str(case_id), closed_at=call.at)

    return change.once(work, 200)


def _subject(call: Call, asked: AsksCase) -> SubjectToken:
    if asked.subject is not None:
        return SubjectToken.parse(asked.subject)
    return call.services.consent.office.subject(call.tenant, number_of(str(asked.number)))


def _place(standing: Standing) -> str:
    return f"{standing.case.opened_at.isoformat()} {standing.case.id}"
