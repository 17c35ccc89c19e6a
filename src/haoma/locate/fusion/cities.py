"""The cities that somebody may be in: points, weights, and the provinces and 大区 above them, as arrays.

Rules held here:
- A city is a point with a spread around it, no boundary: near an edge between two cities both stay possible.
- Weights sum to 1. They say how likely a city is before anything is known.
- Moving and travelling go by province: a share stays inside it, the rest goes anywhere, each in proportion to weight.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from haoma.errors import BadInput, NotFound
from haoma.places import cities as all_cities
from haoma.places import city, macro_region, provinces
from haoma.places.distance import EARTH_M

__all__ = ["Cities", "Floats", "Ints", "cities_of", "known_cities", "unit"]

Floats: TypeAlias = NDArray[np.float64]
Ints: TypeAlias = NDArray[np.int64]

NEAREST = 3
SPREAD_SHARE, SPREAD_LEAST_M, SPREAD_MOST_M = 0.2, 6_000.0, 120_000.0


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Cities:
    """Arrays over n cities; make one with `cities_of`.

    `alone` is 1 for a city without another in its province, `rest_of_province` the weight of all others there, and
    `largest` the position of the one that weighs most.
    `province` and `group` are positions in `provinces` (adcodes) and `groups` (names of 大区). `spread_m` is the
    standard deviation, in each direction, of where the people of a city are around its point.
    """

    adcode: tuple[str, ...]
    lat: Floats
    lon: Floats
    weight: Floats
    spread_m: Floats
    xyz: Floats
    provinces: tuple[str, ...]
    province: Ints
    province_weight: Floats
    alone: Floats
    rest_of_province: Floats
    largest: Ints
    groups: tuple[str, ...]
    group: Ints
    index: Mapping[str, int]

    def __len__(self) -> int:
        return len(self.adcode)

    def __repr__(self) -> str:
        return f"Cities({len(self)} in {len(self.provinces)} provinces)"

    def members(self, adcode: str) -> Ints:
        """Positions of the cities that an adcode means: one for a city or what lies in it, several for a province.

        A code of the past means its successor. Empty for a region that is not known here.
        """
        if adcode not in self.index and adcode in self.provinces:
            return np.flatnonzero(self.province == self.provinces.index(adcode))
        found = self.index.get(adcode)
        found = self.index.get(_today(adcode)) if found is None else found
        return NONE if found is None else np.array([found])

    def distance_m(self, lat: float, lon: float) -> Floats:
        """Great-circle metres from a point to every city's point."""
        chord = np.linalg.norm(self.xyz - unit(lat, lon), axis=1)
        result: Floats = 2 * EARTH_M * np.arcsin(np.minimum(chord / 2, 1.0))
        return result


NONE: Ints = np.array([], dtype=np.int64)


def cities_of(
    adcode: Sequence[str], lat: ArrayLike, lon: ArrayLike, weight: ArrayLike, groups: Mapping[str, str]
) -> Cities:
    """Cities out of columns; `groups` names the 大区 of a province by the first two digits of its adcode.

    >>> two = cities_of(["310000", "440100"], [31.2, 23.1], [121.5, 113.3], [3, 1], {"31": "华东", "44": "华南"})
    >>> two, two.weight.tolist(), two.members("440000").tolist(), two.groups
    (Cities(2 in 2 provinces), [0.75, 0.25], [1], ('华东', '华南'))

    Raises BadInput where columns differ in length, fewer than two cities are given, one comes twice, or has no weight.
    """
    names = tuple(adcode)
    columns = [np.asarray(column, dtype=np.float64) for column in (lat, lon, weight)]
    if len(names) < 2 or any(column.shape != (len(names),) for column in columns) or len(set(names)) < len(names):
        raise BadInput("the cities are fewer than two, or their columns do not fit", hint="one row a city, each once")
    if not (np.isfinite(columns).all() and (columns[2] > 0).all()):
        raise BadInput("a city has no point or no weight above 0", hint="area-neutral weights are 1 for each")
    lats, lons, weights = columns
    weights = weights / weights.sum()
    provinces, in_province = np.unique([f"{name[:2]}0000" for name in names], return_inverse=True)
    named, in_group = np.unique([groups.get(name[:2], "") for name in names], return_inverse=True)
    province, group = in_province.astype(np.int64), in_group.astype(np.int64)
    alone = np.bincount(province)[province] == 1
    sums = np.asarray(np.bincount(province, weights)[province], dtype=np.float64)
    xyz = unit(lats, lons)
    return Cities(
        names,
        lats,
        lons,
        weights,
        _spreads(xyz),
        xyz,
        tuple(map(str, provinces)),
        province,
        sums,
        alone.astype(np.float64),
        np.where(alone, 1.0, sums - weights),
        _largest(weights, province),
        tuple(map(str, named)),
        group,
        MappingProxyType({name: place for place, name in enumerate(names)}),
    )


@cache
def known_cities() -> Cities:
    """All cities of `haoma.places`, each weighing as many people as lived there, with the customary 大区.

    >>> known_cities()
    Cities(374 in 34 provinces)
    """
    known = all_cities()
    return cities_of(
        [one.region.adcode for one in known],
        [one.lat for one in known],
        [one.lon for one in known],
        [one.people for one in known],
        {one.adcode[:2]: macro_region(one.adcode).name for one in provinces()},
    )


@cache
def _today(adcode: str) -> str:
    try:
        return city(adcode).region.adcode
    except (BadInput, NotFound):
        return ""


def unit(lat: ArrayLike, lon: ArrayLike) -> Floats:
    """Points of the unit sphere, x y z in the last axis."""
    phi, lam = np.radians(lat), np.radians(lon)
    return np.array([np.cos(phi) * np.cos(lam), np.cos(phi) * np.sin(lam), np.sin(phi)]).T


def _largest(weights: Floats, province: Ints) -> Ints:
    rising = np.argsort(weights, kind="stable")
    first = np.zeros(int(province.max()) + 1, dtype=np.int64)
    first[province[rising]] = rising  # the last one of a province stays
    result: Ints = first[province]
    return result


def _spreads(xyz: Floats) -> Floats:
    chords = np.linalg.norm(xyz[:, None] - xyz[None], axis=-1)
    near = np.sort(chords, axis=1)[:, 1 : 1 + NEAREST].mean(axis=1) * EARTH_M
    result: Floats = np.clip(SPREAD_SHARE * near, SPREAD_LEAST_M, SPREAD_MOST_M)
    return result
