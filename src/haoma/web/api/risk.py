"""/v1/risk: whether a case about a customer adds up, with the signals behind its score.

Rules held here:
- A score tells no place; a signal tells what speaks against a case, in words, and how strongly.
- Each question is decided, recorded and counted, however often it is sent, as those of /v1/locations are.
"""

from __future__ import annotations

from datetime import datetime

from fastapi import APIRouter
from pydantic import Field
from starlette.responses import Response

from haoma.web.api.calls import Body, Caller, answered, problems
from haoma.web.api.questions import (
    AsksFix,
    AsksPlace,
    Credits,
    Entry,
    RegionText,
    Silent,
    given_of,
    question_of,
    trail_of,
)
from haoma.web.api.straight import Straight

__all__ = ["routes"]

routes = APIRouter(prefix="/v1/risk", tags=["risk"], route_class=Straight)


class AsksRisk(AsksPlace):
    """Whether a case adds up."""

    declared: RegionText | None = Field(None, description="Where somebody says they are, by name or adcode.")
    trail: list[AsksFix] = Field(
        [],
        max_length=64,
        repr=False,
        description="Positions that their app shared, in any order; where it names `browser`.",
    )


class TellsSignal(Body):
    """Something that speaks against a case."""

    code: str = Field(description="A word out of a closed list.", examples=["sim-swapped"])
    strength: float = Field(description="How strongly, 0 to 1.", ge=0, le=1)
    zh: str
    en: str


class TellsRisk(Body):
    """How risky a case is."""

    score: float = Field(description="0 to 1.", ge=0, le=1)
    log_odds: float = Field(description="The score before calibration: what one is learned from.")
    calibrated: bool = Field(description="Whether the score is a probability, learned from cases whose end is known.")
    alarm: bool = Field(description="Whether somebody has to look: it takes a strong signal.")
    signals: list[TellsSignal] = Field(description="Those that weigh most come first.")
    silent: Silent
    credits: Credits
    until: datetime = Field(description="Until when this may be used.")
    entry: Entry


@routes.post("", response_model=TellsRisk, responses=problems(404))
def score(asked: AsksRisk, call: Caller) -> Response:
    """Tell whether a case adds up; each time it is asked is recorded and counted."""
    from haoma.locate.areas import place_called

    declared = None if asked.declared is None else place_called(asked.declared).adcode
    given = [*given_of(call, asked), *trail_of(call, asked.trail)]
    said = call.services.locate.risk(question_of(call, asked), declared=declared, given=given)
    found = said.assessed
    signals = [
        TellsSignal(code=one.code, strength=round(one.strength, 3), zh=one.zh, en=one.en) for one in found.signals
    ]
    scored = {"score": round(found.score, 4), "alarm": found.alarm, "signals": signals}
    learned = {"log_odds": round(found.log_odds, 4), "calibrated": said.calibrated}
    more = {"silent": [*said.silent], "credits": [*said.credits], "until": said.until, "entry": said.entry_id}
    return answered(TellsRisk.model_validate({**scored, **learned, **more}))
