"""What the ledger hears of access: who changed what about whom, by UUID, in words of closed lists.

Rules held here:
- No login, name, subject, payload or address is in an entry. What was decided about a subject is a commitment.
- The digest of an approval's payload is over a salt too, so that nobody finds the payload by trying.
"""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

import sqlalchemy as sa

from haoma.ledger.entry import Entry, EntryType, Json

__all__ = ["ENTRY_TYPES", "Log", "tell"]

ENTRY_TYPES = (
    EntryType("access.person", {"person": "uuid", "by": "uuid", "change": "word"}),
    EntryType("access.role", {"person": "uuid", "by": "uuid", "role": "word", "change": "word"}),
    EntryType("access.credential", {"person": "uuid", "kind": "word", "change": "word"}),
    EntryType("access.session", {"person": "uuid", "change": "word", "methods": "word*"}),
    EntryType("access.key", {"key": "uuid", "owner": "uuid", "by": "uuid", "change": "word"}),
    EntryType("access.case", {"case": "uuid", "agent": "uuid", "change": "word"}),
    EntryType("access.decided", {"decision": "commitment", "allowed": "flag", "policies": "word*", "version": "count"}),
    EntryType("access.policy", {"version": "count", "digest": "digest", "approval": "uuid"}),
    EntryType(
        "access.approval",
        {"approval": "uuid", "by": "uuid", "action": "word", "digest": "digest", "to": "word", "role": "word?"},
    ),
    EntryType(
        "access.exported",
        {
            "audit": "commitment",
            "approval": "uuid",
            "what": "word",
            "purpose": "word",
            "recipient": "word",
            "rows": "count",
            "file": "digest",
        },
    ),
)


class Log(Protocol):
    """The tamper-evident log, as far as access needs it."""

    def append(self, tx: sa.Connection, entry: Entry, /) -> int:
        """Queue an entry in this transaction; returns its entry id."""


def tell(tx: sa.Connection, log: Log, type_: str, at: datetime, **body: Json) -> int:
    """Queue an entry of one of these types; returns its entry id."""
    return log.append(tx, Entry(type_, at, body))
