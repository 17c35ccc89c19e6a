"""WGS-84, which all of haoma holds, to and from GCJ-02 and BD-09, which China's map services show.

Rules held here:
- Latitude first, degrees; one point as floats or many as arrays of one shape. Bad ones raise BadInput, which never
  repeats them.
- GCJ-02 moves a point by 20 to 700 m inside the mainland's outline and not at all outside it (香港, 澳门, 台湾, other
  countries).
- The inverse finds what was shifted, to 1e-6 m, for every point inside the outline, wherever its image lies. Where a
  point outside is also the image of one inside, which only happens within 1.6 km of the outline, the one inside is
  the answer.
- BD-09 is GCJ-02 moved once more; outside the outline it is WGS-84 too.

Reference: no standard is published; the formulas are those that all open implementations share
(tests/peers/test_places.py).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from haoma.errors import BadInput
from haoma.places.outline import inside

__all__ = ["bd09_to_wgs84", "gcj02_to_wgs84", "is_shifted", "wgs84_to_bd09", "wgs84_to_gcj02"]

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Pair = tuple[Floats, Floats]
Conversion = Callable[[Floats, Floats], Pair]
Degrees = TypeVar("Degrees", float, Floats)

AXIS_M, ECCENTRICITY_SQUARED = 6378245.0, 0.00669342162296594323  # Krasovsky's ellipsoid
BAIDU_LAT, BAIDU_LON, BAIDU_WAVE = 0.006, 0.0065, np.pi * 3000 / 180
DIGITS = 9  # a tenth of a millimetre
ROUNDS = 12  # each leaves a hundredth of the error, a tenth near 105 degrees east, where the formula has a kink
CLOSE = 1e-12  # degrees, 1e-7 m; what is left after that step is a hundredth of it


def wgs84_to_gcj02(lat: Degrees, lon: Degrees) -> tuple[Degrees, Degrees]:
    """What a map in GCJ-02 (高德, 腾讯) shows for a WGS-84 point.

    >>> lat, lon = wgs84_to_gcj02(39.9073, 116.3912)
    >>> f"{lat:.4f} {lon:.4f}"
    '39.9087 116.3974'
    >>> wgs84_to_gcj02(22.2819, 114.1582)  # 香港
    (22.2819, 114.1582)
    """
    return _converted(_to_gcj02, lat, lon)


def gcj02_to_wgs84(lat: Degrees, lon: Degrees) -> tuple[Degrees, Degrees]:
    """The WGS-84 point that a map in GCJ-02 shows here.

    >>> lat, lon = gcj02_to_wgs84(*wgs84_to_gcj02(39.9073, 116.3912))
    >>> f"{lat:.9f} {lon:.9f}"
    '39.907300000 116.391200000'
    """
    return _converted(_from_gcj02, lat, lon)


def wgs84_to_bd09(lat: Degrees, lon: Degrees) -> tuple[Degrees, Degrees]:
    """What a map in BD-09 (百度) shows for a WGS-84 point.

    >>> lat, lon = wgs84_to_bd09(39.9073, 116.3912)
    >>> f"{lat:.4f} {lon:.4f}"
    '39.9150 116.4038'
    """
    return _converted(_to_bd09, lat, lon)


def bd09_to_wgs84(lat: Degrees, lon: Degrees) -> tuple[Degrees, Degrees]:
    """The WGS-84 point that a map in BD-09 shows here.

    >>> lat, lon = bd09_to_wgs84(*wgs84_to_bd09(39.9073, 116.3912))
    >>> f"{lat:.9f} {lon:.9f}"
    '39.907300000 116.391200000'
    """
    return _converted(_from_bd09, lat, lon)


def is_shifted(lat: float, lon: float) -> bool:
    """Whether map services shift this WGS-84 point.

    >>> is_shifted(31.2304, 121.4737), is_shifted(22.1987, 113.5439), is_shifted(37.5665, 126.9780)
    (True, False, False)
    """
    y, x = checked(np.array([lat]), np.array([lon]))
    return bool(inside(y, x)[0])


def checked(lat: npt.ArrayLike, lon: npt.ArrayLike) -> Pair:
    """Latitudes and longitudes as flat arrays of degrees; raises BadInput for shapes that differ and for no place."""
    y, x = np.asarray(lat, dtype=np.float64), np.asarray(lon, dtype=np.float64)
    if y.shape != x.shape:
        message = f"{y.size} latitudes and {x.size} longitudes"
        raise BadInput(message, hint="give one longitude for each latitude")
    wrong = np.count_nonzero(~((np.abs(y) <= 90) & (np.abs(x) <= 180)))  # not a number is wrong too
    if wrong:
        message = (
            f"{wrong} of {y.size} points are not on Earth: latitudes are -90 to 90 degrees, longitudes -180 to 180"
        )
        raise BadInput(message, hint="latitude comes first")
    return y.ravel(), x.ravel()


def _converted(convert: Conversion, lat: Degrees, lon: Degrees) -> tuple[Degrees, Degrees]:
    y, x = convert(*checked(lat, lon))
    if isinstance(lat, np.ndarray):
        return y.reshape(lat.shape), x.reshape(lat.shape)
    return float(y[0]), float(x[0])


def _shift(lat: Floats, lon: Floats) -> Pair:
    """By how many degrees GCJ-02 moves a point, wherever it lies; the terms come in metres around 35 N, 105 E."""
    y, x, root = lat - 35.0, lon - 105.0, np.sqrt(np.abs(lon - 105.0))
    both = (20 * np.sin(6 * np.pi * x) + 20 * np.sin(2 * np.pi * x)) * 2 / 3
    north = -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root + both
    north += (20 * np.sin(np.pi * y) + 40 * np.sin(np.pi / 3 * y)) * 2 / 3
    north += (160 * np.sin(np.pi / 12 * y) + 320 * np.sin(np.pi / 30 * y)) * 2 / 3
    east = 300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root + both
    east += (20 * np.sin(np.pi * x) + 40 * np.sin(np.pi / 3 * x)) * 2 / 3
    east += (150 * np.sin(np.pi / 12 * x) + 300 * np.sin(np.pi / 30 * x)) * 2 / 3
    bulge = 1 - ECCENTRICITY_SQUARED * np.sin(np.radians(lat)) ** 2
    meridian_m = AXIS_M * (1 - ECCENTRICITY_SQUARED) / bulge**1.5
    parallel_m = AXIS_M / np.sqrt(bulge) * np.cos(np.radians(lat))
    return np.degrees(north / meridian_m), np.degrees(east / parallel_m)


def _shifted(lat: Floats, lon: Floats) -> Pair:
    north, east = _shift(lat, lon)
    return lat + north, lon + east


def _baidu(lat: Floats, lon: Floats) -> Pair:
    """BD-09 of a point in GCJ-02."""
    radius = np.hypot(lon, lat) + 2e-5 * np.sin(lat * BAIDU_WAVE)
    angle = np.arctan2(lat, lon) + 3e-6 * np.cos(lon * BAIDU_WAVE)
    return radius * np.sin(angle) + BAIDU_LAT, radius * np.cos(angle) + BAIDU_LON


def _to_gcj02(lat: Floats, lon: Floats) -> Pair:
    return _replaced((lat, lon), inside(lat, lon), _shifted)


def _to_bd09(lat: Floats, lon: Floats) -> Pair:
    return _replaced((lat, lon), inside(lat, lon), _shifted_baidu)


def _from_gcj02(lat: Floats, lon: Floats) -> Pair:
    return _replaced((lat, lon), _is_near(lat, lon), _unshifted)


def _from_bd09(lat: Floats, lon: Floats) -> Pair:
    return _replaced((lat, lon), _is_near(lat, lon), _unshifted_baidu)


def _is_near(lat: Floats, lon: Floats) -> Bools:
    """Whether a point can be the image of a shifted one; the formula runs wild far away."""
    return (np.abs(lat - 35) < 25) & (np.abs(lon - 105) < 40)


def _unshifted(lat: Floats, lon: Floats) -> Pair:
    return _kept(_solved(_shifted, lat, lon), (lat, lon))


def _shifted_baidu(lat: Floats, lon: Floats) -> Pair:
    return _baidu(*_shifted(lat, lon))


def _unshifted_baidu(lat: Floats, lon: Floats) -> Pair:
    return _kept(_solved(_shifted, *_solved(_baidu, lat, lon)), (lat, lon))


def _kept(found: Pair, given: Pair) -> Pair:
    """The point that was found if it is one that is shifted, else the given one, which was not.

    On the very line of the outline the last digit of what was found decides nothing: the corner it stands for does.
    """
    shifted = inside(*found) | inside(np.round(found[0], DIGITS), np.round(found[1], DIGITS))
    return np.where(shifted, found[0], given[0]), np.where(shifted, found[1], given[1])


def _replaced(points: Pair, at: Bools, convert: Conversion) -> Pair:
    y, x = points[0].copy(), points[1].copy()
    y[at], x[at] = convert(y[at], x[at])
    return y, x


def _solved(forward: Conversion, lat: Floats, lon: Floats) -> Pair:
    """The points that `forward` moves to these, by fixed-point steps: it moves neighbours almost alike."""
    y, x = lat, lon
    for _ in range(ROUNDS):
        moved_y, moved_x = forward(y, x)
        north, east = lat - moved_y, lon - moved_x
        y, x = y + north, x + east
        if not len(y) or max(np.abs(north).max(), np.abs(east).max()) < CLOSE:
            break
    return y, x
