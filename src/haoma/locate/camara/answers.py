"""What a carrier answers over CAMARA, as values. No I/O.

Rules held here:
- An area has finite coordinates on the earth (WGS-84, degrees) and a size; what has not is no area.
- Nothing here prints a coordinate: a place is personal data (PIPL art. 28).
- That a carrier cannot tell is an answer, with its reason out of a closed list, and never a place.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from haoma.errors import BadInput

__all__ = ["Circle", "Located", "NotKnown", "Polygon", "Roaming", "SimSwap", "Verdict", "Verified", "Why"]

FARTHEST_M = 20_037_509  # half of the equator
MOST_POINTS = 15


class Verdict(StrEnum):
    """Whether a phone is inside an area; `UNKNOWN` where the carrier cannot tell."""

    TRUE = "TRUE"
    FALSE = "FALSE"
    PARTIAL = "PARTIAL"
    UNKNOWN = "UNKNOWN"


class Why(StrEnum):
    """Why a carrier does not know."""

    UNLOCATED = "unlocated"
    TOO_OLD = "too-old"
    TOO_COARSE = "too-coarse"
    NOT_COVERED = "not-covered"
    AREA_TOO_SMALL = "area-too-small"
    NOT_SERVED = "not-served"
    NO_SUBSCRIBER = "no-subscriber"
    NOT_BY_NETWORK = "not-by-network"


@dataclass(frozen=True, slots=True)
class NotKnown:
    """The carrier answered that it cannot tell."""

    why: Why


@dataclass(frozen=True, slots=True, repr=False)
class Circle:
    """A circle around a point; raises BadInput for what is none.

    >>> Circle(39.9, 116.4, 3000)
    Circle(radius_m=3000)
    """

    latitude: float
    longitude: float
    radius_m: float

    def __post_init__(self) -> None:
        if not (_on_earth(self.latitude, self.longitude) and 1 <= self.radius_m <= FARTHEST_M):
            hint = "latitude -90 to 90, longitude -180 to 180, and a radius of at least one metre"
            raise BadInput("this is no circle on the earth", hint=hint)

    def __repr__(self) -> str:
        return f"Circle(radius_m={self.radius_m})"


@dataclass(frozen=True, slots=True, repr=False)
class Polygon:
    """An area with corners, each a latitude and a longitude; raises BadInput for what is none."""

    corners: tuple[tuple[float, float], ...]

    def __post_init__(self) -> None:
        few, many = len(set(self.corners)) < 3, len(self.corners) > MOST_POINTS
        if few or many or not all(_on_earth(*corner) for corner in self.corners):
            raise BadInput("this is no polygon on the earth", hint=f"3 to {MOST_POINTS} corners, latitude first")

    def __repr__(self) -> str:
        return f"Polygon(corners={len(self.corners)})"


@dataclass(frozen=True, slots=True)
class Verified:
    """Whether a phone is inside an area. `match_rate` (1 to 99 percent) comes with PARTIAL, `why` with UNKNOWN."""

    verdict: Verdict
    match_rate: int | None = None
    last_location_time: datetime | None = None
    why: Why | None = None


@dataclass(frozen=True, slots=True)
class Located:
    """Where a network saw a phone last."""

    area: Circle | Polygon
    last_location_time: datetime


@dataclass(frozen=True, slots=True)
class SimSwap:
    """When a number got its present SIM card: `at`, or None where that is not within the `monitored_days`."""

    at: datetime | None
    monitored_days: int | None = None


@dataclass(frozen=True, slots=True)
class Roaming:
    """Whether a phone is in a foreign network. `mcc` is the mobile country code, `countries` its ISO 3166 codes."""

    roaming: bool
    last_status_time: datetime
    mcc: int | None = None
    countries: tuple[str, ...] = ()


def _on_earth(latitude: float, longitude: float) -> bool:
    return math.isfinite(latitude) and math.isfinite(longitude) and abs(latitude) <= 90 and abs(longitude) <= 180
