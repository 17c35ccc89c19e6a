"""What circles say: which of them to trust together, and where they then put somebody.

Rules held here:
- Device, radio and carrier each tell the truth or do not; every combination is weighed (at most eight).
- Circles that are trusted together are of one person in one place: they are joined first and compared with cities
  after that, for two circles on a border between cities are no more certain than one.
- A circle that is not trusted may lie anywhere people live, or (one in a hundred) anywhere at all.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

import numpy as np

from haoma.locate.fusion.cities import Cities, Floats, unit
from haoma.locate.fusion.observation import CarrierCircle, CarrierVerdict, Circle, Device, Radio, Verdict
from haoma.locate.fusion.priors import Priors
from haoma.locate.fusion.says import age_days, gone
from haoma.places.distance import EARTH_M

__all__ = ["KINDS", "Combination", "Spot", "combinations", "far_from_all", "sigma_of"]

KINDS = ("device", "radio", "carrier")
OF_KIND = MappingProxyType({"device": (Device,), "radio": (Radio,), "carrier": (CarrierCircle, CarrierVerdict)})
CORE, TAIL, TAIL_WIDER = 0.85, 0.15, 2.0
LAND_SHARE, LAND_PER_M2 = 0.99, 1e-13
DRIFT_MOST_M = 20_000.0


@dataclass(frozen=True, slots=True, repr=False)
class Spot:
    """A place as a normal distribution: its centre on the unit sphere, standard deviation in each direction."""

    xyz: Floats
    sigma_m: float


@dataclass(frozen=True, slots=True, repr=False)
class Combination:
    """One way to trust: who lies and how likely that is, the weight for each city, and where circles put somebody."""

    lying: Mapping[str, float]
    weight: Floats
    spot: Spot | None


@dataclass(frozen=True, slots=True)
class _Kind:
    name: str
    spot: Spot | None
    verdicts: tuple[CarrierVerdict, ...]
    lying: float


def sigma_of(circle: Circle, stretch: float = 1.0) -> float:
    """The standard deviation of a normal distribution with the circle's coverage inside its radius."""
    return stretch * circle.radius_m / math.sqrt(-2 * math.log1p(-circle.coverage))


def combinations(
    seen: Sequence[Device | Radio | CarrierCircle | CarrierVerdict], cities: Cities, priors: Priors, at: datetime
) -> list[Combination]:
    """Every way to trust what was seen; with nothing seen, the one that trusts nothing and weighs all cities alike."""
    kinds = [kind for name in KINDS if (kind := _kind(name, seen, priors, at))]
    return [
        _combination([kind for kind, trusted in zip(kinds, chosen, strict=True) if trusted], kinds, cities)
        for chosen in itertools.product((True, False), repeat=len(kinds))
    ]


def far_from_all(circle: Circle, cities: Cities) -> bool:
    """Whether a circle lies where nobody of these cities is."""
    away = cities.distance_m(circle.lat, circle.lon)
    return bool((away > circle.radius_m + 4 * TAIL_WIDER * cities.spread_m).all())


def _kind(
    name: str, seen: Sequence[Device | Radio | CarrierCircle | CarrierVerdict], priors: Priors, at: datetime
) -> _Kind | None:
    mine = [one for one in seen if isinstance(one, OF_KIND[name])]
    verdicts = tuple(one for one in mine if isinstance(one, CarrierVerdict) and one.verdict is not Verdict.UNKNOWN)
    circles = [one for one in mine if not isinstance(one, CarrierVerdict)]
    if not circles and not verdicts:
        return None
    spot = _spot(circles[-1], name, priors, at) if circles else None
    newest = min(age_days(one, at) for one in (*verdicts, *circles))
    wrong = priors[f"{name}.wrong"]
    return _Kind(name, spot, verdicts, wrong + (1 - wrong) * gone(newest, priors))


def _spot(seen: Device | Radio | CarrierCircle, name: str, priors: Priors, at: datetime) -> Spot:
    drift = min(priors["drift_m_per_s"] * age_days(seen, at) * 86_400, DRIFT_MOST_M)
    sigma = math.hypot(sigma_of(seen.circle, priors[f"{name}.stretch"]), drift)
    return Spot(unit(seen.circle.lat, seen.circle.lon), max(sigma, 1.0))


def _combination(trusted: Sequence[_Kind], kinds: Sequence[_Kind], cities: Cities) -> Combination:
    lying = {kind.name: kind.lying for kind in kinds if kind not in trusted}
    weight = np.full(len(cities), math.prod(1 - k.lying if k in trusted else k.lying for k in kinds))
    spot: Spot | None = None
    for kind in trusted:
        if kind.spot and spot is None:
            spot = kind.spot
        elif kind.spot and spot:
            weight *= _agreement(spot, kind.spot, cities)
            spot = _joined(spot, kind.spot)
    if spot:
        weight *= _lift(spot, cities)
    for kind in kinds:
        for verdict in kind.verdicts:
            weight *= _verdict(verdict, spot, cities) if kind in trusted else _of_anybody(verdict, cities)
    return Combination(lying, weight, spot)


def _lift(spot: Spot, cities: Cities) -> Floats:
    """How much denser people of each city are around a spot than people of any."""
    away = _distance(cities.xyz, spot.xyz)
    dense = CORE * _density(away, np.hypot(cities.spread_m, spot.sigma_m))
    dense += TAIL * _density(away, np.hypot(TAIL_WIDER * cities.spread_m, spot.sigma_m))
    result: Floats = dense / (LAND_SHARE * float(cities.weight @ dense) + (1 - LAND_SHARE) * LAND_PER_M2)
    return result


def _agreement(one: Spot, two: Spot, cities: Cities) -> float:
    """How much likelier the second circle is where the first one is, than where anybody might be."""
    sigma = math.hypot(one.sigma_m, two.sigma_m)
    close = float(_density(_distance(one.xyz, two.xyz), sigma))
    crowd = float(cities.weight @ _density(_distance(cities.xyz, two.xyz), np.hypot(cities.spread_m, two.sigma_m)))
    return close / (LAND_SHARE * crowd + (1 - LAND_SHARE) * LAND_PER_M2)


def _joined(one: Spot, two: Spot) -> Spot:
    a, b = one.sigma_m**-2, two.sigma_m**-2
    middle = a * one.xyz + b * two.xyz
    return Spot(middle / np.linalg.norm(middle), (a + b) ** -0.5)


def _verdict(seen: CarrierVerdict, spot: Spot | None, cities: Cities) -> Floats:
    """The chance of a verdict for each city; a match rate is a probability, and weighs against what is usual there."""
    inside = _inside(seen.about, spot, cities)
    if seen.verdict is Verdict.TRUE:
        return inside
    if seen.verdict is Verdict.FALSE:
        return 1 - inside
    usual = min(max(float(cities.weight @ inside), 1e-6), 1 - 1e-6)
    rate = (seen.match_rate or 50) / 100
    both = rate / usual * inside + (1 - rate) / (1 - usual) * (1 - inside)
    result: Floats = both / max(rate / usual, (1 - rate) / (1 - usual))
    return result


def _of_anybody(seen: CarrierVerdict, cities: Cities) -> float:
    """The chance of a verdict where it is of somebody else, who may be in any city."""
    return max(float(cities.weight @ _verdict(seen, None, cities)), 1e-12)


def _inside(about: str | Circle, spot: Spot | None, cities: Cities) -> Floats:
    if isinstance(about, str):
        share = np.zeros(len(cities))
        share[cities.members(about)] = 1.0
        return share
    centre = unit(about.lat, about.lon)
    if spot:
        share = _rice(_distance(spot.xyz, centre), spot.sigma_m, about.radius_m)
        return np.full(len(cities), float(share))
    away = _distance(cities.xyz, centre)
    wide = _rice(away, TAIL_WIDER * cities.spread_m, about.radius_m)
    result: Floats = CORE * _rice(away, cities.spread_m, about.radius_m) + TAIL * wide
    return result


def _distance(points: Floats, point: Floats) -> Floats:
    chord = np.sqrt(((points - point) ** 2).sum(axis=-1))
    result: Floats = 2 * EARTH_M * np.arcsin(np.minimum(chord / 2, 1.0))
    return result


def _density(away_m: Floats, sigma_m: Floats | float) -> Floats:
    result: Floats = np.exp(-0.5 * (away_m / sigma_m) ** 2) / (2 * math.pi * sigma_m**2)
    return result


def _rice(away_m: Floats, sigma_m: Floats | float, radius_m: float) -> Floats:
    """The share of a normal distribution inside a circle, to about 0.01.

    Cube-root normal approximation of the noncentral χ² with two degrees of freedom (Abdel-Aty 1954, Biometrika 41).
    """
    mean = 2 + (away_m / sigma_m) ** 2
    spread = 2 * (2 * mean - 2) / (9 * mean**2)
    z = (np.cbrt((radius_m / sigma_m) ** 2 / mean) - 1 + spread) / np.sqrt(spread)
    z = np.clip(z, -6, 6)
    result: Floats = 1 / (1 + np.exp(-1.5976 * z - 0.070566 * z**3))
    return result
