"""Where things are: coordinates, distances, regions, the nearest site, and how to say less than is known.

Rules held here:
- The public names, and nothing else. All of it is arithmetic over shipped tables: no network, no person, no permission.
"""

from __future__ import annotations

from haoma.places.blur import blur, shared_by
from haoma.places.coordinates import bd09_to_wgs84, gcj02_to_wgs84, is_shifted, wgs84_to_bd09, wgs84_to_gcj02
from haoma.places.distance import distance_m, distances_m
from haoma.places.nearest import Nearest, Sites
from haoma.places.regions import (
    City,
    Grouping,
    Level,
    Region,
    cities,
    city,
    city_of,
    macro_region,
    named,
    province,
    provinces,
)

__all__ = [
    "City",
    "Grouping",
    "Level",
    "Nearest",
    "Region",
    "Sites",
    "bd09_to_wgs84",
    "blur",
    "cities",
    "city",
    "city_of",
    "distance_m",
    "distances_m",
    "gcj02_to_wgs84",
    "is_shifted",
    "macro_region",
    "named",
    "province",
    "provinces",
    "shared_by",
    "wgs84_to_bd09",
    "wgs84_to_gcj02",
]
