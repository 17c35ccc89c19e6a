"""/v1/locations: whether a customer is in an area, which region they are in, and where.

Rules held here:
- Each question is decided, recorded and counted, however often it is sent: no answer is kept to be given again. One
  that is kept would outlive the consent that it rests on.
- A verdict tells no place. A region and a point are for whoever may see a place, with a token for them alone.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from fastapi import APIRouter
from pydantic import Field, model_validator
from starlette.responses import Response

from haoma.consent import Granularity
from haoma.locate import Answer, Area, InRegion, Near, Placed
from haoma.locate.areas import region_called
from haoma.storage import Steps
from haoma.web.api.calls import Body, Call, Caller, answered, answered_as_is, problems
from haoma.web.api.questions import (
    AsksCircle,
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

__all__ = ["routes"]

routes = APIRouter(prefix="/v1/locations", tags=["locations"], route_class=Straight)


class AsksVerdict(AsksPlace):
    """Whether a customer is in an area: a region, or a circle."""

    region: RegionText | None = Field(None, description="A city, a province or a 大区, by name or adcode.")
    near: AsksCircle | None = Field(None, description="A circle, instead.")

    @model_validator(mode="after")
    def _one_area(self) -> AsksVerdict:
        if (self.region is None) == (self.near is None):
            message = "give a region or a circle, one of them"
            raise ValueError(message)
        return self


class TellsVerdict(Body):
    """Whether they are there."""

    verdict: Literal["TRUE", "FALSE", "PARTIAL", "UNKNOWN"]
    match_rate: int | None = Field(description="With PARTIAL: how much speaks for it, in percent.", ge=1, le=99)
    reasons: list[TellsReason]
    silent: Silent
    credits: Credits
    until: datetime = Field(description="Until when this may be used.")
    entry: Entry


class AsksRegion(AsksPlace):
    """Which region a customer is in."""

    finest: Literal["macro-region", "province", "city"] = Field("city", description="No finer than this.")


class TellsWhere(Body):
    """A region."""

    name: str = Field(examples=["华东"])
    adcode: str | None = Field(description="Six digits of GB/T 2260; a 大区 has none.")
    level: Literal["macro-region", "province", "city"]


class TellsRegion(Body):
    """The region they are in, as fine as asked, allowed and sure; null where none is sure enough."""

    region: TellsWhere | None
    confidence: float | None = Field(description="How sure that is, 0 to 1.", ge=0, le=1)
    reasons: list[TellsReason]
    silent: Silent
    credits: Credits
    token: str | None = Field(description="Stands for the region, for the caller alone: /v1/tokens/resolve.")
    until: datetime = Field(description="When the token dies; before that, with the consent.")
    entry: Entry


class TellsCircle(Body):
    """Where they are: a circle, and the share of cases in which they are inside."""

    latitude: float = Field(description="Degrees of WGS-84.", ge=-90, le=90, repr=False)
    longitude: float = Field(description="Likewise.", ge=-180, le=180, repr=False)
    radius_m: float = Field(description="Metres; 3000 or more where the consent is to a district.", gt=0)
    coverage: float = Field(gt=0, lt=1)


class TellsPosition(Body):
    """Where they are, as fine as the consent; null, and why, where nothing locates them."""

    circle: TellsCircle | None
    reasons: list[TellsReason]
    silent: Silent
    credits: Credits
    token: str | None = Field(description="Stands for the circle, for the caller alone: /v1/tokens/resolve.")
    until: datetime = Field(description="When the token dies; before that, with the consent.")
    entry: Entry


@routes.post("/verify", response_model=TellsVerdict, responses=problems(404))
def verify(asked: AsksVerdict, call: Caller) -> Steps[Response]:
    """Tell whether a customer is in an area; each time it is asked is recorded and counted."""
    return _verified(asked, call)


@routes.post("/region", response_model=TellsRegion, responses=problems(404))
def region(asked: AsksRegion, call: Caller) -> Response:
    """Tell which region a customer is in; each time it is asked is recorded and counted."""
    given, finest = given_of(call, asked), Granularity(asked.finest)
    return answered(_region(call.services.locate.region(question_of(call, asked), finest=finest, given=given)))


@routes.post("/place", response_model=TellsPosition, responses=problems(404))
def place(asked: AsksPlace, call: Caller) -> Response:
    """Tell where a customer is, where their consent is to a point or a district; each time it is asked is counted."""
    return answered(_position(call.services.locate.place(question_of(call, asked), given=given_of(call, asked))))


def _verified(asked: AsksVerdict, call: Call) -> Steps[Response]:
    locate = call.services.locate
    if not locate.answers_at_once:
        yield None
    area, given = _area(asked), given_of(call, asked)
    said = yield from locate.verifying(question_of(call, asked), area, given=given)
    found = {"verdict": str(said.verdict), "match_rate": said.match_rate, "reasons": told(said.reasons)}
    more = {"silent": [*said.silent], "credits": [*said.credits], "until": said.until, "entry": said.entry_id}
    return answered_as_is({**found, **more})


def _area(asked: AsksVerdict) -> Area:
    if asked.near is not None:
        return Near(asked.near.lat, asked.near.lon, asked.near.within_m)
    return InRegion(region_called(str(asked.region)))


def _region(said: Answer) -> TellsRegion:
    found = said.region
    place = found and {"name": found.name, "adcode": found.adcode or None, "level": str(found.level)}
    told_of = {"region": place, "confidence": said.confidence, "reasons": told(said.reasons)}
    return TellsRegion.model_validate({**told_of, **_more(said)})


def _position(said: Placed) -> TellsPosition:
    found = said.circle
    circle = found and {"latitude": found.lat, "longitude": found.lon, "radius_m": found.radius_m}
    whole = circle and found and {**circle, "coverage": found.coverage}
    return TellsPosition.model_validate({"circle": whole, "reasons": told(said.reasons), **_more(said)})


def _more(said: Answer | Placed) -> dict[str, object]:
    told_with = {"silent": [*said.silent], "credits": [*said.credits]}
    return {**told_with, "token": said.token, "until": said.until, "entry": said.entry_id}
