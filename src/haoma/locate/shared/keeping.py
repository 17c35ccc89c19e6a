"""How long positions that customers shared are kept, and which column a rotation of keys rewrites.

Rules held here:
- A position is over when its row says, and when its consent has ended: it goes at the next run, whatever another
  consent for the same purpose still needs.
"""

from __future__ import annotations

import sqlalchemy as sa

from haoma.consent.tables import grants
from haoma.locate.shared.tables import shared
from haoma.vault.retention import Expiring
from haoma.vault.rotation import SubjectColumn

__all__ = ["EXPIRING", "SUBJECT_COLUMNS"]

_CLASS = "location.clear"
_ended = ~sa.exists().where(grants.c.grant_id == shared.c.grant_id, grants.c.state == "given")

EXPIRING: tuple[Expiring, ...] = (
    Expiring(_CLASS, shared.c.until, shared.c.key_id),
    Expiring(_CLASS, shared.c.shared_at, shared.c.key_id, _ended),
)
SUBJECT_COLUMNS: tuple[SubjectColumn, ...] = (SubjectColumn(shared.c.subject, rekey=True),)
