"""What the log hears of an answer about a place: a commitment and words; no place, no verdict, nobody's token."""

from __future__ import annotations

from haoma.ledger.entry import EntryType

__all__ = ["ENTRY_TYPES"]

ENTRY_TYPES = (
    EntryType(
        "locate.answered",
        {"audit": "commitment", "purpose": "word", "question": "word", "granularity": "word", "told": "flag"},
    ),
)
