"""Where China's map services shift coordinates: inside the mainland's outline, and nowhere else.

Rules held here:
- The outline is for arithmetic and is never drawn: it is coarse, and no statement about a border.
- A point is asked about by the parity of the lines east of it; one on a line has one defined answer, the same for one
  point and for many.
- 香港, 澳门, 台湾 and other countries are outside. Near a land border the outline is off by up to 2 km: there a map
  service decides.

Source: Natural Earth 1:10m (public domain), simplified by tools/build_outline.py.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from haoma.numbers.once import once
from haoma.places.tables import rows

__all__ = ["inside"]

Floats = npt.NDArray[np.float64]
FEW = 64  # points for which each is asked of all lines at once


@once
def _lines() -> tuple[Floats, Floats, Floats, Floats]:
    """South end and north end of each line that is not level: lat, lon, lat, lon; every ring is closed."""
    rings: dict[str, list[tuple[float, float]]] = {}
    for row in rows("outline.csv"):
        rings.setdefault(row["ring"], []).append((float(row["lat"]), float(row["lon"])))
    pairs = [
        (*min(ends), *max(ends))
        for ring in rings.values()
        for ends in zip(ring, [*ring[1:], ring[0]], strict=True)
        if ends[0][0] != ends[1][0]
    ]
    south, west, north, east = np.array(sorted(pairs)).T
    return south, west, north, east


def inside(lat: Floats, lon: Floats) -> npt.NDArray[np.bool_]:
    """Whether the shift applies at each point; WGS-84 degrees, arrays of one dimension.

    >>> inside(np.array([31.23, 22.28]), np.array([121.47, 114.16])).tolist()  # 上海, 香港
    [True, False]
    """
    return _each_point(lat, lon) if len(lat) <= FEW else _each_line(lat, lon)


def _crosses(lat: Floats, lon: Floats, line: tuple[Floats, Floats, Floats, Floats]) -> npt.NDArray[np.bool_]:
    """Whether the line passes east of the point; a line holds its southern end and not its northern one."""
    south, south_lon, north, north_lon = line
    east = south_lon + (lat - south) / (north - south) * (north_lon - south_lon)
    return (south <= lat) & (lat < north) & (lon < east)


def _each_point(lat: Floats, lon: Floats) -> npt.NDArray[np.bool_]:
    lines = _lines()
    odd = [np.count_nonzero(_crosses(y, x, lines)) % 2 == 1 for y, x in zip(lat, lon, strict=True)]
    return np.array(odd, dtype=np.bool_)


def _each_line(lat: Floats, lon: Floats) -> npt.NDArray[np.bool_]:
    """Sorted by latitude, so that a line is asked about the points at its height alone."""
    order = np.argsort(lat)
    y, x = lat[order], lon[order]
    odd = np.zeros(len(y), dtype=np.bool_)
    lines = _lines()
    first, last = np.searchsorted(y, lines[0]), np.searchsorted(y, lines[2])
    for number in np.flatnonzero(first < last):
        at = slice(first[number], last[number])
        odd[at] ^= _crosses(y[at], x[at], (lines[0][number], lines[1][number], lines[2][number], lines[3][number]))
    answer = np.empty_like(odd)
    answer[order] = odd
    return answer
