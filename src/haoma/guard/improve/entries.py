"""What the log hears of trials and samples: digests, counts and words."""

from __future__ import annotations

from haoma.ledger.entry import EntryType

__all__ = ["ENTRY_TYPES"]

ENTRY_TYPES = (
    EntryType("improve.trial", {"trial": "uuid", "by": "uuid", "plan": "digest"}),
    EntryType("improve.counted", {"trial": "uuid", "by": "uuid", "arm": "word", "events": "count", "size": "count"}),
    EntryType(
        "improve.sample",
        {"sample": "uuid", "by": "uuid", "seed": "digest", "frame": "digest", "drawn": "digest", "size": "count"},
    ),
    EntryType("improve.visited", {"sample": "uuid", "by": "uuid", "place": "count", "outcome": "word"}),
)
