"""How long rows of judging are kept.

Rules held here:
- That a snapshot was judged is kept as long as snapshots are, and news for as long after it was heard.
- Votes, incidents and what became of them stay: figures of later months rest on them, and a person's number is in them
  as a mask and a keyed token.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from types import MappingProxyType

from haoma.guard.judge import tables
from haoma.vault.retention import Expiring
from haoma.vault.retention_table import rule_of

__all__ = ["EXPIRING", "LASTING", "kept_until"]

LOOK = "guard.look"

EXPIRING: tuple[Expiring, ...] = (
    Expiring(LOOK, tables.checked.c.kept_until),
    Expiring(LOOK, tables.messages.c.kept_until),
)
LASTING: Mapping[str, str] = MappingProxyType(
    dict.fromkeys(
        (
            "judge_looks",
            "judge_votes",
            "judge_incidents",
            "judge_steps",
            "judge_evidence",
            "judge_reviews",
            "judge_tickets",
        ),
        "what was published wrong of a hotline, by whom it was said, and what became of it: a number that may be a"
        " person's own is in it as a mask and a keyed token",
    )
)
"""Tables whose rows are of no retention class, and why they are kept as long as whoever runs this store."""


def kept_until(at: datetime) -> datetime:
    """Until when a row of this moment is kept."""
    return at + (rule_of(LOOK).longest or timedelta())
