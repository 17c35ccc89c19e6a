"""What a consent to a district shows, however exactly somebody was found."""

from __future__ import annotations

from types import MappingProxyType

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from contracts.consent import NOW
from haoma.consent import Granularity
from haoma.locate.fusion import Circle, Device, Fused, known_cities
from haoma.locate.positions import position_of
from haoma.places import distance_m

PPM = np.eye(1, 374, dtype=np.int64)[0] * 1_000_000
lats, lons = st.floats(-89.9, 89.9), st.floats(-179.9, 179.9)
radii, coverages = st.floats(1.0, 40_000.0), st.floats(0.5, 0.999)


def shown(found: Circle, granularity: Granularity) -> Circle:
    fused = Fused(known_cities(), PPM, found, MappingProxyType({}), (), 600_000, None)
    told = position_of(fused, [Device(found, "browser", NOW)], granularity)
    assert isinstance(told, Circle)
    return told


@given(lats, lons, radii, coverages)
def test_a_circle_that_is_shown_holds_the_one_that_was_found(
    lat: float, lon: float, radius_m: float, coverage: float
) -> None:
    found = Circle(lat, lon, radius_m, coverage)
    for granularity, least in ((Granularity.POINT, 0.0), (Granularity.DISTRICT, 3_000.0)):
        told = shown(found, granularity)
        assert told.radius_m >= max(least, distance_m(lat, lon, told.lat, told.lon) + radius_m)
        assert told.coverage == coverage


@given(lats, lons, st.floats(1.0, 500.0), st.floats(1.0, 500.0))
def test_asking_again_shows_a_district_no_finer(lat: float, lon: float, one_m: float, other_m: float) -> None:
    one, other = (shown(Circle(lat, lon, radius_m, 0.9), Granularity.DISTRICT) for radius_m in (one_m, other_m))
    assert (one.lat, one.lon, one.radius_m) == (other.lat, other.lon, other.radius_m)
    cell = {shown(Circle(one.lat, one.lon, 1.0, 0.9), Granularity.DISTRICT).lat}
    assert cell == {one.lat}
