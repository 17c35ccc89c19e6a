"""/v1/consents/replies: what customers reply by short message, as whoever receives it sends it on.

Rules held here:
- A machine sends it, with a key made for the action `take-reply`, for its own tenant alone.
- The number and the text come in the body and go no further; the answer tells neither, and no receipt.
- A message is read once for its Idempotency-Key, which is to be the operator's own id of the message.
"""

from __future__ import annotations

from typing import Literal, cast

from fastapi import APIRouter
from pydantic import Field
from starlette.responses import Response

from haoma.access import Thing
from haoma.consent.replies import heard
from haoma.web.api.calls import Body
from haoma.web.api.changes import CHANGES, Changer
from haoma.web.api.subjects import NumberText, number_of

__all__ = ["routes"]

routes = APIRouter(prefix="/v1/consents", tags=["consents"])
ACTION = "take-reply"
Said = Literal["yes", "no", "withdraw", "unclear"]


class AsksReply(Body):
    """A message that came from a number."""

    number: NumberText
    text: str = Field(max_length=2000, description="What it says.", examples=["同意 123456", "撤回"])


class TellsReply(Body):
    """What was understood of a message, and what came of it."""

    said: Said = Field(description="`unclear` where nothing was understood, and nothing was changed.")
    consents: list[str] = Field(description="The ids of the consents that were given by it, or have ended.")


@routes.post("/replies", response_model=TellsReply, responses=CHANGES)
def reply(asked: AsksReply, change: Changer) -> Response:
    """Do what a customer's short message says: a yes with its code, no, or withdraw."""
    call = change.call
    call.require(ACTION, Thing("consent", call.asker.tenant))

    def work() -> TellsReply:
        found = heard(call.services.consent.replies.read(call.tenant, number_of(asked.number), asked.text))
        return TellsReply(said=cast("Said", found.said), consents=list(found.consents))

    return change.once(work, 200)
