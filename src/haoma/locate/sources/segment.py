"""Where a number was issued, out of the facts of its intake: it needs no number, and says nothing of where anybody is.

Rules held here:
- Facts are opened with the Grant itself, and are those of its subject and purpose. The newest that opens counts.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

import sqlalchemy as sa

from haoma.consent import Grant, Source
from haoma.consent.intake import fact_context
from haoma.errors import NotFound, Refused
from haoma.lineage import Sealed
from haoma.lineage.tables import facts
from haoma.locate.areas import Area
from haoma.locate.evidence import Card, Terms
from haoma.locate.fusion import Issued, Observation
from haoma.vault import Opener, Vault

__all__ = ["IssuedIn"]

LOOKED_AT = 20


class IssuedIn:
    """What the segment of a number says (MIIT's allocations and what else the table of segments is made of)."""

    terms = Terms("segment", "attribution", Source.SEGMENT, None)

    def __init__(self, vault: Vault) -> None:
        self._vault = vault
        self._opener = Opener(vault, Grant)

    def observe(self, grant: Grant, area: Area | None) -> Sequence[Observation]:
        """See `EvidenceSource.observe`."""
        c = facts.c
        with self._vault.store.read() as tx:
            names = [str(one) for one in self._vault.aliases(tx, grant.subject)]
            mine = (c.subject.in_(names), c.name == "issued_in", c.sealed.is_not(None))
            columns = (c.sealed, c.sealed_key, c.confidence, c.observed_at)
            rows = tx.execute(sa.select(*columns).where(*mine).order_by(c.fact_id.desc()).limit(LOOKED_AT)).all()
        for row in rows:
            context = fact_context("issued_in", row.observed_at, row.confidence)
            try:
                said = self._opener.open_bytes(grant, context, Sealed(bytes(row.sealed), row.sealed_key))
            except (NotFound, Refused):  # of another purpose, or of a permission that has ended
                continue
            adcode = json.loads(said).get("adcode")
            return [Issued(adcode, row.confidence / 1_000_000, "segment", row.observed_at)] if adcode else []
        return []

    def card(self, grant: Grant) -> Card | None:
        """See `EvidenceSource.card`."""
        return None
