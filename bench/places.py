"""The nearest of many stores, and coordinates of China's maps.

Rules held here:
- CPU time, best of five, one thread. Stores and questions lie around cities as people do, in no order.
- The peer is scipy's cKDTree over the same x, y, z: once with everything as it comes, once with stores and questions
  sorted beforehand and for nothing, which is the floor. haoma's time has the sorting in it, the conversion from
  degrees and to metres, and the bound.
- Distances must be equal, and a point must come back, or the run ends.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy.spatial import cKDTree

from bench.figure import Figure, best_cpu_s, latency_us, require, wall_s
from haoma.locate.routing import Stores, read_stores
from haoma.places import Sites, cities, gcj02_to_wgs84, wgs84_to_gcj02
from haoma.places.distance import EARTH_M, chord, on_sphere
from haoma.places.nearest import along_curve

__all__ = ["places"]

Floats = npt.NDArray[np.float64]
WITHIN_M, SPREAD = 3_000, 0.3  # metres, degrees
RAW, FLOOR = "scipy cKDTree, as they come", "scipy cKDTree, both sorted beforehand"


def places(count: int) -> Iterator[Figure]:
    """The nearest of `count` stores for `count` points, and `count` points to GCJ-02 and back."""
    yield from _nearest(_somewhere(count, 1), _somewhere(count, 2))
    yield from _coordinates(_somewhere(count, 3))
    yield from _stores(count)


def _somewhere(count: int, seed: int) -> tuple[Floats, Floats]:
    chance = np.random.default_rng(seed)
    known = [one for one in cities() if one.is_mainland]
    people = np.array([one.people for one in known], dtype=np.float64)
    at = chance.choice(len(known), size=count, p=people / people.sum())
    lat, lon = (np.array([getattr(one, axis) for one in known])[at] for axis in ("lat", "lon"))
    return lat + chance.normal(0, SPREAD, count), lon + chance.normal(0, SPREAD, count)


def _nearest(stores: tuple[Floats, Floats], asked: tuple[Floats, Floats]) -> Iterator[Figure]:
    count = len(asked[0])
    sites = Sites(*stores, _ids(count))
    ours = best_cpu_s(lambda: sites.nearest_of_each(*asked, within_m=WITHIN_M))
    bound = chord(WITHIN_M)
    for peer, sort in ((FLOOR, True), (RAW, False)):
        there, here = (on_sphere(*(_sorted(points) if sort else points)) for points in (stores, asked))
        tree = cKDTree(there)
        theirs = best_cpu_s(partial(tree.query, here, distance_upper_bound=bound))
        yield Figure(f"nearest of {_told(count)} stores within 3 km, {_told(count)} points", "s", ours, peer, theirs)
    straight = tree.query(here, distance_upper_bound=bound)[0]
    metres = 2 * EARTH_M * np.arcsin(np.minimum(1, straight / 2))
    found = sites.nearest_of_each(*asked, within_m=WITHIN_M)[1]
    require(np.allclose(found, np.where(straight > bound, np.inf, metres), rtol=0, atol=1e-5), "distances differ")
    built = best_cpu_s(lambda: Sites(*stores, _ids(count)))
    yield Figure("the same, stores taken in", "s", built, RAW, best_cpu_s(lambda: cKDTree(on_sphere(*stores))))


def _coordinates(points: tuple[Floats, Floats]) -> Iterator[Figure]:
    there = wgs84_to_gcj02(*points)
    back = gcj02_to_wgs84(*there)
    moved = (there[0] != points[0]) | (there[1] != points[1])
    require(np.abs(np.subtract(back, points))[:, moved].max() < 1e-11, "a point does not come back")
    millions = len(points[0]) / 1e6
    yield Figure("a column to GCJ-02", "M points/s", millions / best_cpu_s(lambda: wgs84_to_gcj02(*points)))
    yield Figure("a column back from GCJ-02", "M points/s", millions / best_cpu_s(lambda: gcj02_to_wgs84(*there)))


def _stores(count: int) -> Iterator[Figure]:
    """A company's own file of stores, and one question at a time: wall time, of one run and of the middle call."""
    lat, lon = wgs84_to_gcj02(*_somewhere(count, 1))
    with tempfile.TemporaryDirectory(prefix="haoma-bench-") as folder:
        file, found = Path(folder, "stores.csv"), list[Stores]()
        rows = (f"{at},S,{y:.9f},{x:.9f}" for at, (y, x) in enumerate(zip(lat, lon, strict=True)))
        file.write_text("\n".join(["id,name,lat,lon", *rows]))
        took = wall_s(lambda: found.append(read_stores(file, "gcj02")))
    (stores,) = found
    require(len(stores) == count, "a store is missing")
    yield Figure(f"a CSV file of {_told(count)} stores, out of GCJ-02", "s", took)
    points = np.stack(_somewhere(1000, 2), axis=1).tolist()
    middle, _ = latency_us(lambda at: stores.nearest(*points[int(at)], within_m=WITHIN_M), _ids(1000))
    yield Figure(f"the nearest of {_told(count)} stores, one question", "µs", middle)


def _sorted(points: tuple[Floats, Floats]) -> tuple[Floats, Floats]:
    order = along_curve(*points)
    return points[0][order], points[1][order]


def _ids(count: int) -> list[str]:
    """An id for each store."""
    return [str(number) for number in range(count)]


def _told(count: int) -> str:
    return f"{count // 1_000_000} M" if count >= 1_000_000 else f"{count:,}"
