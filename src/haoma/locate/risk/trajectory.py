"""Does a trail of positions hold together: speeds, a Kalman filter's surprise, and radio that knows nothing of it.

Rules held here:
- A trail alone shows jumps and breaks. A constant offset moves as its owner does, and only independent radio sees it.
- Positions never leave: an answer is three numbers without a place.

Reference: normalised innovation squared, Bar-Shalom, Li and Kirubarajan (2001), §5.4.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

import numpy as np

from haoma.errors import BadInput
from haoma.locate.fusion.circles import sigma_of
from haoma.locate.fusion.cities import Floats
from haoma.locate.fusion.observation import Circle
from haoma.places.distance import EARTH_M, distance_m

__all__ = ["Fix", "Trail", "check_trail", "fix_of"]

ACCELERATION = 1.0
AT_ONCE_S = 90.0
SURE = 3.0
SHARE_OFF = 75.0


@dataclass(frozen=True, slots=True, repr=False)
class Fix:
    """One position at a time; `sigma_m` is the standard deviation of its error in each direction."""

    at: datetime
    lat: float
    lon: float
    sigma_m: float

    def __post_init__(self) -> None:
        if self.at.tzinfo is None or not (abs(self.lat) <= 90 and abs(self.lon) <= 180 and 0 < self.sigma_m < 1e7):
            raise BadInput("a fix has an aware time, a place on the globe and an error", hint="degrees and metres")

    def __repr__(self) -> str:
        return f"Fix({self.sigma_m:.0f} m)"


@dataclass(frozen=True, slots=True)
class Trail:
    """What a trail shows. `speed_m_per_s` is the least that explains its fastest step, errors taken off.

    `surprise` is the largest innovation of the filter in standard deviations, less what so many steps show by chance;
    `offset` how many standard deviations the trail lies away from radio in a quarter of its fixes; None without radio,
    and `compared` is how many fixes of radio that rests on.
    """

    speed_m_per_s: float
    surprise: float
    offset: float | None
    compared: int = 0


def fix_of(circle: Circle, at: datetime, stretch: float = 1.0) -> Fix:
    """A fix out of a circle and its coverage; `stretch` is how much wider such circles should be.

    >>> from datetime import UTC
    >>> fix_of(Circle(31.2, 121.5, 100.0, 0.68), datetime(2026, 11, 22, tzinfo=UTC))
    Fix(66 m)
    """
    return Fix(at, circle.lat, circle.lon, sigma_of(circle, stretch))


def check_trail(fixes: Sequence[Fix], radio: Sequence[Fix] = ()) -> Trail:
    """Speeds, surprise and offset of a trail, and of radio fixes of the same time, in any order.

    >>> from datetime import UTC, datetime, timedelta
    >>> start = datetime(2026, 11, 22, tzinfo=UTC)
    >>> still = [Fix(start + timedelta(minutes=n), 30.0, 120.0, 10.0) for n in range(5)]
    >>> check_trail(still, [Fix(start, 31.0, 120.0, 30.0)]).offset > 1000
    True
    """
    trail = sorted(fixes, key=lambda fix: fix.at)
    if not trail:
        return Trail(0.0, 0.0, None)
    plane = _plane(trail, trail[0])
    seconds = np.array([(fix.at - trail[0].at).total_seconds() for fix in trail])
    sigma = np.array([fix.sigma_m for fix in trail])
    return Trail(_speed(trail, seconds, sigma), _surprise(plane, seconds, sigma), *_offset(trail, radio))


def _plane(fixes: Sequence[Fix], origin: Fix) -> Floats:
    """Metres north and east of an origin: good to a percent within a day's travel."""
    lat = np.radians([fix.lat for fix in fixes])
    lon = np.radians([fix.lon for fix in fixes])
    east = (lon - math.radians(origin.lon) + math.pi) % (2 * math.pi) - math.pi
    return EARTH_M * np.array([lat - math.radians(origin.lat), east * math.cos(math.radians(origin.lat))]).T


def _speed(trail: Sequence[Fix], seconds: Floats, sigma: Floats) -> float:
    if len(trail) < 2:
        return 0.0
    apart = np.array([_apart(one, two) for one, two in pairwise(trail)])
    sure = np.maximum(apart - SURE * np.hypot(sigma[1:], sigma[:-1]), 0.0)
    return float((sure / np.maximum(np.diff(seconds), 1.0)).max())


def _apart(one: Fix, two: Fix) -> float:
    return distance_m(one.lat, one.lon, two.lat, two.lon)


def _surprise(plane: Floats, seconds: Floats, sigma: Floats) -> float:
    """A filter of constant velocity with accelerations of 1 m/s²: both directions share their variances."""
    place, speed = plane[0].copy(), np.zeros(2)
    pp, ps, ss = float(sigma[0]) ** 2, 0.0, 15.0**2
    worst = 0.0
    for step in range(1, len(plane)):
        t = max(float(seconds[step] - seconds[step - 1]), 1e-3)
        noise = ACCELERATION**2 * t
        place = place + t * speed
        pp, ps, ss = pp + 2 * t * ps + t * t * ss + noise * t**2 / 3, ps + t * ss + noise * t / 2, ss + noise
        off, spread = plane[step] - place, pp + float(sigma[step]) ** 2
        worst = max(worst, float(off @ off) / spread)
        a, b = pp / spread, ps / spread
        place, speed = place + a * off, speed + b * off
        pp, ps, ss = pp * (1 - a), ps * (1 - a), ss - b * ps
    return max(math.sqrt(worst) - math.sqrt(2 * math.log(max(len(plane) - 1, 1))), 0.0)


def _offset(trail: Sequence[Fix], radio: Sequence[Fix]) -> tuple[float | None, int]:
    found: list[float] = []
    for other in radio:
        fix = min(trail, key=lambda one: abs((one.at - other.at).total_seconds()))
        if abs((fix.at - other.at).total_seconds()) <= AT_ONCE_S:
            found.append(_apart(fix, other) / math.hypot(fix.sigma_m, other.sigma_m))
    return (float(np.percentile(found, SHARE_OFF)) if found else None), len(found)
