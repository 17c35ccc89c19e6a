"""/v1/routes: which store and which desk a customer is sent to, and what to tell of delivery.

Rules held here:
- A store and a desk tell of a place: they are for whoever may see one, and as coarse as the consent.
- Each question is decided, recorded and counted, however often it is sent, as those of /v1/locations are.
- The language is what the customer or their app chose. It is kept nowhere, and no region makes one.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Literal

from fastapi import APIRouter
from pydantic import Field
from starlette.responses import Response

from haoma.web.api.calls import Body, Caller, answered, problems
from haoma.web.api.questions import AsksPlace, Entry, Silent, TellsReason, given_of, question_of, told

if TYPE_CHECKING:
    from haoma.locate.routing import Route

__all__ = ["routes"]

routes = APIRouter(prefix="/v1/routes", tags=["routes"])
Rule = "The rule of the company's file that says so."


class AsksRoute(AsksPlace):
    """Where to send a customer."""

    language: str | None = Field(
        None,
        max_length=35,
        pattern=r"^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$",
        description="The language that the customer or their app chose (BCP 47); the rules' own, if left out.",
        examples=["en"],
    )


class TellsStore(Body):
    """The nearest store."""

    id: str
    name: str
    distance_m: int = Field(description="About how far, rounded up: to 100 m, or by a consent to a district to 1 km.")
    off_m: int = Field(description="How far off that may be, in nine cases of ten.")


class TellsDesk(Body):
    """The desk that takes the call."""

    id: str
    zh: str
    en: str
    contact: str = Field(description="How a call gets there, as the company writes it; may be empty.")
    open: bool = Field(description="Whether it is open now; only the fallback is told while it is not.")
    rule: str = Field(description=Rule, examples=["desks.hangzhou-en", "fallback"])


class TellsNotice(Body):
    """What to tell whoever is in a remote area."""

    zh: str
    en: str
    extra_days: int = Field(description="How many days more delivery takes.", ge=0)
    rule: str = Field(description=Rule, examples=["remote.tibet"])


class TellsRoute(Body):
    """Where the customer is sent."""

    store: TellsStore | None
    no_store: TellsReason | None = Field(description="Why no store is named.")
    desk: TellsDesk
    notice: TellsNotice | None
    level: Literal["macro-region", "province", "city"] | None = Field(
        description="How fine the region is that desk and notice go by; null where none is known or allowed."
    )
    reasons: list[TellsReason]
    silent: Silent
    until: datetime = Field(description="Until when this may be used.")
    entry: Entry


@routes.post("", response_model=TellsRoute, responses=problems(404))
def route(asked: AsksRoute, call: Caller) -> Response:
    """Tell which store and desk a customer is sent to; each time it is asked is recorded and counted."""
    given = given_of(call, asked)
    routing = call.services.routing
    return answered(_route(routing.route(question_of(call, asked), language=asked.language or "", given=given)))


def _route(said: Route) -> TellsRoute:
    store, why, chosen = said.store, said.no_store, said.chosen
    desk, notice = chosen.desk, chosen.notice
    taken = TellsDesk(
        id=desk.id, zh=desk.zh, en=desk.en, contact=desk.contact, open=chosen.is_open, rule=chosen.desk_rule
    )
    near = store and TellsStore(id=store.id, name=store.name, distance_m=store.distance_m, off_m=store.off_m)
    told_of = notice and TellsNotice(
        zh=notice.zh, en=notice.en, extra_days=notice.extra_days, rule=str(chosen.notice_rule)
    )
    found = {"store": near, "no_store": why and TellsReason(code=why.code, zh=why.zh, en=why.en), "desk": taken}
    more = {"notice": told_of, "level": said.level and str(said.level), "reasons": told(said.reasons)}
    last = {"silent": [*said.silent], "until": said.until, "entry": said.entry_id}
    return TellsRoute.model_validate({**found, **more, **last})
