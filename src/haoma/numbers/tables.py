"""The grammar's tables over the packed file, and the reasons in words.

Rules held here:
- One process reads one pack, opened at the first number and kept; the settings in force then decide which.
"""

from __future__ import annotations

from array import array

from haoma import settings
from haoma.errors import Conflict
from haoma.numbers import segments
from haoma.numbers.grammar.plan import Tables
from haoma.numbers.once import once
from haoma.numbers.segments import Pack
from haoma.settings import Settings

__all__ = ["PLACE_UNKNOWN", "REASONS", "TOO_LONG_CELL", "in_force", "pack", "tables", "use"]

# sections of the pack in the order of haoma.numbers.grammar.plan's tables; B is widened to H
_SECTIONS = (
    ("symbol_pages", "H"), ("symbols", "H"), ("expansions", "H"), ("before_next", "H"), ("before_class", "B"),
    ("behind_next", "H"), ("behind_class", "B"), ("segments", "H"), ("fine", "H"), ("fine_first", ""),
    ("iot", "H"), ("areas", "H"), ("area_lengths", "B"), ("split_of", "B"), ("splits", "H"),
    ("carriers", "H"), ("row_kind", "B"),
)  # fmt: skip

PLACE_UNKNOWN = "carrier known, city unknown"
TOO_LONG_CELL = "longer than 16 KiB, no cell"
# by the codes of haoma.numbers.grammar.layout, and two of the drivers' own
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


_chosen: list[Settings] = []


def use(chosen: Settings) -> None:
    """Have this process read numbers with these settings instead of those of its environment.

    Raises Conflict where numbers were read out of another table already.
    """
    if pack.made and _sources(chosen) != _sources(in_force()):
        message = "numbers were read with other settings already"
        raise Conflict(message, hint="choose the settings before the first number")
    _chosen[:] = [chosen]


def _sources(chosen: Settings) -> tuple[object, ...]:
    return chosen.data_dir, chosen.overlays, chosen.phone_dat


def in_force() -> Settings:
    """The settings that numbers are read with."""
    if not _chosen:
        _chosen.append(settings.load())
    return _chosen[0]


@once
def pack() -> Pack:
    """The pack in force in this process; built first where there is none."""
    return segments.load(in_force())


@once
def tables() -> Tables:
    """The tables in the order of `haoma.numbers.grammar.plan`, as 16-bit integers; the large ones are not copied."""
    return tuple(_table(name, code) for name, code in _SECTIONS)


def _table(name: str, code: str) -> memoryview[int]:
    source = pack()
    if not code:
        return memoryview(array("H", [source.fine_first]))
    section = source.section(name)
    return section.cast("H") if code == "H" else memoryview(array("H", section))
