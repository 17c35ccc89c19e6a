"""What a source says of where somebody is: one frozen value for each kind of source.

Rules held here:
- Printing an observation shows its kind and its source, and neither a coordinate nor a region.
- No error quotes a coordinate. Latitude comes first, in WGS-84 degrees; radii are metres; times are aware.
- A circle says how often the truth lies inside it (`coverage`): a radius without that says nothing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TypeAlias

from haoma.errors import BadInput

__all__ = [
    "Address",
    "CarrierCircle",
    "CarrierVerdict",
    "Circle",
    "Device",
    "IpCity",
    "Issued",
    "Network",
    "Observation",
    "Radio",
    "Stated",
    "Verdict",
]

ADCODE = re.compile(r"[1-9][0-9]{5}")
SOURCE = re.compile(r"[a-z][a-z-]{0,39}")
WIDEST_M = 20_100_000.0


class Network(StrEnum):
    """What kind of network an IP address belongs to."""

    MOBILE = "mobile"
    FIXED = "fixed"
    HOSTING = "hosting"
    UNKNOWN = "unknown"


class Address(StrEnum):
    """What an address was given for."""

    DELIVERY = "delivery"
    STORE = "store"
    BILLING = "billing"


class Verdict(StrEnum):
    """A carrier's answer to "is the device there?", as CAMARA location-verification 3.0 has it."""

    TRUE = "TRUE"
    FALSE = "FALSE"
    PARTIAL = "PARTIAL"
    UNKNOWN = "UNKNOWN"


@dataclass(frozen=True, slots=True, repr=False)
class Circle:
    """A circle, and the share of cases (0 to 1, exclusive) in which the truth lies inside it.

    >>> Circle(0.0, 0.0, 35.0, 0.95)
    Circle(35 m, coverage 0.95)

    Raises BadInput for what lies on no globe, and for a radius that is none.
    """

    lat: float
    lon: float
    radius_m: float
    coverage: float

    def __post_init__(self) -> None:
        if not (abs(self.lat) <= 90 and abs(self.lon) <= 180):
            raise BadInput("a circle's centre lies on no globe", hint="degrees, latitude first: -90..90, -180..180")
        if not 0 < self.radius_m <= WIDEST_M:
            raise BadInput("a circle's radius is not between 0 and 20,100 km", hint="give metres")
        if not 0 < self.coverage < 1:
            message = "a circle's coverage is not between 0 and 1"
            raise BadInput(message, hint="the share of cases inside: 0.95 for ichnaea's, 0.68 for Android's")

    def __repr__(self) -> str:
        return f"Circle({self.radius_m:.0f} m, coverage {self.coverage:.2f})"


def _said(self: Observation | _Located) -> str:
    return f"{type(self).__name__}({self.source})"


@dataclass(frozen=True, slots=True, repr=False)
class Issued:
    """Where a number was issued (city or province), with the confidence that attribution gives it (0 to 1)."""

    adcode: str
    confidence: float
    source: str
    observed_at: datetime
    __repr__ = _said

    def __post_init__(self) -> None:
        _check(self)
        if not 0 <= self.confidence <= 1:
            raise BadInput("an attribution's confidence is not between 0 and 1", hint="950000 ppm is 0.95")


@dataclass(frozen=True, slots=True, repr=False)
class IpCity:
    """Where a database puts an IP address, and what kind of network that is."""

    adcode: str
    network: Network
    source: str
    observed_at: datetime
    __repr__ = _said

    def __post_init__(self) -> None:
        _check(self)
        object.__setattr__(self, "network", _word(Network, self.network))


@dataclass(frozen=True, slots=True, repr=False)
class Stated:
    """A region that somebody gave themselves; `observed_at` is when they last gave it or confirmed it."""

    adcode: str
    kind: Address
    source: str
    observed_at: datetime
    __repr__ = _said

    def __post_init__(self) -> None:
        _check(self)
        object.__setattr__(self, "kind", _word(Address, self.kind))


@dataclass(frozen=True, slots=True, repr=False)
class _Located:
    circle: Circle
    source: str
    observed_at: datetime
    __repr__ = _said

    def __post_init__(self) -> None:
        _check(self)


@dataclass(frozen=True, slots=True, repr=False)
class Device(_Located):
    """A circle that a device says it is in: whoever holds the device can make it say anything."""


@dataclass(frozen=True, slots=True, repr=False)
class CarrierCircle(_Located):
    """A circle from the carrier (CAMARA location-retrieval)."""


@dataclass(frozen=True, slots=True, repr=False)
class CarrierVerdict:
    """A carrier's verdict on a region (adcode) or a circle; PARTIAL comes with a match rate of 1 to 99 percent.

    The circle is a question, and its coverage is not looked at.
    """

    about: str | Circle
    verdict: Verdict
    source: str
    observed_at: datetime
    match_rate: int | None = None
    __repr__ = _said

    def __post_init__(self) -> None:
        _check(self)
        object.__setattr__(self, "verdict", _word(Verdict, self.verdict))
        if (self.verdict is Verdict.PARTIAL) != (self.match_rate is not None):
            raise BadInput("a match rate comes with PARTIAL, and only with it", hint="CAMARA location-verification 3.0")
        if self.match_rate is not None and not 1 <= self.match_rate <= 99:
            raise BadInput("a match rate is not between 1 and 99", hint="CAMARA location-verification 3.0")


@dataclass(frozen=True, slots=True, repr=False)
class Radio(_Located):
    """A circle from Wi-Fi or cells that were seen, worked out apart from what the device says of itself."""


Observation: TypeAlias = Issued | IpCity | Stated | Device | CarrierCircle | CarrierVerdict | Radio


def _check(seen: Observation | _Located) -> None:
    if SOURCE.fullmatch(seen.source) is None:
        raise BadInput("a source's name is not made of a-z and -, at most 40", hint="name the kind: segment, ip-db")
    if seen.observed_at.tzinfo is None:
        raise BadInput(f"the time of {seen.source} has no zone", hint="use aware times: datetime.now(UTC)")
    region = seen.about if isinstance(seen, CarrierVerdict) else getattr(seen, "adcode", None)
    if isinstance(region, str) and ADCODE.fullmatch(region) is None:
        raise BadInput(f"the region of {seen.source} is no adcode", hint="six digits of GB/T 2260")


def _word(words: type[Network | Address | Verdict], given: str) -> Network | Address | Verdict:
    try:
        return words(given)
    except ValueError:
        known = ", ".join(words)
        raise BadInput(f"an unknown {words.__name__.lower()}", hint=f"one of {known}") from None
