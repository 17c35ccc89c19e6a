"""What the log hears of consent: commitments, words of closed lists, digests of published texts; nobody's token."""

from __future__ import annotations

from haoma.ledger.entry import EntryType

__all__ = ["ENTRY_TYPES"]

ENTRY_TYPES = (
    EntryType("consent.recipient", {"audit": "commitment"}),
    EntryType("consent.notice", {"audit": "commitment", "purpose": "word", "version": "count", "digest": "digest"}),
    EntryType("consent.assessed", {"audit": "commitment", "purpose": "word", "digest": "digest", "until": "time"}),
    EntryType("consent.asked", {"audit": "commitment", "purpose": "word", "channel": "word"}),
    EntryType("consent.message", {"message": "commitment", "kind": "word"}),
    EntryType("consent.tried", {"audit": "commitment", "reason": "word"}),
    EntryType("consent.refused", {"audit": "commitment", "purpose": "word"}),
    EntryType(
        "consent.given",
        {"audit": "commitment", "grant": "commitment", "purpose": "word", "basis": "word", "until": "time"},
    ),
    EntryType("consent.used", {"audit": "commitment", "purpose": "word", "allowed": "flag", "reason": "word"}),
    EntryType("consent.ended", {"audit": "commitment", "grant": "commitment", "why": "word"}),
    EntryType(
        "consent.erased",
        {
            "audit": "commitment",
            "grant": "commitment",
            "keys": "count",
            "numbers": "count",
            "tokens": "count",
            "places": "count",
        },
    ),
    EntryType("consent.told", {"delivery": "uuid", "state": "word", "attempts": "count"}),
    EntryType("consent.emergency", {"audit": "commitment", "grant": "commitment", "reason": "word"}),
    EntryType("consent.reviewed", {"audit": "commitment", "grant": "commitment", "verdict": "word"}),
)
