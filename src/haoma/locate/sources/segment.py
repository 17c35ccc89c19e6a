"""Where a number was issued, out of the facts of its intake: it needs no number, and says nothing of where anybody is.

Rules held here:
- Facts are opened with the Grant itself, and are those of its subject and purpose. The newest that opens counts.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from operator import itemgetter

import sqlalchemy as sa

from haoma.consent import Grant, Source
from haoma.consent.intake import fact_context
from haoma.errors import NotFound, Refused
from haoma.lineage import Sealed
from haoma.locate.areas import Area
from haoma.locate.evidence import Card, Terms
from haoma.locate.fusion import Issued, Observation
from haoma.storage import Time, quick
from haoma.storage.faults import explaining
from haoma.vault import Opener, Vault

__all__ = ["IssuedIn"]

LOOKED_AT = 20
_FACTS = """SELECT fact_id, sealed, sealed_key, confidence, observed_at FROM lineage_facts
 WHERE subject = ? AND name = 'issued_in' AND sealed IS NOT NULL ORDER BY fact_id DESC LIMIT ?"""
_KINDS = (int, bytes, str, int, int)


class IssuedIn:
    """What the segment of a number says (MIIT's allocations and what else the table of segments is made of)."""

    terms = Terms("segment", "attribution", Source.SEGMENT, None)

    def __init__(self, vault: Vault) -> None:
        self._vault = vault
        self._opener = Opener(vault, Grant)

    def observe(self, grant: Grant, area: Area | None) -> Sequence[Observation]:
        """See `EvidenceSource.observe`."""
        with self._vault.store.read() as tx:
            facts = self._facts(tx, grant)
        return self._said(grant, facts)

    def within(self, tx: sa.Connection, grant: Grant) -> Sequence[Observation]:
        """See `ReadsHere.within`."""
        with explaining(self._vault.store.name):
            facts = self._facts(tx, grant)
        return self._said(grant, facts)

    def card(self, grant: Grant) -> Card | None:
        """See `EvidenceSource.card`."""
        return None

    def _said(self, grant: Grant, facts: list[tuple[Sealed, datetime, int]]) -> Sequence[Observation]:
        for sealed, observed_at, confidence in facts:
            context = fact_context("issued_in", observed_at, confidence)
            try:
                said = self._opener.open_bytes(grant, context, sealed)
            except (NotFound, Refused):  # of another purpose, or of a permission that has ended
                continue
            adcode = json.loads(said).get("adcode")
            return [Issued(adcode, confidence / 1_000_000, "segment", observed_at)] if adcode else []
        return []

    def _facts(self, tx: sa.Connection, grant: Grant) -> list[tuple[Sealed, datetime, int]]:
        """What is sealed of the subject under any of its tokens, with time and confidence (ppm), the newest first."""
        names = self._vault.aliases(tx, grant.subject)
        found = [row for name in names for row in quick(tx, _FACTS, str(name), LOOKED_AT, kinds=_KINDS)]
        rows = sorted(found, key=itemgetter(0), reverse=True)[:LOOKED_AT]
        return [(Sealed(data, key), Time.read(at), ppm) for _, data, key, ppm, at in rows]
