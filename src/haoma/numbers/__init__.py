"""Numbers: text in, numbers known; one at a time or a column at once."""

from haoma.numbers.model import IssuedIn, Kind, Mention, Number
from haoma.numbers.service import parse, parse_cell

__all__ = ["IssuedIn", "Kind", "Mention", "Number", "parse", "parse_cell"]
