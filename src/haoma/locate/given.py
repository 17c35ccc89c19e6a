"""What comes with a question about a place: what the customer said or shared, and what their session shows.

Rules held here:
- Printing shows neither a coordinate, a network address nor an access point, and no error quotes one.
- An access point whose owner took it out of maps (`_nomap`, `_optout`), whose address its own software made up (locally
  administered, as phones that share their line have it) or that is nobody's is dropped as it comes in.
- Fewer than two access points tell nothing (ichnaea's rule): one would tell which household somebody is in.
"""

from __future__ import annotations

import ipaddress
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, TypeAlias

from haoma.errors import BadInput
from haoma.locate.fusion import Device, IpCity, Network, Stated
from haoma.locate.risk.trajectory import Fix

__all__ = [
    "RADIOS",
    "AccessPoint",
    "CellTower",
    "Given",
    "IpAddress",
    "Raw",
    "SharedTrail",
    "Surroundings",
    "access_point",
    "heard_in",
]

LEAST_POINTS, MOST = 2, 64
OPTED_OUT = ("_nomap", "_optout")
RADIOS = ("gsm", "wcdma", "lte")
_MAC = re.compile(r"[0-9a-f]{2}([:-]?)(?:[0-9a-f]{2}\1){4}[0-9a-f]{2}", re.ASCII | re.IGNORECASE)
_HINT = "twelve hexadecimal digits, such as 00:25:9c:00:00:01"


@dataclass(frozen=True, slots=True, repr=False)
class IpAddress:
    """The network address of a customer's session, and the kind of its network where that is known.

    >>> from datetime import UTC
    >>> now = datetime(2026, 11, 22, tzinfo=UTC)
    >>> IpAddress("114.114.114.114", now).is_public, IpAddress("10.0.0.1", now).is_public, IpAddress("::1", now)
    (True, False, IpAddress(unknown))

    Raises BadInput for what is no address.
    """

    text: str
    at: datetime
    network: Network = Network.UNKNOWN
    name: ClassVar[str] = "network"

    def __post_init__(self) -> None:
        _check_time(self.at)
        try:
            ipaddress.ip_address(self.text)
        except ValueError:
            raise BadInput("this is no network address", hint="IPv4 or IPv6, without a port or a mask") from None

    @property
    def address(self) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
        """The address; the IPv4 one where that is written as IPv6 (RFC 4291 §2.5.5.2)."""
        found = ipaddress.ip_address(self.text)
        return (found.ipv4_mapped or found) if isinstance(found, ipaddress.IPv6Address) else found

    @property
    def is_public(self) -> bool:
        """Whether it is an address of the Internet: neither private nor reserved."""
        return self.address.is_global and not self.address.is_multicast

    def __repr__(self) -> str:
        return f"IpAddress({self.network})"


@dataclass(frozen=True, slots=True, repr=False)
class AccessPoint:
    """A Wi-Fi access point that was heard: its address as twelve digits, and how strongly, in dBm."""

    mac: str
    signal_dbm: int | None = None

    def __repr__(self) -> str:
        return "AccessPoint()"


@dataclass(frozen=True, slots=True, repr=False)
class CellTower:
    """A cell that was heard, as GSM, UMTS and LTE number them: country, network, area (LAC or TAC) and cell."""

    radio: str
    country: int
    network: int
    area: int
    cell: int
    signal_dbm: int | None = None

    def __post_init__(self) -> None:
        bounds = ((self.country, 1, 999), (self.network, 0, 999), (self.area, 1, 65_535), (self.cell, 1, 2**28 - 1))
        if self.radio not in RADIOS or not all(low <= value <= high for value, low, high in bounds):
            raise BadInput("this is no cell", hint=f"one of {', '.join(RADIOS)}, with country, network, area and id")

    def __repr__(self) -> str:
        return f"CellTower({self.radio})"


@dataclass(frozen=True, slots=True, repr=False)
class Surroundings:
    """The access points and cells that a customer's device heard at a time.

    Raises BadInput for more than 64 of a kind.
    """

    access_points: tuple[AccessPoint, ...]
    cells: tuple[CellTower, ...]
    at: datetime
    name: ClassVar[str] = "radio"

    def __post_init__(self) -> None:
        _check_time(self.at)
        if max(len(self.access_points), len(self.cells)) > MOST:
            raise BadInput(f"more than {MOST} access points or cells", hint="send those that were heard best")

    @property
    def tells(self) -> bool:
        """Whether there is enough to ask about: two access points, or a cell."""
        return len({one.mac for one in self.access_points}) >= LEAST_POINTS or bool(self.cells)

    def __repr__(self) -> str:
        return f"Surroundings({len(self.access_points)} access points, {len(self.cells)} cells)"


@dataclass(frozen=True, slots=True, repr=False)
class SharedTrail:
    """Positions of one device that a customer's app shared, in any order: risk alone looks at them.

    >>> from datetime import UTC
    >>> SharedTrail((Fix(datetime(2026, 11, 22, tzinfo=UTC), 31.2, 121.5, 20.0),))
    SharedTrail(1 fixes)

    Raises BadInput for none, and for more than 64.
    """

    fixes: tuple[Fix, ...]

    def __post_init__(self) -> None:
        if not 1 <= len(self.fixes) <= MOST:
            raise BadInput(f"a trail has 1 to {MOST} positions, not {len(self.fixes)}", hint="send the newest")

    def __repr__(self) -> str:
        return f"SharedTrail({len(self.fixes)} fixes)"


Raw: TypeAlias = IpAddress | Surroundings
"""What tells a place only once somebody has looked it up."""
Given: TypeAlias = Stated | Device | IpCity | SharedTrail | Raw


def access_point(mac: str, ssid: str | None = None, signal_dbm: int | None = None) -> AccessPoint | None:
    """An access point that may be asked about, None for one that may not; its name (SSID) is looked at and not kept.

    >>> access_point("00:25:9C:00:00:01"), access_point("00:25:9c:00:00:01", "home_nomap")
    (AccessPoint(), None)

    Raises BadInput for what is no address.
    """
    if _MAC.fullmatch(mac) is None:
        raise BadInput("this is no address of an access point", hint=_HINT)
    if signal_dbm is not None and not -200 <= signal_dbm <= 0:
        raise BadInput("a signal is not between -200 and 0 dBm", hint="-51 is a strong one")
    digits = mac.replace(":", "").replace("-", "").lower()
    # IEEE 802 §8.4: the second lowest bit of the first octet for made-up addresses, the lowest for groups.
    names_nobody = int(digits[:2], 16) & 0b11 or digits == "0" * 12
    if names_nobody or (ssid is not None and ssid.lower().endswith(OPTED_OUT)):
        return None
    return AccessPoint(digits, signal_dbm)


def heard_in(text: str, at: datetime) -> Surroundings:
    """What a device heard, as `/v1/geolocate` takes it: `wifiAccessPoints` and `cellTowers` of a JSON object.

    >>> from datetime import UTC
    >>> cell = (
    ...     '{"radioType": "lte", "mobileCountryCode": 460, "mobileNetworkCode": 0, "locationAreaCode": 1, "cellId": 2}'
    ... )
    >>> heard_in('{"cellTowers": [%s]}' % cell, datetime(2026, 11, 22, tzinfo=UTC))
    Surroundings(0 access points, 1 cells)

    Raises BadInput for what is none.
    """
    try:
        said = json.loads(text)
        points = [access_point(*_point(one)) for one in said.get("wifiAccessPoints", [])]
        cells = [CellTower(*_cell(one)) for one in said.get("cellTowers", [])]
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise BadInput("this is nothing that a device heard", hint="JSON, as /v1/geolocate takes it") from None
    return Surroundings(tuple(one for one in points if one is not None), tuple(cells), at)


def _point(said: Mapping[str, object]) -> tuple[str, str | None, int | None]:
    name = said.get("ssid")
    return str(said["macAddress"]), None if name is None else str(name), _signal(said)


def _cell(said: Mapping[str, object]) -> tuple[str, int, int, int, int, int | None]:
    names = ("mobileCountryCode", "mobileNetworkCode", "locationAreaCode", "cellId")
    country, network, area, cell = (int(str(said[name])) for name in names)
    return str(said["radioType"]), country, network, area, cell, _signal(said)


def _signal(said: Mapping[str, object]) -> int | None:
    found = said.get("signalStrength")
    return None if found is None else int(str(found))


def _check_time(at: datetime) -> None:
    if at.tzinfo is None:
        raise BadInput("the time of what was given has no zone", hint="use aware times: datetime.now(UTC)")
