"""Regions of China: cities, their provinces, and the 大区 that provinces are grouped into.

Rules held here:
- Today's adcodes and official names (GB/T 2260), as `haoma.numbers` has them. A city is of prefecture level or a
  county directly under its province; a municipality is its own city, and so are 香港, 澳门 and 台湾 here.
- A code is answered with the region that it belongs to today: a county's with its city, an abolished one's with its
  successor.
- A 大区 has no adcode. Two groupings are in use: the first digit of GB/T 2260, six and two more; and the customary
  seven of sales and logistics, which is the default. They differ in 中南 (GB/T 2260), which custom parts in 华中 and
  华南.
- `city_of` is the nearest representative point, a city's seat as a rule. It is no boundary: near one, it is often the
  neighbour.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import cache

import numpy as np

from haoma.errors import BadInput, NotFound
from haoma.numbers.once import once
from haoma.numbers.segments.regions import UnknownPlace, resolve_text
from haoma.numbers.segments.tables import rows as number_rows
from haoma.places.coordinates import checked
from haoma.places.distance import Floats, distance_m, on_sphere
from haoma.places.tables import rows

__all__ = [
    "City",
    "Grouping",
    "Level",
    "Region",
    "cities",
    "city",
    "city_of",
    "macro_region",
    "named",
    "province",
    "provinces",
]


class Level(StrEnum):
    """How large a region is, from the largest on."""

    MACRO_REGION = "macro-region"
    PROVINCE = "province"
    CITY = "city"


class Grouping(StrEnum):
    """Who groups provinces into 大区."""

    CUSTOMARY = "customary"
    GBT2260 = "gbt2260"


@dataclass(frozen=True, slots=True)
class Region:
    """An area with a name; `parent` is the adcode of a city's province.

    A 大区 has no adcode, and a province has no `parent`: its 大区 depends on who groups.
    """

    adcode: str
    name: str
    level: Level
    parent: str = ""


@dataclass(frozen=True, slots=True)
class City:
    """A region of level city, its representative point (WGS-84) and about how many people lived there in 2020.

    `people` is a prior weight and no statistic: typed without the census bulletins at hand (`data/population.csv`).
    """

    region: Region
    lat: float
    lon: float
    people: int

    @property
    def is_mainland(self) -> bool:
        """Whether it is none of 香港, 澳门 and 台湾."""
        return self.region.adcode < "7"


@once
def _names() -> dict[str, str]:
    return {row["adcode"]: row["name"] for row in number_rows("regions.csv")}


@once
def _provinces() -> dict[str, Region]:
    return {code: Region(code, name, Level.PROVINCE) for code, name in _names().items() if code.endswith("0000")}


@once
def _cities() -> dict[str, City]:
    people = {row["adcode"]: int(row["people"]) for row in rows("population.csv")}
    return {
        row["adcode"]: City(
            Region(row["adcode"], _names()[row["adcode"]], Level.CITY, row["adcode"][:2] + "0000"),
            float(row["lat"]),
            float(row["lon"]),
            people[row["adcode"]],
        )
        for row in rows("cities.csv")
    }


@once
def _successors() -> dict[str, str]:
    return {row["old"]: row["adcode"] for row in rows("old_adcodes.csv")}


@once
def _groups() -> dict[str, dict[str, str]]:
    return {row["code"]: row for row in rows("groups.csv")}


def cities() -> tuple[City, ...]:
    """All cities by adcode; 374 with 香港, 澳门 and 台湾.

    >>> len(cities()), sum(city.is_mainland for city in cities())
    (374, 371)
    """
    return tuple(_cities().values())


def provinces() -> tuple[Region, ...]:
    """All provinces by adcode.

    >>> len(provinces()), provinces()[0].name
    (34, '北京市')
    """
    return tuple(_provinces().values())


def city(adcode: str) -> City:
    """The city that a six-digit code belongs to: its own, its county's, or one of the past.

    Raises BadInput for what is no adcode, and NotFound for one that no city has, such as a province's.

    >>> [city(code).region.name for code in ("330100", "330106", "371202", "110105", "429004")]
    ['杭州市', '杭州市', '济南市', '北京市', '仙桃市']
    """
    known = _cities()
    province_code = _checked_code(adcode)[:2] + "0000"
    whole = adcode[:4] + "00"
    old = _successors()
    for code in (adcode, old.get(adcode), whole, old.get(whole), province_code):
        if code in known:
            return known[code]
    message = f"no city has the adcode {adcode}"
    raise NotFound(
        message,
        hint="a city's code ends in 00 and is not its province's; counties directly under a province have their own",
    )


def province(adcode: str) -> Region:
    """The province that a six-digit code belongs to.

    >>> province("330106").name, province("659012").name
    ('浙江省', '新疆维吾尔自治区')
    """
    found = _provinces().get(_checked_code(adcode)[:2] + "0000")
    if found is None:
        message = f"no province has an adcode that begins with {adcode[:2]}"
        raise NotFound(message, hint="codes of GB/T 2260 begin with 11 to 82")
    return found


def macro_region(adcode: str, grouping: Grouping = Grouping.CUSTOMARY) -> Region:
    """The 大区 that a six-digit code belongs to.

    >>> macro_region("420100").name, macro_region("420100", Grouping.GBT2260).name
    ('华中', '中南')
    """
    return Region("", _groups()[province(adcode).adcode[:2]][grouping.value], Level.MACRO_REGION)


def _checked_code(adcode: str) -> str:
    if len(adcode) != 6 or not (adcode.isascii() and adcode.isdigit()):
        message = f"an adcode has six digits; this one has {len(adcode)} characters"
        raise BadInput(message, hint="six digits of GB/T 2260, such as 330100")
    return adcode


@cache
def named(text: str) -> Region:
    """The city or province of this name: official or short, its province before it or not, names of the past with it.

    A name of both is the city's if it is written in full (吉林市, 北京市), else the province's (吉林). Raises
    NotFound for a name that nothing has, or that several have.

    >>> named("浙江省杭州市").adcode, named("杭州").adcode, named("浙江").level.value, named("湖北襄樊").name
    ('330100', '330100', 'province', '襄阳市')
    """
    official = _official().get(text)
    if official is not None:
        return official
    try:
        place = resolve_text(text)
    except UnknownPlace:
        return _begins(text)
    found = _cities().get(place.adcode)
    return _provinces()[place.adcode] if found is None else found.region


@once
def _official() -> dict[str, Region]:
    return {one.name: one for one in (*provinces(), *(one.region for one in cities()))}


def _begins(text: str) -> Region:
    short = [one.region for one in cities() if one.region.name == f"{text}市"]
    found = short or [one.region for one in cities() if len(text) > 1 and one.region.name.startswith(text)]
    if len(found) != 1:
        message = f"{len(found) or 'no'} regions have this name of {len(text)} characters"
        raise NotFound(message, hint="write the province before it, such as 浙江杭州")
    return found[0]


@once
def _points() -> Floats:
    return on_sphere(np.array([one.lat for one in cities()]), np.array([one.lon for one in cities()]))


def city_of(lat: float, lon: float, *, within_m: float = 500_000) -> City:
    """The city whose representative point is nearest to a WGS-84 point; NotFound where none is within that distance.

    >>> city_of(30.25, 120.16).region.name, city_of(22.28, 114.16).region.name
    ('杭州市', '香港特别行政区')
    """
    nearest = cities()[int(np.argmax(on_sphere(*checked([lat], [lon])) @ _points().T))]
    if distance_m(lat, lon, nearest.lat, nearest.lon) > within_m:
        message = f"no city has its point within {within_m / 1000:,.0f} km"
        raise NotFound(message, hint="coordinates are latitude and longitude in WGS-84")
    return nearest
