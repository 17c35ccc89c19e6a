"""What the ledger hears of looks, incidents and tickets: digests and words, no page, no number and nobody's name."""

from __future__ import annotations

from haoma.ledger.entry import EntryType

__all__ = ["ENTRY_TYPES"]

ENTRY_TYPES = (
    EntryType(
        "guard.checked",
        {"snapshot": "digest", "page": "digest", "verdicts": "word*", "late": "flag", "look": "commitment?"},
    ),
    EntryType("guard.left", {"rows": "digest*", "left": "commitment*"}),
    EntryType("guard.reviewed", {"review": "uuid", "by": "uuid", "verdict": "word", "reason": "word"}),
    EntryType(
        "guard.incident",
        {"incident": "uuid", "cause": "digest", "to": "word", "severity": "word", "why": "word", "by": "uuid?"},
    ),
    EntryType("guard.ticket", {"ticket": "uuid", "incident": "uuid", "platform": "word", "to": "word", "by": "uuid?"}),
    EntryType("guard.exported", {"incident": "uuid", "by": "uuid", "file": "digest"}),
    EntryType("guard.told", {"message": "uuid", "state": "word", "attempts": "count", "news": "commitment?"}),
)
