"""How long counts are kept, and why the names of what is counted are as long as whoever runs this store.

Rules held here:
- Counts are kept for 400 days: a detector that knows holidays compares a day with that of last year.
- What changed is kept for nine days: a detector that stood still for longer looks at everything anew.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from types import MappingProxyType

from haoma.vault.retention import Expiring
from haoma.watch.counts import tables

__all__ = ["CHANGES_KEPT", "COUNTS_KEPT", "EXPIRING", "LASTING"]

COUNTS_KEPT = timedelta(days=400)
CHANGES_KEPT = timedelta(days=9)

EXPIRING: tuple[Expiring, ...] = (
    Expiring("watch.count", tables.hours.c.hour, life=COUNTS_KEPT),
    Expiring("watch.change", tables.changes.c.at, life=CHANGES_KEPT),
)

LASTING: Mapping[str, str] = MappingProxyType(
    {
        "watch_hotlines": "what hotlines are called that are counted: UIDs and words, no number, and nobody's data",
        "watch_readers": "up to which minute somebody looks at counts: one row",
        "watch_signals": "what is counted beside inquiries and errors: words, and nobody's data",
    }
)
"""Tables of which nothing ends, and why."""
