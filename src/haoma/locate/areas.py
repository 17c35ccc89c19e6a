"""What a question asks about, a region or a circle, and how an answer is judged: TRUE, FALSE, PARTIAL, UNKNOWN.

Rules held here:
- TRUE takes nine in ten, FALSE at most one in ten; in between is PARTIAL with its match rate, as CAMARA
  location-verification 3.0 has it.
- FALSE is said only by evidence that could have said TRUE: whoever is known by their city alone is not said to be
  outside a circle of three kilometres in it, but UNKNOWN.
- Nothing here prints a coordinate.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from haoma.errors import BadInput, NotFound
from haoma.locate.fusion import Circle, Fused, Verdict
from haoma.places import Level, Region, city, distance_m, macro_region, named, province, provinces

__all__ = ["Area", "InRegion", "Judged", "Near", "judge", "mass_within", "place_called", "region_called"]

SURE, UNSURE = 0.9, 0.1
LEAST_M, MOST_M = 50.0, 200_000.0
NODES, TAIL = 128, 9.0  # of the normal distribution, in standard deviations


@dataclass(frozen=True, slots=True)
class InRegion:
    """Whether the customer is in this city, province or 大区."""

    region: Region


@dataclass(frozen=True, slots=True, repr=False)
class Near:
    """Whether the customer is within so many metres of this point (WGS-84).

    Raises BadInput for what is no such circle.
    """

    lat: float
    lon: float
    within_m: float

    def __post_init__(self) -> None:
        if not (abs(self.lat) <= 90 and abs(self.lon) <= 180):
            raise BadInput("the point lies on no globe", hint="latitude first, in degrees: 39.9,116.4")
        if not LEAST_M <= self.within_m <= MOST_M:
            raise BadInput("the radius is not between 50 m and 200 km", hint="3000 is three kilometres")

    def __repr__(self) -> str:
        return f"Near(within_m={self.within_m:.0f})"


Area: TypeAlias = InRegion | Near


class Judged(NamedTuple):
    """A verdict, with the match rate (1 to 99 percent) of PARTIAL."""

    verdict: Verdict
    match_rate: int | None = None


UNKNOWN = Judged(Verdict.UNKNOWN)


def judge(fused: Fused, area: Area) -> Judged:
    """Whether somebody is in an area, as far as this is known."""
    if fused.circle is None or (fused.why is not None and fused.why.code == "outside"):
        return UNKNOWN
    if isinstance(area, InRegion):
        return _judged(_share(fused, area.region))
    apart = distance_m(fused.circle.lat, fused.circle.lon, area.lat, area.lon)
    share = mass_within(fused.circle, apart, area.within_m)
    if share < SURE and mass_within(fused.circle, 0.0, area.within_m) < SURE:
        return UNKNOWN
    return _judged(share)


def region_called(text: str) -> Region:
    """The city, province or 大区 of this name or adcode.

    Raises NotFound for what is none, and BadInput for the adcode of a district, which nothing here is as fine as.

    >>> [region_called(one).name for one in ("华东", "浙江", "330100", "330000")]
    ['华东', '浙江省', '杭州市', '浙江省']
    """
    if len(text) == 6 and text.isascii() and text.isdigit():
        return _coded(text)
    return _macro_regions().get(text) or named(text)


def place_called(text: str) -> Region:
    """The city or province of this name or adcode; raises as `region_called`, and BadInput for a 大区."""
    found = region_called(text)
    if found.level is Level.MACRO_REGION:
        raise BadInput("a city or a province is asked for, and this is a 大区", hint="上海市, 浙江省")
    return found


@cache
def _macro_regions() -> Mapping[str, Region]:
    return {group.name: group for group in (macro_region(one.adcode) for one in provinces())}


def _coded(adcode: str) -> Region:
    try:
        found = city(adcode).region
    except NotFound:
        found = province(adcode)
    if found.adcode != adcode:
        raise BadInput("this adcode is of no city and no province", hint="six digits of GB/T 2260, such as 330100")
    return found


def mass_within(circle: Circle, apart_m: float, within_m: float) -> float:
    """The share of a round normal distribution, `coverage` of it in `circle`, within a distance of a point so far off.

    Integrated over the line through both centres, where what lies across it is an error function.

    >>> there = Circle(0.0, 0.0, 1000.0, 0.9)
    >>> round(mass_within(there, 0.0, 1000.0), 3), round(mass_within(there, 5000.0, 1000.0), 3)
    (0.9, 0.0)
    """
    sigma = circle.radius_m / math.sqrt(-2 * math.log(1 - circle.coverage))
    apart, within = apart_m / sigma, within_m / sigma
    low, high = max(-within, apart - TAIL), min(within, apart + TAIL)
    if low >= high:
        return 0.0
    nodes, weights = _nodes()
    along = (low + high) / 2 + (high - low) / 2 * nodes
    across = [math.erf(math.sqrt(max(0.0, within**2 - one**2) / 2)) for one in along.tolist()]
    dense = np.exp(-((along - apart) ** 2) / 2) / math.sqrt(2 * math.pi)
    return min(1.0, float((high - low) / 2 * (weights * dense * np.array(across)).sum()))


@cache
def _nodes() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    nodes, weights = np.polynomial.legendre.leggauss(NODES)
    return nodes, weights


def _share(fused: Fused, region: Region) -> float:
    ppm = fused.macro_regions.get(region.name, 0) if region.level is Level.MACRO_REGION else fused.share(region.adcode)
    return ppm / 1_000_000


def _judged(share: float) -> Judged:
    if share >= SURE:
        return Judged(Verdict.TRUE)
    if share <= UNSURE:
        return Judged(Verdict.FALSE)
    return Judged(Verdict.PARTIAL, min(99, max(1, math.floor(100 * share))))
