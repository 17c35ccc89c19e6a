"""An open pack: what is known about every segment, as flat tables over mapped memory.

Rules held here:
- Opening costs a mapping and a JSON header: no table is read, copied or checked until it is asked for.
- A row id of 0 says nothing is known. Ids index the columns `row_*`; texts are ids into `strings`, 0 is None.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Final, Literal

from haoma.errors import Tampered
from haoma.numbers.model import IssuedIn, Kind
from haoma.numbers.segments.file import Image, digest_of

__all__ = ["Pack", "Row"]

FIRST_PREFIX = 1_300_000
FIRST_STEM = 10_000
_KINDS = tuple(Kind)
_TABLES: Final[dict[str, Literal["B", "H", "I"]]] = {
    "segments": "H", "fine": "H", "iot": "H", "areas": "H", "area_lengths": "B", "split_of": "B", "splits": "H",
    "carriers": "H", "row_kind": "B", "row_issued_by": "H", "row_province": "H", "row_city": "H", "row_adcode": "H",
    "row_area_code": "H", "row_postcode": "H", "row_confidence": "I", "row_sources": "H",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Row:
    """One answer, its ids resolved. `confidence_ppm` is None where nothing is known."""

    kind: Kind
    issued_by: str | None
    issued_in: IssuedIn | None
    confidence_ppm: int | None
    sources: tuple[str, ...]


class Pack:
    """The tables of one packed file.

    segments      H 700,000   prefix of 7 digits - 1300000 → row
    fine          H n * 100   a row id of `fine_first + k` or more in `segments`: k * 100 + digits 8 and 9 → row
    iot           H 510       first five of 13 digits: 14000 + i → i, 10640 + i → 500 + i → row
    areas         H 1000      area code without trunk zero → row; 0 is no area code
    area_lengths  B 1000      lengths of local numbers: 1 seven, 2 eight digits, 3 both
    split_of      B 1000      area code → k; (k - 1) * 1000 + first three local digits in `splits` → row; 0 is no split
    carriers      H 1000      first five digits of a 10xxx number - 10000 → row
    row_*                     columns by row id: kind (position in `Kind`), confidence (ppm), sources (bits), text ids
    """

    __slots__ = (
        "__dict__", "area_lengths", "areas", "carriers", "fine", "fine_first", "header", "image", "iot", "row_adcode",
        "row_area_code", "row_city", "row_confidence", "row_issued_by", "row_kind", "row_postcode", "row_province",
        "row_sources", "segments", "split_of", "splits",
    )  # fmt: skip
    area_lengths: memoryview[int]
    areas: memoryview[int]
    carriers: memoryview[int]
    fine: memoryview[int]
    iot: memoryview[int]
    row_adcode: memoryview[int]
    row_area_code: memoryview[int]
    row_city: memoryview[int]
    row_confidence: memoryview[int]
    row_issued_by: memoryview[int]
    row_kind: memoryview[int]
    row_postcode: memoryview[int]
    row_province: memoryview[int]
    row_sources: memoryview[int]
    segments: memoryview[int]
    split_of: memoryview[int]
    splits: memoryview[int]

    def __init__(self, image: Image) -> None:
        self.image = image
        self.header = image.header
        try:
            for name, code in _TABLES.items():
                setattr(self, name, image.section(name).cast(code))
            self.fine_first = image.header["fine_first"]
        except (KeyError, TypeError, ValueError) as error:
            raise Tampered("segment file: a table is missing or cut", hint="haoma data build --force") from error

    def __len__(self) -> int:
        return len(self.row_kind)

    def section(self, name: str) -> memoryview:
        """Any section's bytes; KeyError where there is none of that name."""
        return self.image.section(name)

    @cached_property
    def strings(self) -> tuple[str | None, ...]:
        """The texts by id; 0 is None."""
        return (None, *bytes(self.section("strings")).decode().split("\0"))

    @cached_property
    def source_names(self) -> tuple[str, ...]:
        """Names of the sources by bit."""
        return tuple(source["name"] for source in self.header["sources"])

    def segment_row(self, digits: str) -> int:
        """The row id for the digits of a mobile number, seven or more; 0 where no block has them."""
        row = self.segments[int(digits[:7]) - FIRST_PREFIX]
        if row >= self.fine_first and len(digits) >= 9:
            return self.fine[(row - self.fine_first) * 100 + int(digits[7:9])]
        return row

    def row(self, row: int) -> Row:
        """What a row says, in words."""
        text = self.strings
        province, sources = text[self.row_province[row]], self.row_sources[row]
        area_code = text[self.row_area_code[row]]
        place = IssuedIn(
            province, text[self.row_city[row]], text[self.row_adcode[row]], area_code, text[self.row_postcode[row]]
        )
        return Row(
            _KINDS[self.row_kind[row]],
            text[self.row_issued_by[row]],
            place if province or area_code else None,
            self.row_confidence[row] or None,
            tuple(name for bit, name in enumerate(self.source_names) if sources >> bit & 1),
        )

    def verify(self) -> None:
        """Check the digest over all tables (about 1 ms); raises `Tampered`."""
        if digest_of(self.image) != self.header["digest"]:
            raise Tampered("segment file: its digest does not hold", hint="haoma data build --force")
