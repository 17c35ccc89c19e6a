"""The grammar's tables over the packed file, and the reasons in words.

Rules held here:
- One process reads one pack, opened at the first number and kept; the settings of that moment decide which.
"""

from __future__ import annotations

from array import array
from functools import cache

from haoma import settings
from haoma.numbers import segments
from haoma.numbers.plan import Tables
from haoma.numbers.segments import Pack

__all__ = ["PLACE_UNKNOWN", "REASONS", "TOO_LONG_CELL", "pack", "tables"]

# sections of the pack in the order of haoma.numbers.plan's tables; B is widened to H
_SECTIONS = (
    ("symbol_pages", "H"), ("symbols", "H"), ("expansions", "H"), ("before_next", "H"), ("before_class", "B"), ("behind_next", "H"),
    ("behind_class", "B"), ("segments", "H"), ("fine", "H"), ("fine_first", ""), ("iot", "H"), ("areas", "H"), ("area_lengths", "B"),
    ("split_of", "B"), ("splits", "H"), ("carriers", "H"), ("row_kind", "B"),
)  # fmt: skip

PLACE_UNKNOWN = "carrier known, city unknown"
TOO_LONG_CELL = "longer than 64 KiB, no cell"
# by the codes of haoma.numbers.grammar, and two of the drivers' own
REASONS = (
    None,
    "no digits",
    "too few digits",
    "too many digits",
    "in no allocated block",
    "a local number without its area code",
    "no such area code",
    "wrong length for its area",
    "masked, or joined to letters or an amount",
    "a date, a time or another kind of number",
    "a foreign number without its country code, or no such number",
    "no telephone number",
    PLACE_UNKNOWN,
    TOO_LONG_CELL,
)


@cache
def pack() -> Pack:
    """The pack in force in this process; built first where there is none."""
    return segments.load(settings.load())


@cache
def tables() -> Tables:
    """The tables in the order of `haoma.numbers.plan`, all of unsigned 16-bit integers, without copying the large ones."""
    return tuple(_table(name, code) for name, code in _SECTIONS)


def _table(name: str, code: str) -> memoryview[int]:
    source = pack()
    if not code:
        return memoryview(array("H", [source.fine_first]))
    section = source.section(name)
    return section.cast("H") if code == "H" else memoryview(array("H", section))
