"""Whom a request is about: by their number, which comes in a body and goes no further, or by their token.

Rules held here:
- A number becomes a token of the caller's own tenant, whatever they are.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from haoma.errors import BadInput
from haoma.numbers import Number, parse
from haoma.vault.model import SubjectToken
from haoma.web.api.calls import Body, Call

__all__ = ["AsksSubject", "NumberText", "number_of", "subject_of"]

NumberText = Annotated[str, Field(max_length=200, description="A customer's number.", examples=["138 0013 8000"])]


class AsksSubject(Body):
    """A customer: by number, or by token."""

    number: NumberText | None = None
    subject: Annotated[str, Field(max_length=80)] | None = Field(
        None, description="Their token, instead.", examples=["acme.a1.aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"]
    )

    @model_validator(mode="after")
    def _one(self) -> AsksSubject:
        if (self.number is None) == (self.subject is None):
            message = "give a number or a subject, one of them"
            raise ValueError(message)
        return self


def number_of(text: str) -> Number:
    """The number in a text; raises BadInput, without it, where there is none."""
    number = parse(text)
    if not number.valid:
        raise BadInput(f"this is no number ({number.reason})", hint="a number as people write it, with its area code")
    return number


def subject_of(call: Call, asked: AsksSubject) -> SubjectToken:
    """The token of whom a request is about."""
    if asked.subject is not None:
        return SubjectToken.parse(asked.subject)
    return call.services.consent.office.subject(call.tenant, number_of(str(asked.number)))
