"""The joint model: where a number is from, where its holder lives, where they are, and what went wrong on the way.

    from ──(moved?)──► home ──(away?)──► here
     │ issued, stale addresses, home-routed traffic
                        │ addresses
                                          │ traffic, circles, verdicts

Rules held here:
- One cause explains all that it touches: who moved has a strange attribution and stale addresses at once.
- Everything is summed exactly; a message costs time in proportion to the number of cities, for moves go by province.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from haoma.locate.fusion.circles import Combination
from haoma.locate.fusion.cities import Cities, Floats
from haoma.locate.fusion.priors import Priors
from haoma.locate.fusion.says import Net, Said, Word

__all__ = ["Case", "Evidence", "Joint", "Routing", "joint", "kept_near"]


@dataclass(frozen=True, slots=True, repr=False)
class Evidence:
    """All that counts, as vectors over cities."""

    issued: tuple[Word, ...]
    stated: tuple[Said, ...]
    nets: tuple[Net, ...]
    trust: tuple[Combination, ...]


@dataclass(frozen=True, slots=True, repr=False)
class Case:
    """One way that things may be: which addresses are stale and whose traffic is home-routed.

    `source` and `stayed`, `left` are over cities: the number's, and the home's by whether its holder moved.
    `back` is what follows from a home, `back_from` from a number's city.
    """

    stale: tuple[bool, ...]
    routed: tuple[bool, ...]
    source: Floats
    stayed: Floats
    left: Floats
    back: Floats
    back_from: Floats

    @property
    def at_home(self) -> Floats:
        """The weight of each home."""
        return (self.stayed + self.left) * self.back

    @property
    def from_city(self) -> Floats:
        """The weight of each city that the number may be from."""
        return self.source * self.back_from


@dataclass(frozen=True, slots=True, repr=False)
class Routing:
    """For one way that traffic is home-routed: who is at home, who is away, and what all that is seen makes of it."""

    routed: tuple[bool, ...]
    stays: Floats
    travels: Floats
    factor: Floats


@dataclass(frozen=True, slots=True, repr=False)
class Joint:
    """The sums: `here` over cities (not normalised), `total` its sum, and the parts that causes are read from."""

    here: Floats
    total: float
    cases: tuple[Case, ...]
    routings: tuple[Routing, ...]
    trust: Floats


def joint(seen: Evidence, cities: Cities, priors: Priors, only: Floats | None = None) -> Joint:
    """All sums for some evidence; `only` (0 or 1 for each city) keeps to where somebody is known to be."""
    trust = np.sum([way.weight for way in seen.trust], axis=0)
    trust = trust if only is None else trust * only
    cases: list[Case] = []
    routings: list[Routing] = []
    for routed in itertools.product((False, True), repeat=len(seen.nets)):
        factor = trust * _traffic(seen.nets, routed, cities)
        leaves = priors["away"]
        back = (1 - leaves) * factor + leaves * _received(factor, priors["away.near"], cities)
        found = [_case(stale, routed, seen, back, cities, priors) for stale in _states(len(seen.stated))]
        home = np.sum([case.stayed + case.left for case in found], axis=0)
        routings.append(Routing(routed, (1 - leaves) * home, leaves * _sent(home, priors["away.near"], cities), factor))
        cases += found
    here = np.sum([(way.stays + way.travels) * way.factor for way in routings], axis=0)
    return Joint(here, float(here.sum()), tuple(cases), tuple(routings), trust)


def _states(count: int) -> list[tuple[bool, ...]]:
    return list(itertools.product((False, True), repeat=count))


def _traffic(nets: Sequence[Net], routed: Sequence[bool], cities: Cities) -> Floats:
    factor = np.ones(len(cities))
    for net, home in zip(nets, routed, strict=True):
        if not home:
            factor *= net.direct * net.exit + net.relayed * net.anywhere(cities)
    return factor


def _case(
    stale: tuple[bool, ...], routed: tuple[bool, ...], seen: Evidence, back: Floats, cities: Cities, priors: Priors
) -> Case:
    share = math.prod(said.stale if old else 1 - said.stale for said, old in zip(seen.stated, stale, strict=True))
    source, home = share * cities.weight, np.ones(len(cities))
    for word in seen.issued:
        source = source * word.chance
    for net, there in zip(seen.nets, routed, strict=True):
        source = source * (net.home_routed * net.home(cities)) if there else source
    for said, old in zip(seen.stated, stale, strict=True):
        source, home = (source * said.word.chance, home) if old else (source, home * said.word.chance)
    moved, near = priors["moved"], priors["moved.near"]
    behind = home * back
    return Case(
        stale,
        routed,
        source,
        (1 - moved) * source * home,
        moved * _sent(source, near, cities) * home,
        back,
        (1 - moved) * behind + moved * _received(behind, near, cities),
    )


@lru_cache(maxsize=32)
def _shares(near: float, cities: Cities) -> tuple[Floats, Floats]:
    """Of those who leave each city: the share a unit of weight in the province gets, and one anywhere."""
    inside = near * (1 - cities.alone)
    return inside / cities.rest_of_province, (1 - inside) / (1 - cities.weight)


def _sent(source: Floats, near: float, cities: Cities) -> Floats:
    """Where those end up who leave: the message along a move."""
    inside, anywhere = _shares(near, cities)
    a, b = source * inside, source * anywhere
    result: Floats = cities.weight * (np.bincount(cities.province, a)[cities.province] - a + b.sum() - b)
    return np.maximum(result, 0.0)


def kept_near(source: Floats, near: float, cities: Cities) -> tuple[Floats, Floats]:
    """For each city that is moved to: the share of those who chose to stay in their province, and of who could."""
    inside, _ = _shares(near, cities)
    sent = np.maximum(_sent(source, near, cities), 1e-300)
    at = source * inside
    chose = cities.weight * (np.bincount(cities.province, at)[cities.province] - at)
    return np.maximum(chose, 0.0) / sent, _sent(source * (1 - cities.alone), near, cities) / sent


def _received(target: Floats, near: float, cities: Cities) -> Floats:
    """What awaits those who leave: the message against a move."""
    inside, anywhere = _shares(near, cities)
    at = cities.weight * target
    result: Floats = inside * (np.bincount(cities.province, at)[cities.province] - at) + anywhere * (at.sum() - at)
    return np.maximum(result, 0.0)
