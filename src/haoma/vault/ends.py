"""What has ended for good, by its id, in the key store: where no backup of the data can bring it back from.

Rules held here:
- What is noted stays: nothing here changes or deletes a row. An id is random and tells nothing of anybody.
- Looking one up reads the key store, unless that was done within the last second. Where it does not answer, nobody is
  told that anything lives. Within that second only a row that a hand changed back goes unseen.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from haoma.storage import Store
from haoma.vault.key_tables import ends

__all__ = ["Ends"]

KEPT_S = 1.0
_KEPT = 10_000
_WHY = "SELECT why FROM vault_ends WHERE ended_id = {0}"
_PUT = {
    "sqlite": sqlite.insert(ends).on_conflict_do_nothing(),
    "postgresql": postgresql.insert(ends).on_conflict_do_nothing(),
}


class Ends:
    """The ends that one key store knows."""

    def __init__(self, store: Store, now: Callable[[], datetime]) -> None:
        self._store = store
        self._now = now
        self._sql = _WHY.format("?" if store.dialect == "sqlite" else "%s")
        self._living: dict[str, float] = {}

    def note(self, ended_id: str, why: str) -> None:
        """Keep that this has ended, durably; a second time changes nothing."""
        row = {"ended_id": ended_id, "why": why, "noted_at": self._now()}
        self._store.write(lambda tx: tx.execute(_PUT[tx.dialect.name], row).rowcount)
        self._living.pop(ended_id, None)

    def why(self, ended_id: str) -> str:
        """Why this has ended, empty where it has not; raises Unavailable where the key store does not answer."""
        if self._living.get(ended_id, 0.0) > time.monotonic():
            return ""
        with self._store.read() as tx:
            # Asked for each use of a permission: past the query layer.
            driver: Any = tx.connection.driver_connection
            found = driver.execute(self._sql, (ended_id,)).fetchone()
        if found is not None:
            return str(found[0])
        if len(self._living) > _KEPT:
            self._living.clear()
        self._living[ended_id] = time.monotonic() + KEPT_S
        return ""

    def among(self, ids: Collection[str]) -> dict[str, str]:
        """Those of these that have ended, and why; for some hundreds at a time."""
        query = sa.select(ends.c.ended_id, ends.c.why).where(ends.c.ended_id.in_(sorted(ids)))
        with self._store.read() as tx:
            return {row.ended_id: row.why for row in tx.execute(query)}
