"""How far apart two points are: great circles on a sphere.

Rules held here:
- Degrees of WGS-84 in, latitude first; metres out. The sphere has Earth's mean radius, so that a distance is right to
  0.6 %.

Reference: haversine formula; mean radius R1 of WGS-84 (IUGG).
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

__all__ = ["EARTH_M", "chord", "distance_m", "distances_m", "on_sphere"]

Floats = npt.NDArray[np.float64]
EARTH_M = 6_371_008.8


def distance_m(lat: float, lon: float, other_lat: float, other_lon: float) -> float:
    """Metres between two points.

    >>> round(distance_m(39.9042, 116.4074, 31.2304, 121.4737) / 1000)  # 北京, 上海
    1067
    """
    y, other_y = math.radians(lat), math.radians(other_lat)
    half = math.sin((other_y - y) / 2) ** 2
    half += math.cos(y) * math.cos(other_y) * math.sin(math.radians(other_lon - lon) / 2) ** 2
    return 2 * EARTH_M * math.asin(math.sqrt(min(1.0, half)))


def distances_m(lat: npt.ArrayLike, lon: npt.ArrayLike, other_lat: npt.ArrayLike, other_lon: npt.ArrayLike) -> Floats:
    """Metres between points, element by element, by numpy's rules of broadcasting.

    >>> distances_m([30.0, 31.0], 120.0, 30.0, 120.0).round(-3).tolist()
    [0.0, 111000.0]
    """
    y, other_y = np.radians(lat), np.radians(other_lat)
    half = np.sin((other_y - y) / 2) ** 2
    half = half + np.cos(y) * np.cos(other_y) * np.sin(np.radians(np.subtract(other_lon, lon)) / 2) ** 2
    metres: Floats = 2 * EARTH_M * np.arcsin(np.sqrt(np.minimum(1.0, half)))
    return metres


def on_sphere(lat: Floats, lon: Floats) -> Floats:
    """Points as x, y, z on the unit sphere, one row each: the straight line between two grows with their distance."""
    y, x = np.radians(lat), np.radians(lon)
    flat = np.cos(y)
    return np.stack((flat * np.cos(x), flat * np.sin(x), np.sin(y)), axis=-1)


def chord(metres: float) -> float:
    """The straight line on the unit sphere that belongs to a distance; 2, its diameter, for half of Earth and more.

    >>> chord(0), chord(1e9)
    (0.0, 2.0)
    """
    return 2 * math.sin(min(metres / EARTH_M, math.pi) / 2)
