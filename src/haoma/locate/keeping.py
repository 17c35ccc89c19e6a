"""How long rows of disclosures and questions are kept, and which of their columns a rotation of keys rewrites."""

from __future__ import annotations

from haoma.locate import tables
from haoma.vault.retention import Expiring
from haoma.vault.rotation import SubjectColumn

__all__ = ["EXPIRING", "SUBJECT_COLUMNS"]

EXPIRING: tuple[Expiring, ...] = (
    Expiring("sharing", tables.disclosures.c.kept_until),
    Expiring("sharing", tables.counts.c.kept_until),
    Expiring("location.asked", tables.areas.c.until),
)
SUBJECT_COLUMNS: tuple[SubjectColumn, ...] = (
    SubjectColumn(tables.disclosures.c.subject, rekey=False),
    SubjectColumn(tables.areas.c.subject, rekey=False),
)
