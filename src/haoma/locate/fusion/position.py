"""A circle around where somebody is, with the probability that they are inside it.

Rules held here:
- The circle is read from the same joint sums as the cities, with the share of cases in which circles lie.
- What it states is its own mass in the model, and at least what was asked for.
"""

from __future__ import annotations

import math

import numpy as np

from haoma.locate.fusion.circles import CORE, TAIL_WIDER, Spot
from haoma.locate.fusion.cities import Cities, Floats
from haoma.locate.fusion.joint import Evidence, Joint
from haoma.locate.fusion.observation import Circle
from haoma.places.distance import EARTH_M

__all__ = ["circle_of"]

CENTRES, KEPT, RINGS, SPOKES = 2, 12, 12, 6
LEAST = 3e-3


def circle_of(seen: Evidence, sums: Joint, cities: Cities, coverage: float) -> Circle:
    """The smallest circle, of a few centres, that holds somebody with a probability of `coverage`."""
    weights, spots, rest = _mixture(seen, sums, cities)
    points = _clouds(np.array([spot.xyz for spot in spots]), np.array([spot.sigma_m for spot in spots]))
    mass = np.repeat(weights / (RINGS * SPOKES), RINGS * SPOKES)
    centres = [spots[place].xyz for place in np.argsort(-weights, kind="stable")[:CENTRES]]
    points, mass = np.concatenate([points, cities.xyz]), np.concatenate([mass, rest])
    radius, covered, centre = min(
        (_reach(points, mass, centre, coverage) for centre in centres), key=lambda one: one[0]
    )
    lat, lon = math.degrees(math.asin(max(-1.0, min(1.0, centre[2])))), math.degrees(math.atan2(centre[1], centre[0]))
    return Circle(lat, lon, max(radius, 1.0), min(covered, 1 - 1e-6))


def _mixture(seen: Evidence, sums: Joint, cities: Cities) -> tuple[Floats, list[Spot], Floats]:
    """Where somebody may be, as weighted spots: of circles that are believed, of likely cities, and the others."""
    weights: list[float] = []
    spots: list[Spot] = []
    rest = np.zeros(len(cities))
    before = sums.here / np.maximum(sums.trust, 1e-300)
    for way in seen.trust:
        here = before * way.weight / sums.total
        if way.spot:
            weights.append(float(here.sum()))
            spots.append(way.spot)
        else:
            rest += here
    for place in np.flatnonzero(rest > LEAST)[:KEPT]:
        for share, wider in ((CORE, 1.0), (1 - CORE, TAIL_WIDER)):
            weights.append(share * float(rest[place]))
            spots.append(Spot(cities.xyz[place], wider * float(cities.spread_m[place])))
        rest[place] = 0.0
    return np.array(weights), spots, rest


def _disc() -> Floats:
    """Points of equal mass of a normal distribution in the plane: rings at quantiles, turned against each other."""
    radii = np.sqrt(-2 * np.log1p(-(np.arange(RINGS) + 0.5) / RINGS))
    turns = (np.arange(SPOKES)[None] + np.arange(RINGS)[:, None] * 0.382) / SPOKES * 2 * np.pi
    return np.stack([radii[:, None] * np.cos(turns), radii[:, None] * np.sin(turns)], axis=-1).reshape(-1, 2)


DISC = _disc()


def _clouds(xyz: Floats, sigma_m: Floats) -> Floats:
    """The disc around each spot, one after the other, on the sphere to first order."""
    flat = np.maximum(np.hypot(xyz[:, 0], xyz[:, 1]), 1e-12)
    zero = np.zeros(len(xyz))
    east = np.array([-xyz[:, 1] / flat, xyz[:, 0] / flat, zero]).T
    north = np.array([-xyz[:, 2] * east[:, 1], xyz[:, 2] * east[:, 0], flat]).T
    step = (sigma_m / EARTH_M)[:, None, None]
    points = xyz[:, None] + step * (DISC[None, :, :1] * east[:, None] + DISC[None, :, 1:] * north[:, None])
    result: Floats = points.reshape(-1, 3)
    return result


def _reach(points: Floats, mass: Floats, centre: Floats, coverage: float) -> tuple[float, float, Floats]:
    chord = np.sqrt(((points - centre) ** 2).sum(axis=1))
    order = np.argsort(chord, kind="stable")
    sums = np.cumsum(mass[order])
    place = min(int(np.searchsorted(sums, coverage)), len(sums) - 1)
    return 2 * EARTH_M * math.asin(min(float(chord[order[place]]) / 2, 1.0)), float(sums[place]), centre
