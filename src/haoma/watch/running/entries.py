"""What the ledger hears of alerts: the hotline by a digest, the channel, how sure, the digest of what shows it."""

from __future__ import annotations

from haoma.ledger.entry import EntryType

__all__ = ["ENTRY_TYPES"]

ENTRY_TYPES = (
    EntryType(
        "watch.alerted",
        {
            "alert": "uuid",
            "hotline": "digest",
            "minute": "time",
            "channel": "word",
            "score": "ppm",
            "evidence": "digest",
            "late": "flag",
        },
    ),
    EntryType("watch.recovered", {"alert": "uuid", "minute": "time", "why": "word"}),
)
