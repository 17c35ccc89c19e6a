"""The six interfaces of CAMARA that are asked: where each lies, its scope, what is sent and how the answer is read.

Rules held here:
- The token names the subscriber; no number is sent beside it, but where it is what has to be verified.
- An answer is read strictly: what its interface does not allow is Unavailable.

Reference: location-verification 3.0.0, location-retrieval 0.5.0, number-verification 2.1.0, sim-swap 2.1.0,
number-recycling 0.2.0, device-roaming-status 1.1.0 (https://github.com/camaraproject)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from haoma.errors import BadInput
from haoma.locate.camara.answers import (
    MOST_POINTS,
    Circle,
    Located,
    NotKnown,
    Polygon,
    Roaming,
    SimSwap,
    Verdict,
    Verified,
    Why,
)
from haoma.wire import strict

__all__ = [
    "INTERFACES",
    "LOCATION_RETRIEVAL",
    "LOCATION_VERIFICATION",
    "NUMBER_RECYCLING",
    "NUMBER_VERIFICATION",
    "ROAMING_STATUS",
    "SIM_SWAP",
    "Interface",
]

MOST_COUNTRIES = 32
STATUS_AGE = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Interface:
    """One operation. `path` is below the carrier's root, `scope` what a token for it is asked with."""

    name: str
    path: str
    scope: str


LOCATION_VERIFICATION = Interface(
    "location-verification", "location-verification/v3/verify", "location-verification:verify"
)
LOCATION_RETRIEVAL = Interface("location-retrieval", "location-retrieval/v0.5/retrieve", "location-retrieval:read")
NUMBER_VERIFICATION = Interface("number-verification", "number-verification/v2/verify", "number-verification:verify")
SIM_SWAP = Interface("sim-swap", "sim-swap/v2/retrieve-date", "sim-swap:retrieve-date")
NUMBER_RECYCLING = Interface("number-recycling", "number-recycling/v0.2/check", "number-recycling:check")
ROAMING_STATUS = Interface("device-roaming-status", "device-roaming-status/v1/retrieve", "device-roaming-status:read")
INTERFACES = (
    LOCATION_VERIFICATION,
    LOCATION_RETRIEVAL,
    NUMBER_VERIFICATION,
    SIM_SWAP,
    NUMBER_RECYCLING,
    ROAMING_STATUS,
)


def circle_sent(circle: Circle) -> dict[str, object]:
    """A circle as CAMARA writes it."""
    center = {"latitude": circle.latitude, "longitude": circle.longitude}
    return {"areaType": "CIRCLE", "center": center, "radius": circle.radius_m}


def verified(found: Mapping[str, object], now: datetime, oldest: timedelta) -> Verified:
    """Read an answer of location-verification. A match rate comes with PARTIAL, and with nothing else."""
    verdict = Verdict(strict.text(found, "verificationResult", "TRUE|FALSE|PARTIAL", 8))
    at = strict.moment(found, "lastLocationTime", now, oldest)
    if (verdict is Verdict.PARTIAL) != ("matchRate" in found):
        raise strict.garbage()
    rate = strict.whole(found, "matchRate", 1, 99) if verdict is Verdict.PARTIAL else None
    return Verified(verdict, rate, at)


def located(found: Mapping[str, object], now: datetime, oldest: timedelta) -> Located:
    """Read an answer of location-retrieval."""
    at = strict.moment(found, "lastLocationTime", now, oldest)
    area = strict.inner(found, "area")
    round_ = strict.text(area, "areaType", "CIRCLE|POLYGON", 8) == "CIRCLE"
    try:
        return Located(_circle(area) if round_ else _polygon(area), at)
    except BadInput:
        raise strict.garbage() from None


def number_verified(found: Mapping[str, object]) -> bool:
    """Read an answer of number-verification."""
    return strict.boolean(found, "devicePhoneNumberVerified")


def sim_swap(found: Mapping[str, object], now: datetime) -> SimSwap:
    """Read an answer of sim-swap: a moment, or null."""
    if "latestSimChange" not in found:
        raise strict.garbage()
    at = None if found["latestSimChange"] is None else strict.moment(found, "latestSimChange", now)
    given = found.get("monitoredPeriod") is not None
    return SimSwap(at, strict.whole(found, "monitoredPeriod", 0, 36_600) if given else None)


def recycled(found: Mapping[str, object]) -> bool:
    """Read an answer of number-recycling."""
    return strict.boolean(found, "phoneNumberRecycled")


def roaming(found: Mapping[str, object], now: datetime) -> Roaming | NotKnown:
    """Read an answer of device-roaming-status; a status of more than a week ago tells nothing."""
    at = strict.moment(found, "lastStatusTime", now)
    status = strict.boolean(found, "roaming")
    mcc = strict.whole(found, "countryCode", 200, 999) if "countryCode" in found else None
    codes = found.get("countryName", [])
    if not isinstance(codes, list) or len(codes) > MOST_COUNTRIES:
        raise strict.garbage()
    countries = tuple(strict.text({"code": code}, "code", "[A-Z]{2}", 2) for code in codes)
    if at < now - STATUS_AGE:
        return NotKnown(Why.TOO_OLD)
    return Roaming(status, at, mcc, countries)


def _circle(area: Mapping[str, object]) -> Circle:
    return Circle(*_point(strict.inner(area, "center")), strict.real(area, "radius"))


def _polygon(area: Mapping[str, object]) -> Polygon:
    corners = area.get("boundary")
    if not isinstance(corners, list) or len(corners) > MOST_POINTS:
        raise strict.garbage()
    return Polygon(tuple(_point(strict.inner({"corner": corner}, "corner")) for corner in corners))


def _point(found: Mapping[str, object]) -> tuple[float, float]:
    return strict.real(found, "latitude"), strict.real(found, "longitude")
