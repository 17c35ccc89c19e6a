"""What is asked and told about cases over HTTP.

Rules held here:
- Of a number no more is told than an agent may see of it, and of an e-mail address or an app that they are there.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field, model_validator

from haoma.access import Case
from haoma.consent import Way
from haoma.errors import BadInput
from haoma.locate.cases import By, Reference, Shown, Standing
from haoma.web.api.calls import Body
from haoma.web.api.subjects import NumberText

__all__ = [
    "AsksCase",
    "AsksCheck",
    "AsksCode",
    "AsksConsentOf",
    "AsksReference",
    "TellsCase",
    "TellsCases",
    "TellsCheck",
    "TellsClosed",
    "TellsDue",
    "TellsShown",
    "TellsWay",
    "TellsWays",
    "bare_told",
    "case_told",
    "reference_of",
    "shown_told",
    "ways_told",
]

IdText = Annotated[str, Field(min_length=1, max_length=128)]
Order = Annotated[
    IdText | None, Field(description="An order, as the company's CRM calls it.", examples=["A-2026-0001"])
]
Customer = Annotated[IdText | None, Field(description="The customer, as the CRM calls them.", examples=["C-1001"])]


class AsksCase(Body):
    """A customer: by number, by token, by an order, or by what the CRM calls them; one of the four."""

    number: NumberText | None = None
    subject: Annotated[str, Field(max_length=80)] | None = Field(
        None, description="Their token.", examples=["acme.a1.aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"]
    )
    order: Order = None
    customer: Customer = None

    @model_validator(mode="after")
    def _one(self) -> AsksCase:
        if sum(one is not None for one in (self.number, self.subject, self.order, self.customer)) != 1:
            message = "give a number, a subject, an order or a customer, one of them"
            raise ValueError(message)
        return self


class AsksReference(Body):
    """A customer by an order, or by what the CRM calls them."""

    order: Order = None
    customer: Customer = None

    @model_validator(mode="after")
    def _one(self) -> AsksReference:
        if (self.order is None) == (self.customer is None):
            message = "give an order or a customer, one of them"
            raise ValueError(message)
        return self


class AsksCheck(AsksReference):
    """Whose number is to be checked, and the language of the message."""

    language: Literal["zh", "en"] = "zh"


class AsksCode(Body):
    """What the customer reads back."""

    code: str = Field(max_length=20, description="Six digits.")


class AsksConsentOf(AsksReference):
    """What the customer of a case is to be asked: one purpose, in the words of its notice."""

    purpose: str = Field(max_length=64, description="What for; one alone.", examples=["customer-care"])
    recipient: str = Field(max_length=64, description="Who is to know, as the notice names them.")
    call: str | None = Field(None, max_length=64, description="The recorded call they answer on; else on the page.")


class TellsWay(Body):
    """A way in which a customer can be served who says no."""

    way: Literal["e-mail", "in-app", "call-back"]
    zh: str
    en: str


class TellsShown(Body):
    """That a number was shown to be its customer's."""

    shown_by: Literal["code", "carrier"]
    shown_at: datetime
    due_at: datetime = Field(description="When it is to be shown again.")


class TellsCase(Body):
    """A case."""

    case: str = Field(description="Its id, a UUID.")
    subject: str = Field(description="The customer's token.", examples=["acme.a1.aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"])
    opened_at: datetime
    closes_at: datetime = Field(description="When it closes by itself.")
    number: str | None = Field(None, description="The number, masked, of who was found in the CRM just now.")
    joined: bool = Field(False, description="Whether it was open already.")
    shown: TellsShown | None = Field(None, description="When the number was last shown to be the customer's.")
    in_crm_since: datetime | None = Field(None, description="When the number came into the CRM, as far as it knows.")
    ways: list[TellsWay] = Field([], description="What the customer can be offered who says no, as the CRM knows.")


class TellsCases(Body):
    """Cases, the oldest first."""

    cases: list[TellsCase]
    next: str | None = Field(description="The cursor of the next page.")


class TellsClosed(Body):
    """A case that is closed."""

    case: str
    closed_at: datetime


class TellsCheck(Body):
    """A check of a number: until when the code is good that was sent, or what a carrier knew without one."""

    case: str
    code_until: datetime | None = None
    shown: TellsShown | None = None


class TellsWays(Body):
    """What a customer who says no can be offered."""

    case: str
    ways: list[TellsWay]


class TellsDue(Body):
    """How many numbers of the caller's tenant have to be shown again."""

    over: int
    soon: int = Field(description="Within 30 days.")
    later: int


def reference_of(order: str | None, customer: str | None) -> Reference:
    """What a request names a customer by."""
    if order is not None:
        return Reference(By.ORDER, order)
    if customer is None:
        raise BadInput("nobody is named", hint="an order or a customer")
    return Reference(By.CUSTOMER, customer)


def ways_told(ways: tuple[Way, ...]) -> list[TellsWay]:
    """Ways as they are told."""
    return [TellsWay.model_validate({"way": str(way), "zh": way.zh, "en": way.en}) for way in ways]


def case_told(standing: Standing, number: str | None = None, *, joined: bool = False) -> TellsCase:
    """How a case stands."""
    known = {"shown": shown_told(standing.shown), "in_crm_since": standing.updated_at, "ways": ways_told(standing.ways)}
    return bare_told(standing.case).model_copy(update={"number": number, "joined": joined, **known})


def bare_told(case: Case) -> TellsCase:
    """A case that was opened by number or token."""
    when = {"opened_at": case.opened_at, "closes_at": case.closes_at}
    return TellsCase.model_validate({"case": case.id, "subject": case.subject, **when})


def shown_told(shown: Shown | None) -> TellsShown | None:
    """That a number was shown to be its customer's, if it was."""
    if shown is None:
        return None
    when = {"shown_at": shown.shown_at, "due_at": shown.due_at}
    return TellsShown.model_validate({"shown_by": str(shown.how), **when})
