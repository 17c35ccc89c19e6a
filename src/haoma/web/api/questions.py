"""What a question about a customer's place comes with: what for, who is to know, and what the customer gave.

Rules held here:
- A coordinate stands in a body and goes no further: no answer, error or log holds one, nor does a body that is printed.
- A region goes by its name or its adcode. A district is refused, rather than answered as its city.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from haoma.web.api.calls import Body, Call
from haoma.web.api.subjects import AsksSubject, subject_of

if TYPE_CHECKING:
    from haoma.locate import Given, Question
    from haoma.locate.fusion import Reason

__all__ = ["AsksCircle", "AsksPlace", "Entry", "RegionText", "Silent", "TellsReason", "given_of", "question_of", "told"]

SHARED = 0.68  # the share of positions inside the accuracy that a device tells of them
RegionText = Annotated[
    str, Field(min_length=2, max_length=40, description="A city or a province, by name or adcode.", examples=["上海市"])
]
Silent = Annotated[list[str], Field(description="Sources that did not answer; the others counted.")]
Entry = Annotated[int, Field(description="The entry of the log which says that this was answered.")]


class AsksPoint(Body):
    """A point; it is never told back."""

    lat: float = Field(
        ge=-90, le=90, allow_inf_nan=False, repr=False, description="Latitude in degrees (WGS-84).", examples=[31.2304]
    )
    lon: float = Field(
        ge=-180, le=180, allow_inf_nan=False, repr=False, description="Longitude, likewise.", examples=[121.4737]
    )


class AsksCircle(AsksPoint):
    """What lies around a point that is no person's, such as a store's."""

    within_m: float = Field(3000, ge=50, le=200_000, allow_inf_nan=False, description="Metres.")


class AsksShared(AsksPoint):
    """A position that the customer shared."""

    accuracy_m: float = Field(gt=0, le=100_000, allow_inf_nan=False, description="As their device told it, in metres.")
    age_s: float = Field(0, ge=0, le=604_800, allow_inf_nan=False, description="How long ago that was, in seconds.")


class AsksStated(Body):
    """A region that the customer gave."""

    region: RegionText
    address: Literal["delivery", "store", "billing"] = Field("delivery", description="What they gave it for.")
    age_days: float = Field(
        0, ge=0, le=36_500, allow_inf_nan=False, description="How long ago they gave or confirmed it."
    )


class AsksPlace(AsksSubject):
    """A question about where a customer is."""

    purpose: str = Field(max_length=64, description="What for, as the customer consented.", examples=["customer-care"])
    recipient: str = Field(max_length=64, description="Who is to know, as the notice names them.")
    stated: AsksStated | None = Field(None, description="What they said; counts where the consent names `stated`.")
    shared: AsksShared | None = Field(None, description="What they shared; counts where it names `browser`.")


class TellsReason(Body):
    """Why an answer is what it is; holds no place."""

    code: str = Field(description="A word out of a closed list.", examples=["device-trusted"])
    zh: str
    en: str


def question_of(call: Call, asked: AsksPlace) -> Question:
    """Who asks about whom, for what."""
    from haoma.locate import Question

    return Question(call.asker, subject_of(call, asked), asked.purpose, asked.recipient)


def given_of(call: Call, asked: AsksPlace) -> list[Given]:
    """What the customer said and shared themselves; raises NotFound for a region that there is none of."""
    from haoma.locate.areas import place_called
    from haoma.locate.fusion import Address, Circle, Device, Stated

    found: list[Given] = []
    if (stated := asked.stated) is not None:
        at = call.at - timedelta(days=stated.age_days)
        found.append(Stated(place_called(stated.region).adcode, Address(stated.address), "customer", at))
    if (shared := asked.shared) is not None:
        at = call.at - timedelta(seconds=shared.age_s)
        found.append(Device(Circle(shared.lat, shared.lon, shared.accuracy_m, SHARED), "shared-position", at))
    return found


def told(reasons: Iterable[Reason]) -> list[TellsReason]:
    """Reasons as they go out."""
    return [TellsReason(code=one.code, zh=one.zh, en=one.en) for one in reasons]
