"""/v1/tokens: what a location token stands for, for the one it was made for.

Rules held here:
- A token resolves for its audience alone: the person or the key that asked for it. Every other answer is one refusal.
- What comes out is a place, and so is decided as one: a caller who may see no place any more sees none.
"""

from __future__ import annotations

from base64 import b64encode
from datetime import datetime

from fastapi import APIRouter
from pydantic import Field
from starlette.responses import Response

from haoma.access import Thing
from haoma.consent.office import actor_of
from haoma.web.api.calls import PROBLEMS, Body, Caller, answered

__all__ = ["routes"]

routes = APIRouter(prefix="/v1/tokens", tags=["tokens"])


class AsksToken(Body):
    """A location token."""

    token: str = Field(max_length=200, description="`loc.` and letters.")


class TellsToken(Body):
    """What a token stands for."""

    subject: str = Field(description="The customer's token.")
    purpose: str
    until: datetime = Field(description="When it resolves no more.")
    value: str = Field(description="What it stands for, in base64, as whoever made it wrote it.")


@routes.post("/resolve", response_model=TellsToken, responses=PROBLEMS)
def resolve(asked: AsksToken, call: Caller) -> Response:
    """Tell what a location token stands for; that it was asked is recorded, whatever the answer."""
    actor = actor_of(call.asker)
    found = call.services.vault.locations.resolve(asked.token, tenant=call.tenant, audience=actor, actor=actor)
    call.require("see", Thing("subject", call.asker.tenant, "place", str(found.subject)))
    value = b64encode(found.value).decode()
    return answered(TellsToken(subject=str(found.subject), purpose=found.purpose, until=found.until, value=value))
