"""/v1/emergencies: disclose without consent to save somebody, and look at those disclosures.

Rules held here:
- Whoever discloses or reviews is a person, and it is theirs: the policy decides, and an agent needs an open case.
- Nothing is located here: /v1/locations does that for the purpose `emergency`, under the permission that is made here,
  and no other.
- A list has no customer in it: who reviews looks at the case of the police or the rescuers.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal, cast
from uuid import UUID

import sqlalchemy as sa
from fastapi import APIRouter, Request
from pydantic import Field
from starlette.responses import Response

from haoma.consent.purposes import Source
from haoma.web.api.calls import PROBLEMS, Body, Caller, answered, desk_of
from haoma.web.api.changes import CHANGES, Changer
from haoma.web.api.pages import Cursor, Limit
from haoma.web.api.subjects import AsksSubject, subject_of

__all__ = ["routes"]

routes = APIRouter(prefix="/v1/emergencies", tags=["emergencies"])
State = Literal["due", "justified", "unjustified"]


class AsksDisclosure(AsksSubject):
    """Whom it is about, whom it is told to, and why."""

    recipient: str = Field(max_length=64, description="Whom it is told to, a word.", examples=["police-pudong"])
    reason: str = Field(
        max_length=64, description="life-at-risk, missing-person, fire or traffic-accident.", examples=["fire"]
    )
    reference: str = Field(
        max_length=64, description="The case of the police or the rescuers.", examples=["fire-2026-11-22"]
    )


class TellsDisclosure(Body):
    """A permission without consent, until then."""

    disclosure: str = Field(description="Its id, a UUID.")
    subject: str = Field(description="The customer's token.")
    recipient: str
    reason: str
    until: datetime = Field(description="How long /v1/locations answers for the purpose `emergency`.")


class TellsWaiting(Body):
    """A disclosure that waits for its review."""

    disclosure: str
    reason: str
    reference: str
    disclosed_at: datetime
    review_by: datetime


class TellsAllWaiting(Body):
    """The disclosures that wait, the most urgent first."""

    disclosures: list[TellsWaiting]
    next: str | None = Field(description="The cursor of the next page.")


class AsksReview(Body):
    """What a reviewer finds."""

    verdict: Literal["justified", "unjustified"]


class TellsReview(Body):
    """How a disclosure stands."""

    disclosure: str
    state: State = Field(description="`due` as long as another reviewer is missing.")


@routes.post("", status_code=201, response_model=TellsDisclosure, responses=CHANGES)
def disclose(asked: AsksDisclosure, change: Changer) -> Response:
    """Permit half an hour of questions about one customer, and sound an alarm; two others review it."""
    call = change.call

    def work() -> TellsDisclosure:
        subject, words = subject_of(call, asked), {"recipient": asked.recipient, "reason": asked.reason}
        made = call.services.consent.emergencies.disclose(
            call.asker, subject, **words, reference=asked.reference, source=Source.CARRIER
        )
        return TellsDisclosure(disclosure=made.grant_id, subject=str(subject), **words, until=made.ends_at)

    return change.once(work)


@routes.get("", response_model=TellsAllWaiting, responses=PROBLEMS)
def waiting(call: Caller, request: Request, limit: Limit = 50, cursor: Cursor = None) -> Response:
    """Show the disclosures that wait for their review, the most urgent first."""
    found = sorted(call.services.consent.emergencies.waiting(call.asker, call.tenant), key=_place)
    page, more = desk_of(request).pages.cut(found, _place, f"emergencies {call.asker.id}", cursor, limit)
    return answered(TellsAllWaiting(disclosures=[_waiting(one) for one in page], next=more))


@routes.post("/{disclosure_id}/review", response_model=TellsReview, responses=CHANGES)
def review(disclosure_id: Annotated[UUID, "of a disclosure"], asked: AsksReview, change: Changer) -> Response:
    """Say whether a disclosure was justified; one reviewer who finds that it was not ends it at once."""
    call, disclosure = change.call, str(disclosure_id)

    def work() -> TellsReview:
        justified = asked.verdict == "justified"
        state = call.services.consent.emergencies.review(call.asker, disclosure, justified=justified)
        return TellsReview(disclosure=disclosure, state=cast("State", state))

    return change.once(work, 200)


def _waiting(row: sa.Row[Any]) -> TellsWaiting:
    return TellsWaiting(
        disclosure=row.grant_id,
        reason=row.reason,
        reference=row.reference,
        disclosed_at=row.disclosed_at,
        review_by=row.review_by,
    )


def _place(row: sa.Row[Any]) -> str:
    return f"{row.review_by.isoformat()} {row.grant_id}"
