"""How long rows of consent are kept, and which of their columns a rotation of keys rewrites.

Rules held here:
- A receipt keeps the token it was signed with; the row beside it gets the new one. The log has committed to what was
  sent, so that its rows keep theirs, for their day.
- Consents, receipts, erasures and reviews stay for their class after their end; a question that was asked for a day.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType

from haoma.consent import tables
from haoma.vault.retention import Expiring
from haoma.vault.retention_table import rule_of
from haoma.vault.rotation import SubjectColumn

__all__ = ["EXPIRING", "LASTING", "SUBJECT_COLUMNS", "kept_until"]


def kept_until(rule: str, since: datetime) -> datetime:
    """When a row of this retention class is over that counts from `since`."""
    found = rule_of(rule)
    life = found.shortest or found.longest
    return since if life is None else since + life


EXPIRING: tuple[Expiring, ...] = (
    Expiring("consent", tables.grants.c.kept_until),
    Expiring("consent", tables.erasures.c.kept_until),
    Expiring("consent", tables.emergencies.c.kept_until),
    Expiring("consent", tables.reviews.c.kept_until),
    Expiring("consent.request", tables.requests.c.kept_until),
    Expiring("refusal", tables.refusals.c.kept_until),
    Expiring("self.session", tables.doors.c.kept_until),
    Expiring("consent.request", tables.messages.c.kept_until),
    Expiring("assessment", tables.assessments.c.kept_until),
    Expiring("sharing", tables.deliveries.c.kept_until),
)

LASTING: Mapping[str, str] = MappingProxyType(
    {
        "consent_recipients": "who may be told anything: they are named by every consent",
        "consent_notices": "what people were told when they were asked: every receipt names its version by digest",
    }
)
"""Tables whose rows are of no retention class, and why they are kept as long as whoever runs this store."""

SUBJECT_COLUMNS: tuple[SubjectColumn, ...] = (
    SubjectColumn(tables.grants.c.subject, rekey=True),
    SubjectColumn(tables.grants.c.guardian, rekey=True),
    SubjectColumn(tables.requests.c.subject, rekey=True),
    SubjectColumn(tables.requests.c.guardian, rekey=True),
    SubjectColumn(tables.refusals.c.subject, rekey=True),
    SubjectColumn(tables.doors.c.subject, rekey=True),
    SubjectColumn(tables.messages.c.subject, rekey=False),
)
