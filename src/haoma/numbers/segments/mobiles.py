"""Compiles mobile prefixes, seven digits from 1300000 to 1999999, into rows of a pack: the vote, then the overlays.

Rules held here:
- A prefix in no block of MIIT's table is not allocated, whatever the sources say of it.
- A gap is never filled from its neighbours: seen from both sides it would be right in 92 to 99.8 % (three or more
  neighbours agreeing), but that covers 57 of 43,380 open prefixes without a city.
- An overlay's prefixes of 8 and 9 digits make a finer table of their own; without it the seven digits' row still holds.
"""

from __future__ import annotations

from array import array
from collections import Counter
from dataclasses import dataclass, replace

from haoma.numbers.model import Kind
from haoma.numbers.segments.landlines import area_code_of
from haoma.numbers.segments.libphonenumber import Geodata
from haoma.numbers.segments.overlay import Overlay, Segment
from haoma.numbers.segments.phonedat import FIRST_PREFIX, PREFIXES, PhoneDat
from haoma.numbers.segments.rowtable import RowTable
from haoma.numbers.segments.tables import rows
from haoma.numbers.segments.vote import OVERLAY, Answer, Block, vote

__all__ = ["Agreement", "apply_overlays", "segment_rows"]

OVERLAY_PPM = 1_000_000
NO_OPERATOR = "其他单位"


@dataclass(frozen=True, slots=True)
class Agreement:
    """How often the two sources of places agree on open prefixes where both answer."""

    both: int
    province: int
    city: int


def _blocks() -> tuple[list[Block | None], array[int]]:
    """Distinct blocks (0 is none), and for each prefix the number of its block."""
    blocks: dict[Block | None, int] = {None: 0}
    block_of = array("H", bytes(2 * PREFIXES))
    for row in rows("miit_h0.csv"):
        block = Block(Kind(row["kind"]), None if row["operator"] == NO_OPERATOR else row["operator"])
        number = blocks.setdefault(block, len(blocks))
        width = 10 ** (7 - len(row["prefix"]))
        first = int(row["prefix"]) * width - FIRST_PREFIX
        block_of[first : first + width] = array("H", [number]) * width
    return list(blocks), block_of


def segment_rows(table: RowTable, geodata: Geodata, phonedat: PhoneDat | None) -> tuple[array[int], Agreement]:
    """Row ids for all 700,000 prefixes, and how far the sources agreed."""
    blocks, block_of = _blocks()
    records = phonedat.record_of if phonedat else array("H", bytes(2 * PREFIXES))
    seen = Counter(zip(block_of, records, geodata.place_of, strict=True))
    codes = area_code_of()
    ids: dict[tuple[int, int, int], int] = {}
    both = province = city = 0
    for (b, r, p), count in seen.items():
        block, place = blocks[b], geodata.places[p - 1] if p else None
        record = phonedat.records[r - 1] if r and phonedat else None
        ids[b, r, p] = table.add(vote(block, record, place, codes.get(place.adcode) if place else None))
        if block and record and place:
            both += count
            province += count * (record.place.province == place.province)
            city += count * (record.place == place)
    combined = map(ids.__getitem__, zip(block_of, records, geodata.place_of, strict=True))
    return array("H", combined), Agreement(both, province, city)


def overlaid(answer: Answer, segment: Segment, source: int) -> Answer:
    """What a user's row makes of an answer."""
    kind = segment.kind or (Kind.MOBILE if answer.kind is Kind.INVALID else answer.kind)
    given = replace(answer, kind=kind, sources=answer.sources | source)
    if segment.issued_by:
        given = replace(given, issued_by=segment.issued_by, confidence_ppm=given.confidence_ppm or OVERLAY_PPM)
    if segment.place:
        place = segment.place
        given = replace(
            given, province=place.province, city=place.city, adcode=place.adcode, area_code=None, postcode=None
        )
        given = replace(given, confidence_ppm=OVERLAY_PPM, sources=source)
    return replace(given, area_code=segment.area_code or given.area_code, postcode=segment.postcode or given.postcode)


def apply_overlays(table: RowTable, segments: array[int], overlays: tuple[Overlay, ...]) -> tuple[int, array[int]]:
    """Put overlays over the rows of `segments`, in place.

    Returns the first row id that stands for a finer table, and the tables: a segment whose row id is `first + k` has
    the rows of its hundred 9-digit prefixes at k * 100. Rows from `first` on say what holds without them.
    """
    marked = [(len(s.prefix), number, s) for number, overlay in enumerate(overlays) for s in overlay.segments]
    marked.sort(key=lambda item: item[:2])
    for length, number, segment in marked:
        if length <= 7:
            _cover(table, segments, segment, OVERLAY << number)
    finer: dict[int, array[int]] = {}
    for length, number, segment in marked:
        if length > 7:
            index = int(segment.prefix[:7]) - FIRST_PREFIX
            hundred = finer.setdefault(index, array("H", [segments[index]]) * 100)
            _cover(table, hundred, replace(segment, prefix=segment.prefix[7:]), OVERLAY << number, digits=2, first=0)
    bases = [table.get(segments[index]) for index in finer]
    start = len(table)
    for index, base in zip(finer, bases, strict=True):
        segments[index] = table.append(base)
    return start, sum(finer.values(), array("H"))


def _cover(
    table: RowTable, cells: array[int], segment: Segment, source: int, digits: int = 7, first: int = FIRST_PREFIX
) -> None:
    width = 10 ** (digits - len(segment.prefix))
    start = int(segment.prefix) * width - first
    changed: dict[int, int] = {}
    for cell in range(start, start + width):
        row = cells[cell]
        if row not in changed:
            changed[row] = table.add(overlaid(table.get(row), segment, source))
        cells[cell] = changed[row]
