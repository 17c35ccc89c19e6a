"""What a route gets: who calls, and when; the services; and the bounds that all bodies have.

Rules held here:
- Every route but those that are public asks for a `Caller`, and so does nothing for whoever is not recognised.
- A body has the fields that are documented and no other, each of its type to the letter.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Any

import msgspec
from fastapi import Depends, Request
from pydantic import BaseModel, ConfigDict
from starlette.responses import Response

from haoma.access import Asker, Thing
from haoma.access.once import Once
from haoma.app import Services
from haoma.errors import BadInput
from haoma.web.api.callers import Callers, now
from haoma.web.api.pages import Pages
from haoma.web.api.problems import PROBLEM

__all__ = ["PROBLEMS", "Body", "Call", "Caller", "Desk", "answered", "answered_as_is", "desk_of", "problems"]

REF = {"$ref": "#/components/schemas/Problem"}
_SAID = {
    400: "The request is not as it should be.",
    401: "Nobody who is known here.",
    403: "Not allowed; `reason` tells why.",
    404: "Not there.",
    409: "Contradicts what is there.",
    413: "Too long.",
    422: "The Idempotency-Key was used for something else.",
    429: "Asked too often; Retry-After tells when to ask again.",
    500: "A proof does not hold, or a fault of haoma's own.",
    503: "Something haoma needs does not answer; nothing is allowed meanwhile.",
}
_USUAL = (400, 401, 403, 413, 429, 500, 503)


def problems(*more: int, but: tuple[int, ...] = ()) -> dict[int | str, dict[str, Any]]:
    """The failures of a route, for its description: the usual ones, and more."""
    codes = sorted({*_USUAL, *more} - {*but})
    return {code: {"description": _SAID[code], "content": {PROBLEM: {"schema": REF}}} for code in codes}


PROBLEMS = problems()
_as_is = msgspec.json.Encoder(enc_hook=dict)  # a model in it as its fields


class Body(BaseModel):
    """What comes in."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


@dataclass(frozen=True, slots=True)
class Desk:
    """What all routes share."""

    services: Services
    callers: Callers
    once: Once
    pages: Pages
    tenants: dict[str, str] = field(default_factory=dict)


class Call:
    """One request of somebody who was recognised.

    `tenants` are names of tenants by their ids, as far as they were looked up: neither ever changes.
    """

    def __init__(self, services: Services, asker: Asker, at: datetime, tenants: dict[str, str]) -> None:
        self.services = services
        self.asker = asker
        self.at = at
        self._tenants = tenants

    @property
    def tenant(self) -> str:
        """The name of the caller's tenant, as subject tokens have it."""
        if self.asker.tenant not in self._tenants:
            self._tenants[self.asker.tenant] = self._tenant_in_store()
        return self._tenants[self.asker.tenant]

    def _tenant_in_store(self) -> str:
        import sqlalchemy as sa

        from haoma.access.tables import tenants

        with self.services.store.read() as tx:
            found = tx.scalar(sa.select(tenants.c.name).where(tenants.c.tenant_id == self.asker.tenant))
        if found is None:
            raise BadInput("the caller is of no tenant")
        return str(found)

    def require(self, action: str, thing: Thing) -> None:
        """Decide and record; raises Refused where this is not allowed."""
        self.services.gate.ask(self.asker, action, thing, self.at).require()


def desk_of(request: Request) -> Desk:
    """What the routes of this application share."""
    desk = request.app.state.desk
    assert isinstance(desk, Desk)  # noqa: S101 - an application has one, or is none of ours
    return desk


async def _called(request: Request) -> Call:
    desk = desk_of(request)
    return Call(desk.services, await desk.callers.caller(request), now(), desk.tenants)


Caller = Annotated[Call, Depends(_called)]


def answered_as_is(told: Mapping[str, object]) -> Response:
    """An answer that has the fields of its model, in their order, and is not held to them: for what is asked most."""
    return Response(_as_is.encode(told), media_type="application/json")


def answered(told: BaseModel, status: int = 200) -> Response:
    """An answer of this form, as it goes out."""
    return Response(told.model_dump_json(), status, media_type="application/json")
