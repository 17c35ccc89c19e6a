"""What a page says of a hotline, held to the registry: verdicts, votes, incidents, and what is done about them.

Rules held here:
- The public names, and nothing else.
"""

from __future__ import annotations

from haoma.guard.judge.desk import Desk, HotlineLike, Registry
from haoma.guard.judge.entries import ENTRY_TYPES
from haoma.guard.judge.model import Checked, Finding, Limits, Seen, Severity, Verdict, Voice
from haoma.guard.judge.service import check

__all__ = [
    "ENTRY_TYPES",
    "Checked",
    "Desk",
    "Finding",
    "HotlineLike",
    "Limits",
    "Registry",
    "Seen",
    "Severity",
    "Verdict",
    "Voice",
    "check",
]
