"""What the ledger hears of the registry: that something was added, changed or retired, after which request.

Rules held here:
- No name, number, owner or reason is in an entry: the row with all of them is a commitment.
"""

from __future__ import annotations

from haoma.ledger.entry import EntryType

__all__ = ["CHANGED", "ENTRY_TYPES"]

CHANGED = "registry.changed"

ENTRY_TYPES = (
    EntryType(
        CHANGED,
        {
            "object": "uuid",
            "kind": "word",
            "change": "word",
            "version": "count",
            "approval": "uuid",
            "by": "uuid",
            "row": "commitment",
        },
    ),
)
