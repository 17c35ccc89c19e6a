"""/v1/consents: ask a customer, take their answer, show what stands, and take it back.

Rules held here:
- What staff and machines do is decided and recorded as theirs by `haoma.consent`. The customer's own page is another
  door, and none of this API's.
- A code comes in a body, is good for one request and is never shown.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Request
from pydantic import Field
from starlette.responses import Response

from haoma.consent import Asked, Channel, Given, Granularity, Holder, Question, SaidNo, Withdrawn
from haoma.consent.shown import receipt_of
from haoma.errors import BadInput
from haoma.web.api.calls import Body, Call, Caller, answered, desk_of, problems
from haoma.web.api.cases_told import TellsWay, ways_told
from haoma.web.api.changes import CHANGES, Changer
from haoma.web.api.consents_shown import TellsConsents, shown_of
from haoma.web.api.pages import Cursor, Limit
from haoma.web.api.subjects import AsksSubject, NumberText, number_of, subject_of

__all__ = ["routes"]

routes = APIRouter(prefix="/v1/consents", tags=["consents"])
Fine = Literal["yes-no", "macro-region", "province", "city", "district", "point"]


class AsksConsent(Body):
    """What a customer is to be asked: one purpose, in the words of its notice."""

    number: NumberText
    purpose: str = Field(max_length=64, description="What for; one alone.", examples=["customer-care"])
    recipient: str = Field(max_length=64, description="Who is to know, as the notice names them.")
    channel: Literal["web", "sms", "ivr", "agent"] = Field("web", description="How the customer answers.")
    language: Literal["zh", "en"] = "zh"
    holder: Literal["adult", "from-14", "under-14"] = Field("adult", description="How old the holder says they are.")
    guardian: NumberText | None = Field(None, description="A parent's or guardian's number, with under-14.")
    call: str | None = Field(None, max_length=64, description="The recorded call, with ivr and agent.")
    granularity: Fine | None = Field(None, description="Less than the notice asks for.")
    days: int | None = Field(None, ge=1, le=3660, description="Fewer than the notice asks for.")


class TellsAsked(Body):
    """A question that is under way."""

    request: str = Field(description="Its id, a UUID.")
    subject: str = Field(description="The customer's token.")
    text: str = Field(description="The notice, as the customer is to see or hear it.")
    expires_at: datetime = Field(description="Until when the code is good.")


class AsksYes(Body):
    """A yes, by the code that was sent."""

    answer: Literal["yes"]
    code: str = Field(max_length=20, description="Six digits.")


class AsksNo(Body):
    """A no, which needs nothing."""

    answer: Literal["no"]


class TellsAnswer(Body):
    """What came of an answer: a consent with its receipt, or until when nobody asks again and what may be offered."""

    answer: Literal["yes", "no"]
    purpose: str
    until: datetime = Field(description="When the consent ends; after a no, until when nobody asks again.")
    consent: str | None = Field(None, description="The id of the consent, a UUID.")
    receipt: str | None = Field(None, description="For the customer: a signed receipt (compact JWS).")
    offer_zh: str | None = Field(None, description="What may be offered instead.")
    offer_en: str | None = None
    ways: list[TellsWay] = Field([], description="After a no: what else reaches them, as their CRM said.")


class TellsReceipt(Body):
    """A receipt again."""

    receipt: str


class TellsWithdrawn(Body):
    """What a withdrawal ended; proofs that are missing come with the next run."""

    consents: list[str]
    proofs: list[str] = Field(description="Signed proofs of deletion (compact JWS).")


@routes.post("/requests", status_code=201, response_model=TellsAsked, responses=CHANGES)
def ask(asked: AsksConsent, change: Changer) -> Response:
    """Ask a customer, and send them the code."""
    call = change.call

    def work() -> TellsAsked:
        return _asked(call.services.consent.requests.ask(call.asker, _question(call, asked)))

    return change.once(work)


@routes.post("/requests/{request_id}/answer", response_model=TellsAnswer, responses=CHANGES)
def answer(
    request_id: Annotated[UUID, "of a request"],
    said: Annotated[AsksYes | AsksNo, Field(discriminator="answer")],
    change: Changer,
) -> Response:
    """Take down what a customer answers."""
    call = change.call
    answers = call.services.consent.answers

    def work() -> TellsAnswer:
        if isinstance(said, AsksYes):
            return _given(answers.yes(str(request_id), said.code, call.asker))
        return _said_no(answers.no(str(request_id), call.asker))

    return change.once(work, 200)


@routes.post("/show", response_model=TellsConsents, responses=problems(404))
def show(asked: AsksSubject, call: Caller, request: Request, limit: Limit = 50, cursor: Cursor = None) -> Response:
    """Show what a customer has consented to and refused, the oldest first."""
    subject = subject_of(call, asked)
    return answered(shown_of(call, subject, desk_of(request).pages, cursor, limit))


@routes.get("/{consent_id}/receipt", response_model=TellsReceipt, responses=problems(404))
def receipt(consent_id: Annotated[UUID, "of a consent"], call: Caller) -> Response:
    """Show the receipt of a consent again."""
    found = receipt_of(call.services.consent.office, call.asker, str(consent_id))
    return answered(TellsReceipt(receipt=found))


@routes.post("/{consent_id}/withdraw", response_model=TellsWithdrawn, responses=CHANGES)
def withdraw(consent_id: Annotated[UUID, "of a consent"], change: Changer) -> Response:
    """Take a consent back at once, because the customer said so, and destroy what was kept for it."""
    call = change.call

    def work() -> TellsWithdrawn:
        return _withdrawn(call.services.consent.withdrawals.by_agent(call.asker, str(consent_id)))

    return change.once(work, 200)


def _question(call: Call, asked: AsksConsent) -> Question:
    if (asked.guardian is not None) != (asked.holder == "under-14"):
        raise BadInput("a guardian consents for whoever is under 14, and for nobody else", hint="guardian, holder")
    return Question(
        tenant=call.tenant,
        number=number_of(asked.number),
        purposes=asked.purpose,
        recipient=asked.recipient,
        channel=Channel(asked.channel),
        language=asked.language,
        holder=Holder(asked.holder),
        guardian=None if asked.guardian is None else number_of(asked.guardian),
        call_id=asked.call,
        granularity=None if asked.granularity is None else Granularity(asked.granularity),
        days=asked.days,
    )


def _asked(made: Asked) -> TellsAsked:
    return TellsAsked(request=made.request_id, subject=str(made.subject), text=made.text, expires_at=made.expires_at)


def _given(given: Given) -> TellsAnswer:
    told = {"purpose": given.purpose, "until": given.until, "consent": given.grant_id, "receipt": given.receipt}
    return TellsAnswer.model_validate({"answer": "yes", **told})


def _said_no(said: SaidNo) -> TellsAnswer:
    told = {"purpose": said.purpose, "until": said.until, "offer_zh": said.offer_zh, "offer_en": said.offer_en}
    return TellsAnswer.model_validate({"answer": "no", **told, "ways": ways_told(said.ways)})


def _withdrawn(done: Withdrawn) -> TellsWithdrawn:
    return TellsWithdrawn(consents=list(done.grant_ids), proofs=list(done.proofs))
