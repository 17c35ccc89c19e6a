"""What a question about a customer's place comes with: what for, who is to know, and what the customer gave.

Rules held here:
- A coordinate, a network address and an access point stand in a body and go no further: no answer, error or log holds
  one, nor does a body that is printed.
- A region goes by its name or its adcode. A district is refused, rather than answered as its city.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from haoma.errors import BadInput
from haoma.locate import Question
from haoma.web.api.calls import Body, Call
from haoma.web.api.subjects import AsksSubject, subject_of

if TYPE_CHECKING:
    from haoma.locate import Given, Surroundings
    from haoma.locate.fusion import Reason

__all__ = [
    "AsksCircle",
    "AsksFix",
    "AsksPlace",
    "Credits",
    "Entry",
    "RegionText",
    "Silent",
    "TellsReason",
    "given_of",
    "question_of",
    "told",
    "trail_of",
]

MOST_HEARD = 8  # each is a question to the radio service
SHARED = 0.68  # the share of positions inside the accuracy that a device tells of them
RegionText = Annotated[
    str, Field(min_length=2, max_length=40, description="A city or a province, by name or adcode.", examples=["上海市"])
]
Silent = Annotated[list[str], Field(description="Sources that did not answer; the others counted.")]
Credits = Annotated[list[str], Field(description="To be shown with what rests on this answer: data under a licence.")]
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


class AsksNetwork(Body):
    """The network address of the customer's session; it is looked up here, and never told back."""

    address: str = Field(min_length=2, max_length=45, repr=False, description="IPv4 or IPv6.", examples=["203.0.113.7"])
    kind: Literal["mobile", "fixed", "hosting", "unknown"] = Field("unknown", description="Of the network, if known.")
    age_s: float = Field(0, ge=0, le=604_800, allow_inf_nan=False, description="How long ago that was, in seconds.")


class AsksAccessPoint(Body):
    """A Wi-Fi access point that the customer's device heard."""

    mac: str = Field(max_length=17, repr=False, description="Its address.", examples=["00:25:9c:00:00:01"])
    ssid: str | None = Field(None, max_length=64, repr=False, description="Its name: one in `_nomap` is left alone.")
    signal_dbm: int | None = Field(None, ge=-200, le=0, description="How strongly, in dBm.")


class AsksCell(Body):
    """A cell that the customer's device heard, as its network numbers it."""

    radio: Literal["gsm", "wcdma", "lte"]
    country: int = Field(ge=1, le=999, description="Mobile country code.", examples=[460])
    network: int = Field(ge=0, le=999, description="Mobile network code.")
    area: int = Field(ge=1, le=65_535, repr=False, description="Location or tracking area.")
    cell: int = Field(ge=1, le=268_435_455, repr=False, description="Cell in the area.")
    signal_dbm: int | None = Field(None, ge=-200, le=0, description="How strongly, in dBm.")


class AsksHeard(Body):
    """What the customer's device heard around it at a position."""

    access_points: list[AsksAccessPoint] = Field([], max_length=64)
    cells: list[AsksCell] = Field([], max_length=64)


class AsksFix(AsksShared):
    """One of the positions that the customer's app shared."""

    radio: AsksHeard | None = Field(
        None, description="What their device heard there: for eight of a trail at the most."
    )


class AsksRadio(AsksHeard):
    """What the customer's device heard around it."""

    age_s: float = Field(0, ge=0, le=604_800, allow_inf_nan=False, description="How long ago that was, in seconds.")


class AsksPlace(AsksSubject):
    """A question about where a customer is."""

    purpose: str = Field(max_length=64, description="What for, as the customer consented.", examples=["customer-care"])
    recipient: str = Field(max_length=64, description="Who is to know, as the notice names them.")
    stated: AsksStated | None = Field(None, description="What they said; counts where the consent names `stated`.")
    shared: AsksShared | None = Field(
        None, description="What they shared, believed from the caller; counts where it names `browser`."
    )
    network: AsksNetwork | None = Field(None, description="Where their session comes from; where it names `browser`.")
    radio: AsksRadio | None = Field(None, description="What their device heard; where it names `browser`.")


class TellsReason(Body):
    """Why an answer is what it is; holds no place."""

    code: str = Field(description="A word out of a closed list.", examples=["device-trusted"])
    zh: str
    en: str


def question_of(call: Call, asked: AsksPlace) -> Question:
    """Who asks about whom, for what."""
    return Question(call.asker, subject_of(call, asked), asked.purpose, asked.recipient)


def given_of(call: Call, asked: AsksPlace) -> list[Given]:
    """What the customer said and shared themselves; raises NotFound for a region that there is none of."""
    if asked.stated is None and asked.shared is None and asked.network is None and asked.radio is None:
        return []  # as most questions: nothing is looked up for it
    from haoma.locate.areas import place_called
    from haoma.locate.fusion import Address, Circle, Device, Stated

    found: list[Given] = []
    if (stated := asked.stated) is not None:
        at = call.at - timedelta(days=stated.age_days)
        found.append(Stated(place_called(stated.region).adcode, Address(stated.address), "customer", at))
    if (shared := asked.shared) is not None:
        at = call.at - timedelta(seconds=shared.age_s)
        found.append(Device(Circle(shared.lat, shared.lon, shared.accuracy_m, SHARED), "shared-position", at))
    return [*found, *_raw(call, asked)]


def _raw(call: Call, asked: AsksPlace) -> Iterator[Given]:
    """What has to be looked up."""
    from haoma.locate.fusion import Network
    from haoma.locate.given import IpAddress

    if (network := asked.network) is not None:
        yield IpAddress(network.address, call.at - timedelta(seconds=network.age_s), Network(network.kind))
    if (radio := asked.radio) is not None:
        yield _heard(radio, call.at - timedelta(seconds=radio.age_s))


def trail_of(call: Call, asked: Sequence[AsksFix]) -> Iterator[Given]:
    """The trail that the customer's app shared, and what was heard on it; raises BadInput where that is too much."""
    if not asked:
        return
    from haoma.locate import SharedTrail
    from haoma.locate.fusion import Circle
    from haoma.locate.risk import fix_of

    timed = [(one, call.at - timedelta(seconds=one.age_s)) for one in asked]
    yield SharedTrail(tuple(fix_of(Circle(one.lat, one.lon, one.accuracy_m, SHARED), at) for one, at in timed))
    heard = [(one.radio, at) for one, at in timed if one.radio is not None]
    if len(heard) > MOST_HEARD:
        message = f"{len(heard)} positions of the trail come with radio, {MOST_HEARD} at the most may"
        raise BadInput(message, hint="send radio for some of them: three are enough")
    yield from (_heard(radio, at) for radio, at in heard)


def _heard(radio: AsksHeard, at: datetime) -> Surroundings:
    from haoma.locate.given import CellTower, Surroundings, access_point

    heard = (access_point(one.mac, one.ssid, one.signal_dbm) for one in radio.access_points)
    cells = (CellTower(one.radio, one.country, one.network, one.area, one.cell, one.signal_dbm) for one in radio.cells)
    return Surroundings(tuple(one for one in heard if one is not None), tuple(cells), at)


def told(reasons: Iterable[Reason]) -> list[TellsReason]:
    """Reasons as they go out."""
    return [_reason(one) for one in reasons]


@lru_cache(maxsize=1024)
def _reason(one: Reason) -> TellsReason:
    """A reason as it goes out: it holds a code and percentages or days, and nothing of anybody."""
    return TellsReason(code=one.code, zh=one.zh, en=one.en)
