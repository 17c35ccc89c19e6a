"""What has ended for good, by its id, in the key store: where no backup of the data can bring it back from.

Rules held here:
- What is noted stays for its retention class, and nothing here changes it: longer than a permission can last that a
  backup brings back, and than a request can be run. An id is random and tells nothing of anybody.
- Looking one up reads the key store, each time. Where it does not answer, nobody is told that anything lives.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from haoma.storage import Store
from haoma.vault.key_reads import KeyReads
from haoma.vault.key_tables import ends
from haoma.vault.retention_table import rule_of

__all__ = ["ENDS_KEPT", "Ends"]

ENDS_KEPT = rule_of("vault.end").longest or timedelta.max
_WHY = "SELECT why FROM vault_ends WHERE ended_id = ?"
_PUT = {
    "sqlite": sqlite.insert(ends).on_conflict_do_nothing(),
    "postgresql": postgresql.insert(ends).on_conflict_do_nothing(),
}


class Ends:
    """The ends that one key store knows."""

    def __init__(self, store: Store, reads: KeyReads, now: Callable[[], datetime]) -> None:
        self._store = store
        self._reads = reads
        self._now = now

    def note(self, ended_id: str, why: str) -> None:
        """Keep that this has ended, durably; a second time changes nothing."""
        row = {"ended_id": ended_id, "why": why, "noted_at": self._now()}
        self._store.write(lambda tx: tx.execute(_PUT[tx.dialect.name], row).rowcount)

    def why(self, ended_id: str) -> str:
        """Why this has ended, empty where it has not; raises Unavailable where the key store does not answer."""
        found = self._reads.rows(_WHY, ended_id)
        return str(found[0][0]) if found else ""

    def among(self, ids: Collection[str]) -> dict[str, str]:
        """Those of these that have ended, and why; for some hundreds at a time."""
        query = sa.select(ends.c.ended_id, ends.c.why).where(ends.c.ended_id.in_(sorted(ids)))
        with self._store.read() as tx:
            return {row.ended_id: row.why for row in tx.execute(query)}

    def counted(self, before: datetime) -> tuple[int, int, datetime | None]:
        """How many there are, how many of them were noted at a moment or before, and when the oldest of these was."""
        old = ends.c.noted_at <= before
        query = sa.select(sa.func.count(), sa.func.count().filter(old), sa.func.min(ends.c.noted_at).filter(old))
        with self._store.read() as tx:
            rows, over, oldest = tx.execute(query).one()
        return int(rows), int(over), oldest

    def forget(self, before: datetime, limit: int) -> int:
        """Forget some that were noted at a moment or before; returns how many, 0 at the end. For retention alone."""
        old = sa.select(ends.c.ended_id).where(ends.c.noted_at <= before).limit(limit)
        return self._store.write(lambda tx: tx.execute(sa.delete(ends).where(ends.c.ended_id.in_(old))).rowcount)
