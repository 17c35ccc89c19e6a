"""Numbers: text in, numbers known; one at a time or a column at once."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from haoma.numbers.model import IssuedIn, Kind, Mention, Number
from haoma.numbers.service import parse, parse_cell

if TYPE_CHECKING:
    from haoma.numbers.columns import enrich
    from haoma.numbers.text import find

__all__ = ["IssuedIn", "Kind", "Mention", "Number", "enrich", "find", "parse", "parse_cell"]

_HOMES = {"enrich": "haoma.numbers.columns", "find": "haoma.numbers.text"}  # loaded by who needs them


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    return getattr(import_module(_HOMES[name]), name)
