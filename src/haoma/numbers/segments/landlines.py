"""Compiles area codes and the networks outside the mobile blocks into rows of a pack.

Rules held here:
- An area code that several cities share gives the province alone, unless the first local digits tell the city.
- What a row of general knowledge says (`unverified`) is said with less confidence than what a public source reports.
- A machine number (140–144, 1064, 13 digits) is valid even where its network is not known.
"""

from __future__ import annotations

from array import array

from haoma.numbers.model import Kind
from haoma.numbers.segments.regions import Place, place_by_adcode
from haoma.numbers.segments.rowtable import RowTable
from haoma.numbers.segments.tables import rows
from haoma.numbers.segments.vote import LIBPHONENUMBER, NETWORKS, Answer

__all__ = ["area_code_of", "area_sections", "network_sections"]

AREA_PPM = 980_000
BASIS_PPM = {"reported": 950_000, "unverified": 850_000}  # judgements: neither was measured
LENGTH_BITS = {"7": 1, "8": 2}
IOT_BASES = ((14_000, 14_500, 0), (10_640, 10_650, 500))


def _places(adcodes: str) -> list[Place]:
    return [place for code in adcodes.split("|") if code and (place := place_by_adcode(code)) is not None]


def area_code_of() -> dict[str, str]:
    """Area codes by adcode, for the cities that have exactly one."""
    codes: dict[str, list[str]] = {}
    for row in rows("areas.csv"):
        for place in _places(row["adcodes"]):
            codes.setdefault(place.adcode, []).append(row["area_code"])
    return {adcode: found[0] for adcode, found in codes.items() if len(found) == 1}


def _area(code: str, places: list[Place], sources: int = LIBPHONENUMBER, ppm: int = AREA_PPM) -> Answer:
    if not places:
        return Answer(Kind.LANDLINE, area_code=code, sources=sources)
    first = places[0]
    city, adcode = (first.city, first.adcode) if len(places) == 1 else (None, f"{first.adcode[:2]}0000")
    return Answer(Kind.LANDLINE, None, first.province, city, adcode, code, None, ppm, sources)


def area_sections(table: RowTable) -> dict[str, bytes]:
    """Sections `areas`, `area_lengths`, `split_of`, `splits`, indexed by the area code without its trunk zero."""
    areas, lengths, split_of = array("H", bytes(2000)), bytearray(1000), bytearray(1000)
    for row in rows("areas.csv"):
        index = int(row["area_code"])
        areas[index] = table.add(_area(row["area_code"], _places(row["adcodes"])))
        lengths[index] = sum(LENGTH_BITS[length] for length in row["lengths"].split("|"))
    splits = array("H")
    for row in rows("area_splits.csv"):
        index = int(row["area_code"])
        if not split_of[index]:
            split_of[index] = len(splits) // 1000 + 1
            splits.extend([areas[index]] * 1000)
        answer = _area(row["area_code"], _places(row["adcode"]), LIBPHONENUMBER | NETWORKS, BASIS_PPM[row["basis"]])
        width = 10 ** (3 - len(row["local_prefix"]))
        start = (split_of[index] - 1) * 1000 + int(row["local_prefix"]) * width
        splits[start : start + width] = array("H", [table.add(answer)]) * width
    return {
        "areas": areas.tobytes(),
        "area_lengths": bytes(lengths),
        "split_of": bytes(split_of),
        "splits": splits.tobytes(),
    }


def network_sections(table: RowTable) -> dict[str, bytes]:
    """Sections `iot` (by the first five of 13 digits) and `carriers` (by the five digits of a 10xxx number)."""
    iot = array("H", [table.add(Answer(Kind.IOT, sources=NETWORKS))]) * 510
    carriers = array("H", bytes(2000))
    for row in rows("networks.csv"):
        kind, prefix = Kind(row["kind"]), row["prefix"]
        answer = table.add(Answer(kind, row["operator"], confidence_ppm=BASIS_PPM[row["basis"]], sources=NETWORKS))
        width = 10 ** (5 - len(prefix))
        first = int(prefix) * width
        for stem in range(first, first + width):
            if kind is Kind.CARRIER_SERVICE:
                carriers[stem - 10_000] = answer
            else:
                iot[next(base + stem - low for low, high, base in IOT_BASES if low <= stem < high)] = answer
    return {"iot": iot.tobytes(), "carriers": carriers.tobytes()}
