"""How long positions that customers shared are kept, and which column a rotation of keys rewrites."""

from __future__ import annotations

from haoma.locate.shared.tables import shared
from haoma.vault.retention import Expiring
from haoma.vault.rotation import SubjectColumn

__all__ = ["EXPIRING", "SUBJECT_COLUMNS"]

EXPIRING: tuple[Expiring, ...] = (Expiring("location.clear", shared.c.until, shared.c.key_id),)
SUBJECT_COLUMNS: tuple[SubjectColumn, ...] = (SubjectColumn(shared.c.subject, rekey=True),)
