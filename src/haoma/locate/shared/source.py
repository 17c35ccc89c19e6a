"""The source that customers are themselves: the position that they shared on their own page.

Rules held here:
- It is opened with a Grant for the browser, of the very consent that it was shared for, and with nothing else.
- It is over after `location.clear`, whatever its row says.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa

from haoma.consent import Grant, Source
from haoma.errors import NotFound
from haoma.lineage.model import Sealed
from haoma.locate.areas import Area
from haoma.locate.evidence import Card, Terms
from haoma.locate.fusion import Device, Observation
from haoma.locate.shared.positions import LIFE, circle_of, sealed_as
from haoma.storage import Time, quick
from haoma.storage.faults import explaining
from haoma.vault import Opener, Vault

__all__ = ["SharedPosition"]


_KEPT = "SELECT grant_id, key_id, sealed, shared_at, until FROM locate_shared WHERE grant_id = ?"
_KINDS = (str, str, bytes, int, int)


class _Kept(NamedTuple):
    """A position as it is kept."""

    grant_id: str
    key_id: str
    sealed: bytes
    shared_at: datetime
    until: datetime


class SharedPosition:
    """What customers shared on their page: a circle that their device told of itself."""

    terms = Terms("shared", "browser", Source.BROWSER, 100)

    def __init__(self, vault: Vault) -> None:
        self._vault = vault
        self._opener = Opener(vault, Grant)

    def observe(self, grant: Grant, area: Area | None) -> Sequence[Observation]:
        """See `EvidenceSource.observe`."""
        with self._vault.store.read() as tx:
            row = _row(tx, grant)
        return self._said(grant, row)

    def within(self, tx: sa.Connection, grant: Grant) -> Sequence[Observation]:
        """See `ReadsHere.within`."""
        with explaining(self._vault.store.name):
            row = _row(tx, grant)
        return self._said(grant, row)

    def card(self, grant: Grant) -> Card | None:
        """See `EvidenceSource.card`."""
        return None

    def _said(self, grant: Grant, row: _Kept | None) -> Sequence[Observation]:
        if row is None or min(row.until, row.shared_at + LIFE) <= self._vault.now():
            return []
        context = sealed_as(row.grant_id, row.shared_at, row.until)
        try:
            said = json.loads(self._opener.open_bytes(grant, context, Sealed(row.sealed, row.key_id)))
        except NotFound:  # the key is destroyed
            return []
        circle = circle_of(*(float(said[name]) for name in ("lat", "lon", "accuracy_m")))
        return [Device(circle, "shared-position", row.shared_at)]


def _row(tx: sa.Connection, grant: Grant) -> _Kept | None:
    rows = quick(tx, _KEPT, grant.grant_id, kinds=_KINDS)
    return _Kept(*rows[0][:-2], *map(Time.read, rows[0][-2:])) if rows else None
