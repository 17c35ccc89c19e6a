"""Reads `phone.dat`, the table of PyPI's `phone`, where the user has it. Its rows stay on the user's machine.

Format, little-endian: 4 bytes version, int32 offset of the index; records `province|city|postcode|area code` ended by
NUL; index entries of int32 prefix, int32 record offset, uint8 carrier.

Rules held here (faults of the file, measured in version 2312):
- Postcodes get back the leading zeros they lost (15000 → 015000), and one adcode posing as a postcode is replaced.
- Area codes have exactly one trunk zero (00479 → 0479).
- Places are resolved to today's regions; of an unknown city the province is kept, an unknown province is left out,
  and either name is reported. A byte order mark inside a record is dropped (version 2012 has one).
- Its carrier column is not read: 64 % of the virtual operators' prefixes bear their host's label; MIIT knows better.
"""

from __future__ import annotations

import importlib.util
import struct
from array import array
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from haoma.errors import BadInput
from haoma.numbers.segments.regions import Place, UnknownPlace, known_part

__all__ = ["FIRST_PREFIX", "PREFIXES", "PhoneDat", "Record", "find", "read"]

FIRST_PREFIX, PREFIXES = 1_300_000, 700_000
_FIRST_RECORD, _ENTRY = 8, struct.Struct("<iiB")
POSTCODE_FIXES = {"152500": "026000"}  # the adcode of 锡林郭勒 in the place of its postcode


@dataclass(frozen=True, slots=True)
class Record:
    """One region of the file; `area_code` with its trunk zero, `postcode` of six digits or None."""

    place: Place
    area_code: str
    postcode: str | None


@dataclass(frozen=True, slots=True)
class PhoneDat:
    """The file's knowledge: for each prefix from 1300000 the number of its record, counted from 1; 0 is none.

    `unknown` lists the places that no table of regions has.
    """

    version: str
    records: tuple[Record, ...]
    record_of: array[int]
    unknown: tuple[str, ...] = ()


def find(configured: str | Path | None = None) -> Path | None:
    """Where `phone.dat` lies: the configured file, or inside the installed package `phone`, which is not imported."""
    if configured is not None:
        path = Path(configured).expanduser()
        if not path.is_file():
            raise BadInput(f"phone.dat: no file at {path}; correct the setting phone_dat")
        return path
    spec = importlib.util.find_spec("phone")
    places = spec.submodule_search_locations if spec else None
    return next((path for place in places or () if (path := Path(place) / "phone.dat").is_file()), None)


def record(text: str) -> tuple[Record, str | None]:
    """One record, its faults corrected, and the name of a city that no table has.

    >>> record("内蒙古|锡林郭勒|152500|00479")[0].postcode, record("湖南|吉首|416000|0743")[0].place.city
    ('026000', '湘西土家族苗族自治州')
    """
    province, city, postcode, area_code = text.strip("\ufeff ").split("|")
    place, unknown = known_part(province, city)
    padded = postcode.zfill(6)
    known = POSTCODE_FIXES.get(padded, padded) if place.city == "锡林郭勒盟" else padded
    return Record(place, f"0{int(area_code)}", known if place.city else None), unknown


def _records(body: bytes, offsets: Iterable[int]) -> tuple[dict[int, int], tuple[Record, ...], tuple[str, ...]]:
    """Numbers of the records by offset (0 without a known province), the records, and unknown names."""
    numbers: dict[int, int] = {}
    found: list[Record] = []
    unknown: list[str] = []
    for offset in offsets:
        text = body[offset : body.index(b"\0", offset)].decode("utf-8")
        try:
            one, name = record(text)
        except UnknownPlace as error:
            numbers[offset], name = 0, str(error)
        else:
            found.append(one)
            numbers[offset] = len(found)
        unknown += [name] if name else []
    return numbers, tuple(found), tuple(unknown)


def _head(body: bytes) -> tuple[bytes, int]:
    """Version and offset of the index; raises ValueError where they cannot be those of a phone.dat."""
    version, start = struct.unpack_from("<4si", body)
    if not _FIRST_RECORD < start < len(body) or (len(body) - start) % _ENTRY.size:
        raise ValueError("offset of the index")
    return version, start


def read(path: Path) -> PhoneDat:
    """Read the whole file (4.5 MB, about 0.3 s); raises `BadInput` where it is no phone.dat."""
    try:
        body = path.read_bytes()
        version, start = _head(body)
        entries = list(_ENTRY.iter_unpack(body[start:]))
        numbers, records, unknown = _records(body[:start], sorted({offset for _, offset, _ in entries}))
        record_of = array("H", bytes(2 * PREFIXES))
        for prefix, offset, _ in entries:
            if 0 <= prefix - FIRST_PREFIX < PREFIXES:
                record_of[prefix - FIRST_PREFIX] = numbers[offset]
    except (OSError, struct.error, ValueError) as error:
        raise BadInput(f"{path}: not a readable phone.dat; reinstall the package `phone`") from error
    return PhoneDat(version.decode("ascii", "replace"), records, record_of, unknown)
