"""The nearest of many sites (stores, depots), for one point or for a million.

Rules held here:
- The answer is exact on the sphere: a k-d tree over x, y, z, where the straight line grows with the distance.
- Sites and points are gone through along a Morton curve, so that neighbours in the work are neighbours in memory;
  answers come in the order of the questions.
- Of sites at the same distance any one may be the answer.

Cost: a million points among a million sites take about a second on one core. Needs SciPy (`pip install haoma[places]`).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from haoma.errors import BadInput, Unavailable
from haoma.places.coordinates import checked
from haoma.places.distance import EARTH_M, Floats, chord, on_sphere

__all__ = ["Nearest", "Sites"]

Integers = npt.NDArray[np.int64]
CELLS = 1 << 16  # for each of latitude and longitude: 300 by 600 m
# Pulls the 16 bits of a number apart, so that another number's fit between them.
SPREAD = ((8, 0x00FF00FF), (4, 0x0F0F0F0F), (2, 0x33333333), (1, 0x55555555))


@dataclass(frozen=True, slots=True)
class Nearest:
    """A site's id, and how far it is."""

    id: str
    distance_m: float


class Sites:
    """Sites that can be asked for the nearest one; `lat` and `lon` in WGS-84 degrees, an id for each.

    Raises BadInput for coordinates that are none and counts that differ, Unavailable without SciPy.

    >>> sites = Sites([30.25, 31.23], [120.16, 121.47], ["杭州 1", "上海 1"])
    >>> sites.nearest(30.26, 120.17, within_m=3_000).id, sites.nearest(25.0, 110.0, within_m=3_000)
    ('杭州 1', None)
    """

    def __init__(self, lat: npt.ArrayLike, lon: npt.ArrayLike, ids: Sequence[str]) -> None:
        y, x = checked(lat, lon)
        if len(ids) != len(y):
            message = f"{len(y)} places and {len(ids)} ids"
            raise BadInput(message, hint="give one id for each site")
        try:
            from scipy.spatial import cKDTree
        except ImportError as error:
            message = "SciPy, which finds the nearest site, is not installed"
            raise Unavailable(message, hint="pip install 'haoma[places]'") from error
        self._ids = ids
        order = along_curve(y, x)
        self._tree = cKDTree(on_sphere(y[order], x[order]), balanced_tree=False, compact_nodes=False)
        self._number = np.append(order, -1)  # where the tree finds none, it says so by the place behind the last

    def __len__(self) -> int:
        return len(self._ids)

    def nearest(self, lat: float, lon: float, *, within_m: float = math.inf) -> Nearest | None:
        """The nearest site and its distance, or None where there is none within that many metres."""
        number, metres = self.nearest_of_each([lat], [lon], within_m=within_m)
        return None if number[0] < 0 else Nearest(self._ids[number[0]], float(metres[0]))

    def nearest_of_each(
        self, lat: npt.ArrayLike, lon: npt.ArrayLike, *, within_m: float = math.inf
    ) -> tuple[Integers, Floats]:
        """For each point the nearest site's place in `ids`, and metres; -1 and infinity where there is none."""
        if not within_m >= 0:
            message = f"within {within_m} m of a point is nowhere: a distance is 0 or more metres"
            raise BadInput(message, hint="leave within_m out for the nearest site wherever it is")
        y, x = checked(lat, lon)
        order = along_curve(y, x)
        bound = chord(within_m) * (1 + 1e-9) + 1e-12  # the tree leaves out what lies at the bound itself
        straight, found = self._tree.query(on_sphere(y[order], x[order]), distance_upper_bound=bound)
        metres, number = np.empty(len(y)), np.empty(len(y), dtype=np.int64)
        metres[order] = 2 * EARTH_M * np.arcsin(np.minimum(1.0, straight / 2))
        number[order] = self._number[found]
        missed = (number < 0) | (metres > within_m)
        number[missed], metres[missed] = -1, np.inf
        return number, metres


def along_curve(lat: Floats, lon: Floats) -> Integers:
    """The order of points along a Morton curve.

    >>> along_curve(np.array([0.0, 50.0, 0.01]), np.array([0.0, 100.0, 0.01])).tolist()
    [0, 2, 1]
    """
    return np.argsort(_spread((lat + 90) / 180) << 1 | _spread((lon + 180) / 360))


def _spread(share: Floats) -> Integers:
    bits = np.minimum(share * CELLS, CELLS - 1).astype(np.int64)
    for shift, mask in SPREAD:
        bits = (bits | bits << shift) & mask
    return bits
