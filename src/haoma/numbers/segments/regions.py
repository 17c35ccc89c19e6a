"""Turns the names that sources use for a place into today's region.

Rules held here:
- A city is of prefecture level, or a county directly under its province, and carries today's official name and
  adcode (GB/T 2260). A municipality is its own city (北京市, 110000).
- An abolished, renamed or county-level name is resolved by the table of changes; a name that fits no single region
  gives the province alone.
- A name that nobody knows is never guessed at: the build keeps the province and reports the name.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from haoma.numbers.segments.tables import rows

__all__ = ["Place", "UnknownPlace", "known_part", "place_by_adcode", "resolve", "resolve_text"]

MUNICIPALITIES = ("11", "12", "31", "50")
SUFFIX = re.compile("(市|地区|盟|林区|自治州|特别行政区)$")
PROVINCE_SUFFIX = re.compile("^(省|市|壮族自治区|回族自治区|维吾尔自治区|自治区|特别行政区)")


class UnknownPlace(ValueError):
    """A source names a place that the tables do not know; its message is the name."""


@dataclass(frozen=True, slots=True)
class Place:
    """A region as it is written today; `city` is None where only the province is known."""

    province: str
    city: str | None
    adcode: str


@dataclass(frozen=True, slots=True)
class Regions:
    """The shipped tables: provinces by short name, places by province code, changes by province code and name."""

    provinces: dict[str, str]
    places: dict[str, dict[str, Place]]
    changes: dict[tuple[str, str], str]


def short_province(name: str) -> str:
    """广西壮族自治区 → 广西.

    >>> short_province("内蒙古自治区"), short_province("浙江省")
    ('内蒙古', '浙江')
    """
    return name[:3] if name.startswith(("内蒙古", "黑龙江")) else name[:2]


@cache
def _regions() -> Regions:
    provinces: dict[str, str] = {}
    places: dict[str, dict[str, Place]] = {}
    for row in rows("regions.csv"):
        code, name = row["adcode"], row["name"]
        if code.endswith("0000"):
            provinces[short_province(name)] = code[:2]
            own = name if code.startswith(MUNICIPALITIES) else None
            places[code[:2]] = {code: Place(name, own, code)}
        else:
            places[code[:2]][code] = Place(row["province"], name, code)
    changes = {(provinces[row["province"]], row["name"]): row["adcode"] for row in rows("changes.csv")}
    return Regions(provinces, places, changes)


def place_by_adcode(adcode: str) -> Place | None:
    """The place with this six-digit code, or None.

    >>> place_by_adcode("330100").city
    '杭州市'
    """
    return _regions().places.get(adcode[:2], {}).get(adcode)


def _split_province(text: str) -> tuple[str, str]:
    """A province's two-digit code and what follows its name."""
    short = short_province(text)
    code = _regions().provinces.get(short)
    if code is None:
        raise UnknownPlace(text)
    return code, PROVINCE_SUFFIX.sub("", text[len(short) :], count=1)


def _city(code: str, name: str) -> Place:
    regions = _regions()
    whole = regions.places[code][code + "0000"]
    stem = SUFFIX.sub("", name) if len(name) > 2 else name
    if not name or code in MUNICIPALITIES:
        return whole
    if (changed := regions.changes.get((code, stem))) is not None:
        return regions.places[code][changed] if changed else whole
    found = [p for p in regions.places[code].values() if p.city is not None and p.city.startswith(stem)]
    if len(found) != 1 or len(stem) < 2:
        raise UnknownPlace(whole.province + name)
    return found[0]


@cache
def resolve(province: str, city: str = "") -> Place:
    """Today's region for a province and a city as a source names them; raises `UnknownPlace`.

    >>> resolve("湖南", "吉首").city, resolve("山东", "莱芜").adcode, resolve("重庆", "万州").city
    ('湘西土家族苗族自治州', '370100', '重庆市')
    """
    code, rest = _split_province(province)
    if rest:
        raise UnknownPlace(province)
    return _city(code, city)


@cache
def resolve_text(text: str) -> Place:
    """Today's region for a province and city written together.

    >>> resolve_text("湖北省襄樊市").city, resolve_text("西藏那曲地区").adcode, resolve_text("天津").city
    ('襄阳市', '540600', '天津市')
    """
    return _city(*_split_province(text))


def known_part(province: str, city: str) -> tuple[Place, str | None]:
    """Today's region, or the province and the name of a city that no table has; raises `UnknownPlace` for a province.

    >>> known_part("河北", "某新城")[0].city, known_part("河北", "某新城")[1]
    (None, '河北某新城')
    """
    try:
        return resolve(province, city), None
    except UnknownPlace:
        return resolve(province), f"{province}{city}"
