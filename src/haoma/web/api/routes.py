"""/v1/routes: which store and which desk a customer is sent to, and what to tell of delivery.

Rules held here:
- A store and a desk tell of a place: they are for whoever may see one, and as coarse as the consent.
- Each question is decided, recorded and counted, however often it is sent, as those of /v1/locations are.
- The language is what the customer or their app chose. It is kept nowhere, and no region makes one.
- Whoever says no is served all the same: a desk is picked about nobody, by a language and a region that they name.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Literal

from fastapi import APIRouter
from pydantic import Field
from starlette.responses import Response

from haoma.access import Thing
from haoma.web.api.calls import Body, Caller, answered, problems
from haoma.web.api.questions import (
    AsksPlace,
    Credits,
    Entry,
    RegionText,
    Silent,
    TellsReason,
    given_of,
    question_of,
    told,
)
from haoma.web.api.straight import Straight

if TYPE_CHECKING:
    from haoma.locate.routing import Chosen, Route

__all__ = ["routes"]

routes = APIRouter(prefix="/v1/routes", tags=["routes"], route_class=Straight)
Rule = "The rule of the company's file that says so."


Language = Annotated[
    str,
    Field(
        max_length=35,
        pattern=r"^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$",
        description="The language that the customer or their app chose (BCP 47); the rules' own, if left out.",
        examples=["en"],
    ),
]


class AsksRoute(AsksPlace):
    """Where to send a customer."""

    language: Language | None = None


class AsksDesk(Body):
    """Which desk, about nobody."""

    language: Language | None = None
    region: RegionText | None = Field(None, description="A city, a province or a 大区 that somebody picked themselves.")


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


class TellsPicked(Body):
    """A desk, and what to tell of delivery."""

    desk: TellsDesk
    notice: TellsNotice | None


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
    credits: Credits
    until: datetime = Field(description="Until when this may be used.")
    entry: Entry


@routes.post("", response_model=TellsRoute, responses=problems(404))
def route(asked: AsksRoute, call: Caller) -> Response:
    """Tell which store and desk a customer is sent to; each time it is asked is recorded and counted."""
    given = given_of(call, asked)
    routing = call.services.routing
    return answered(_route(routing.route(question_of(call, asked), language=asked.language or "", given=given)))


@routes.post("/desk", response_model=TellsPicked, responses=problems(404))
def pick_desk(asked: AsksDesk, call: Caller) -> Response:
    """Tell the desk for a language and a region; it is about nobody, and nothing is kept of it."""
    from haoma.locate.areas import region_called

    with call.services.store.read() as tx:
        thing = Thing("desk", call.asker.tenant)
        call.services.gate.decide(tx, call.asker, "pick-desk", thing, call.at).require()
    region = None if asked.region is None else region_called(asked.region)
    chosen = call.services.routing.rules.choose(region, (asked.language or "").lower(), call.at)
    return answered(TellsPicked(desk=_desk(chosen), notice=_notice(chosen)))


def _desk(chosen: Chosen) -> TellsDesk:
    desk = chosen.desk
    told_of = {"id": desk.id, "zh": desk.zh, "en": desk.en, "contact": desk.contact}
    return TellsDesk.model_validate({**told_of, "open": chosen.is_open, "rule": chosen.desk_rule})


def _notice(chosen: Chosen) -> TellsNotice | None:
    one = chosen.notice
    if one is None:
        return None
    return TellsNotice(zh=one.zh, en=one.en, extra_days=one.extra_days, rule=str(chosen.notice_rule))


def _route(said: Route) -> TellsRoute:
    store, why = said.store, said.no_store
    near = store and TellsStore(id=store.id, name=store.name, distance_m=store.distance_m, off_m=store.off_m)
    found = {"store": near, "no_store": why and TellsReason(code=why.code, zh=why.zh, en=why.en)}
    more = {"desk": _desk(said.chosen), "notice": _notice(said.chosen), "level": said.level and str(said.level)}
    why_so = {"reasons": told(said.reasons), "silent": [*said.silent], "credits": [*said.credits]}
    return TellsRoute.model_validate({**found, **more, **why_so, "until": said.until, "entry": said.entry_id})
