"""Says less about a place than is known: a larger region in place of a smaller one.

Rules held here:
- Blurring never makes an answer finer: what is known as a province stays one where a city may be shown.
- A region is shown where at least k people share it; else the next larger one; where not even the 大区 has k, nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from haoma.errors import BadInput
from haoma.places.regions import Grouping, Level, Region, macro_region, province

__all__ = ["blur", "shared_by"]

_LEVELS = list(Level)


def blur(region: Region, level: Level, grouping: Grouping = Grouping.CUSTOMARY) -> Region:
    """The region of this level around a region, or the region itself where it is larger already.

    >>> from haoma.places.regions import named
    >>> [blur(named("杭州"), level).name for level in (Level.CITY, Level.PROVINCE, Level.MACRO_REGION)]
    ['杭州市', '浙江省', '华东']
    >>> blur(named("浙江"), Level.CITY).name
    '浙江省'
    """
    return next(larger for larger in _upward(region, grouping) if _LEVELS.index(larger.level) <= _LEVELS.index(level))


def shared_by(
    region: Region, people: Mapping[str, int], k: int, grouping: Grouping = Grouping.CUSTOMARY
) -> Region | None:
    """The smallest region from this one upward that at least `k` people share, or None.

    `people` counts them by adcode of city. Raises BadInput for a `k` below 1.

    >>> from haoma.places.regions import named
    >>> people = {"330100": 4, "330200": 3, "310000": 90}
    >>> [shared_by(named("杭州"), people, k).name for k in (4, 5, 50)], shared_by(named("杭州"), people, 100)
    (['杭州市', '浙江省', '华东'], None)
    """
    if k < 1:
        message = f"k is {k}, and at least 1 person shares an answer"
        raise BadInput(message, hint="5 is the least that is usual")
    enough = (larger for larger in _upward(region, grouping) if _sharing(larger, people, grouping) >= k)
    return next(enough, None)


def _upward(region: Region, grouping: Grouping) -> Iterator[Region]:
    yield region
    if region.level is Level.CITY:
        yield province(region.parent)
    if region.level is not Level.MACRO_REGION:
        yield macro_region(region.adcode, grouping)


def _sharing(region: Region, people: Mapping[str, int], grouping: Grouping) -> int:
    if region.level is Level.CITY:
        return people.get(region.adcode, 0)
    if region.level is Level.PROVINCE:
        return sum(count for code, count in people.items() if code[:2] == region.adcode[:2])
    return sum(count for code, count in people.items() if macro_region(code, grouping) == region)
