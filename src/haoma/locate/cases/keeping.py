"""How long rows of finding customers are kept, and which of their columns hold subject tokens.

Rules held here:
- By which reference a case was opened is kept as long as the record of who met whom; the key that commits to it is its
  month's, and goes with the last.
- Searches and codes are kept for a day, to tell whether somebody asks too often.
"""

from __future__ import annotations

from datetime import datetime

from haoma.locate.cases import tables
from haoma.vault.retention import Expiring
from haoma.vault.retention_table import rule_of
from haoma.vault.rotation import SubjectColumn

__all__ = ["EXPIRING", "SUBJECT_COLUMNS", "kept_until", "references_scope"]

_REFERENCES = "references"

EXPIRING: tuple[Expiring, ...] = (
    Expiring("case.search", tables.searches.c.kept_until),
    Expiring("case.search", tables.codes.c.kept_until),
    Expiring("case.reference", tables.references.c.kept_until, months=(_REFERENCES, tables.references.c.at)),
    Expiring("number.shown", tables.numbers.c.kept_until),
)
SUBJECT_COLUMNS: tuple[SubjectColumn, ...] = tuple(
    SubjectColumn(table.c.subject, rekey=True) for table in (tables.references, tables.codes, tables.numbers)
)


def kept_until(rule: str, since: datetime) -> datetime:
    """When a row of this retention class is over that counts from `since`."""
    found = rule_of(rule)
    life = found.shortest or found.longest
    return since if life is None else since + life


def references_scope(at: datetime) -> str:
    """The scope of the key that commits to references of this month."""
    return f"{_REFERENCES}{at:%Y%m}"
