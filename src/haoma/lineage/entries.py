"""What the ledger hears of lineage: commitments to facts, digests of activities, and no value.

Rules held here:
- An entry commits to at most 256 facts of one activity.
- Nothing in an entry tells a subject, a source or a value. What ran is told by run id and code digest.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

import sqlalchemy as sa

from haoma.ledger.commitment import Commitment
from haoma.ledger.entry import Entry, EntryType
from haoma.lineage.model import Activity

__all__ = ["ENTRY_TYPES", "FACTS_PER_ENTRY", "Log", "activity_entry", "facts_entry"]

FACTS_PER_ENTRY = 256

ENTRY_TYPES = (
    EntryType("lineage.ran", {"run": "uuid", "code": "digest", "stage": "word", "outcome": "word"}),
    EntryType("lineage.recorded", {"run": "uuid", "first": "count", "facts": "commitment*"}),
)


class Log(Protocol):
    """The tamper-evident log, as far as lineage needs it."""

    def append(self, tx: sa.Connection, entry: Entry, /) -> int:
        """Queue an entry in this transaction; returns its entry id."""


def activity_entry(activity: Activity, at: datetime) -> Entry:
    """The entry that says that something ran."""
    body = {"run": activity.run_id, "code": activity.code_digest, "stage": str(activity.stage)}
    return Entry("lineage.ran", at, {**body, "outcome": str(activity.outcome)})


def facts_entry(activity: Activity, first: int, commitments: Sequence[Commitment], at: datetime) -> Entry:
    """The entry that commits to facts with consecutive ids from `first`."""
    facts = [str(commitment) for commitment in commitments]
    return Entry("lineage.recorded", at, {"run": activity.run_id, "first": first, "facts": list(facts)})
