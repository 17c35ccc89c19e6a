"""Which region may be shown of where somebody is: as coarse as the consent, what is sure, and what enough people share.

Rules held here:
- Blurring comes last, and what it says is all that may be told: whatever is chosen by a region is chosen by this one.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from haoma.consent import Granularity
from haoma.locate.fusion import Fused, Reason
from haoma.places import Level, Region, blur, cities, city, macro_region, province, shared_by

__all__ = ["SHARED_BY", "shown_region"]

SHARED_BY = 20_000
LEVELS = {Granularity.MACRO_REGION: Level.MACRO_REGION, Granularity.PROVINCE: Level.PROVINCE}


def shown_region(fused: Fused, granularity: Granularity, k: int) -> tuple[Region | None, tuple[Reason, ...]]:
    """The finest region that is sure enough, that a consent of this granularity shows and k people share; and why."""
    found = None if granularity is Granularity.YES_NO else _finest(fused)
    if found is None:
        return None, fused.reasons
    region = blur(found, LEVELS.get(granularity, Level.CITY))
    shared = shared_by(region, _people(), k)
    climbed = () if shared == region else (Reason("few-people", (("k", k),)),)
    return shared, (*climbed, *fused.reasons)


@cache
def _people() -> Mapping[str, int]:
    return {one.region.adcode: one.people for one in cities()}


def _finest(fused: Fused) -> Region | None:
    match fused.finest:
        case "city":
            return city(fused.likeliest).region
        case "province":
            return province(max(fused.provinces, key=fused.provinces.__getitem__))
        case "macro-region":
            name = max(fused.macro_regions, key=fused.macro_regions.__getitem__)
            groups = {macro_region(code).name: macro_region(code) for code in fused.cities.provinces}
            return groups[name]
        case _:
            return None
