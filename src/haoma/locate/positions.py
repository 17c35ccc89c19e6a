"""Whether a point may be shown, and which: what fusion found, as fine as the consent, or why there is none.

Rules held here:
- A point comes from what locates somebody: a device, radio, a carrier's or a platform's circle. Where a number was
  issued, an address that was given and a network address make none, however sure the city is.
- A consent to a district shows a circle of three kilometres or more, around a centre on a grid. The circle grows by
  what the grid moved its centre, so that its coverage holds, and asking again shows nothing finer.
- A circle of more than 50 km is no place, and one that lies near no known city none either.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from haoma.consent import Granularity
from haoma.locate.fusion import CarrierCircle, Circle, Device, Fused, Observation, Radio, Reason
from haoma.places import distance_m

__all__ = ["position_of"]

LOCATES = (Device, Radio, CarrierCircle)
WIDEST_M = 50_000.0
DISTRICT_M, STEP_M = 3_000.0, 100.0
GRID = 0.03  # degrees: no centre is moved by more than 2.4 km
DIGITS = 5  # a metre


def position_of(fused: Fused, observed: Sequence[Observation], granularity: Granularity) -> Circle | Reason:
    """The circle that is shown to a consent of this granularity (district or point), or why none is."""
    if not any(isinstance(one, LOCATES) for one in observed):
        return Reason("no-position")
    if fused.circle is None or (fused.why is not None and fused.why.code == "outside"):
        return fused.why or Reason("nothing-said")
    if fused.circle.radius_m > WIDEST_M:
        return Reason("too-wide", (("km", math.ceil(fused.circle.radius_m / 1000)),))
    if granularity is Granularity.DISTRICT:
        return _coarse(fused.circle)
    found = fused.circle
    lat, lon = round(found.lat, DIGITS), round(found.lon, DIGITS)
    return Circle(lat, lon, math.ceil(found.radius_m) + 1.0, found.coverage)


def _coarse(found: Circle) -> Circle:
    lat, lon = round(round(found.lat / GRID) * GRID, 2), round(round(found.lon / GRID) * GRID, 2)
    reached = found.radius_m + distance_m(found.lat, found.lon, lat, lon)
    return Circle(lat, lon, max(DISTRICT_M, math.ceil(reached / STEP_M) * STEP_M), found.coverage)
