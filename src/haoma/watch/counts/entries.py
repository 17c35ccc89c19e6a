"""What the log hears of counts: that a batch was taken, how many rows it had, and the digest of what came.

Rules held here:
- No name of a hotline and no count is in an entry.
"""

from __future__ import annotations

from haoma.ledger.entry import EntryType

__all__ = ["COUNTED", "ENTRY_TYPES"]

COUNTED = "watch.counted"

ENTRY_TYPES = (
    EntryType(
        COUNTED,
        {
            "tenant": "uuid",
            "by": "uuid?",
            "way": "word",
            "batch": "digest",
            "rows": "count",
            "changed": "count",
            "refused": "count",
        },
    ),
)
