"""What the log hears of finding customers: commitments and words; no reference, no number, nobody's token."""

from __future__ import annotations

from haoma.ledger.entry import EntryType

__all__ = ["ENTRY_TYPES"]

ENTRY_TYPES = (
    EntryType("case.searched", {"audit": "commitment", "by": "word", "found": "flag"}),
    EntryType("case.referred", {"audit": "commitment", "case": "uuid", "reference": "commitment"}),
    EntryType("case.number", {"audit": "commitment", "step": "word"}),
)
