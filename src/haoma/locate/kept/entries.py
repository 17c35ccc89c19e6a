"""What the log hears of places in cases: commitments, ids, counts and times; no place, and nobody's token."""

from __future__ import annotations

from haoma.ledger.entry import EntryType

__all__ = ["ENTRY_TYPES"]

ENTRY_TYPES = (
    EntryType("place.kept", {"audit": "commitment", "case": "uuid", "until": "time"}),
    EntryType("place.shown", {"audit": "commitment", "case": "uuid", "places": "count"}),
    EntryType(
        "place.extended",
        {"audit": "commitment", "case": "uuid", "approval": "uuid", "places": "count", "until": "time"},
    ),
    EntryType("place.shredded", {"audit": "commitment", "case": "uuid", "places": "count"}),
)
