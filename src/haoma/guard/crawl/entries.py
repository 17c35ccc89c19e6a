"""What the log hears of the crawl: digests, counts and words.

Rules held here:
- No address, host, name or note is in an entry. `snapshots` are digests over what was seen, each of a whole page.
"""

from __future__ import annotations

from haoma.ledger.entry import EntryType

__all__ = ["ENTRY_TYPES"]

ENTRY_TYPES = (
    EntryType("crawl.source", {"source": "uuid", "kind": "word", "change": "word", "digest": "digest"}),
    EntryType("crawl.seen", {"worker": "uuid", "snapshots": "digest*"}),
    EntryType("crawl.held", {"snapshot": "uuid", "change": "word"}),
    EntryType("crawl.drawn", {"snapshot": "uuid", "picture": "digest"}),
    EntryType("crawl.undrawn", {"snapshot": "uuid", "why": "word"}),
    EntryType("crawl.task", {"task": "uuid", "kind": "word", "change": "word"}),
)
