"""How long places in cases are kept, and which column a rotation of keys rewrites.

Rules held here:
- A place goes when its row says, with its key; which of two classes it is of says how long that is at the most.
"""

from __future__ import annotations

from haoma.locate.kept.tables import case_places
from haoma.vault.retention import Expiring
from haoma.vault.rotation import SubjectColumn

__all__ = ["EXPIRING", "EXTENDED", "SUBJECT_COLUMNS", "USUAL"]

USUAL, EXTENDED = "location.case", "location.case-extended"
_c = case_places.c

EXPIRING: tuple[Expiring, ...] = tuple(
    Expiring(rule, _c.until, _c.key_id, _c["class"] == rule) for rule in (USUAL, EXTENDED)
)
SUBJECT_COLUMNS: tuple[SubjectColumn, ...] = (SubjectColumn(_c.subject, rekey=True),)
