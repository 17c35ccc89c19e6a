"""The grammar's tables over the packed file, and the reasons in words.

Rules held here:
- One process reads one pack, opened at the first number and kept; the settings of that moment decide which.
"""

from __future__ import annotations

from functools import cache

from haoma import settings
from haoma.numbers import segments
from haoma.numbers.plan import Tables
from haoma.numbers.segments import Pack

__all__ = ["REASONS", "TABLE_TYPES", "pack", "tables"]

TABLE_TYPES = {
    "symbol_pages": "H", "symbols": "H", "expansions": "H", "before_next": "H", "before_class": "B", "behind_next": "H",
    "behind_class": "B", "segments": "H", "iot": "H", "areas": "H", "area_lengths": "B", "split_of": "B", "splits": "H",
    "carriers": "H", "fine": "H",
}  # fmt: skip

# by the codes of haoma.numbers.grammar
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
)
PLACE_UNKNOWN = "carrier known, city unknown"


@cache
def pack() -> Pack:
    """The pack in force in this process; built first where there is none."""
    return segments.load(settings.load())


@cache
def tables() -> Tables:
    """The tables as the interpreter's driver reads them."""
    source = pack()
    found = {name: source.section(name).cast(code) for name, code in TABLE_TYPES.items()}  # type: ignore[call-overload]
    found["pages"] = found.pop("symbol_pages")
    return Tables(**found, fine_first=source.fine_first, row_kind=source.row_kind)
