"""What has ended for good, by its id, in the key store: where no backup of the data can bring it back from.

Rules held here:
- What is noted stays for its retention class, and nothing here changes it: longer than a permission can last that a
  backup brings back, and than a request can be run. An id is random and tells nothing of anybody.
- Looking one up reads the key store, each time. Where it does not answer, nobody is told that anything lives.
"""

from __future__ import annotations

import sqlite3
import threading
import weakref
from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from haoma.storage import Store
from haoma.storage.faults import explaining
from haoma.vault.key_tables import ends
from haoma.vault.retention_table import rule_of

__all__ = ["ENDS_KEPT", "Ends"]

ENDS_KEPT = rule_of("vault.end").longest or timedelta.max
_WHY = "SELECT why FROM vault_ends WHERE ended_id = {0}"
_WAIT_S = 5.0
_PUT = {
    "sqlite": sqlite.insert(ends).on_conflict_do_nothing(),
    "postgresql": postgresql.insert(ends).on_conflict_do_nothing(),
}


class Ends:
    """The ends that one key store knows."""

    def __init__(self, store: Store, now: Callable[[], datetime]) -> None:
        self._store = store
        self._now = now
        self._reading = threading.Lock()
        self._driver: sqlite3.Connection | None = None

    def note(self, ended_id: str, why: str) -> None:
        """Keep that this has ended, durably; a second time changes nothing."""
        row = {"ended_id": ended_id, "why": why, "noted_at": self._now()}
        self._store.write(lambda tx: tx.execute(_PUT[tx.dialect.name], row).rowcount)

    def why(self, ended_id: str) -> str:
        """Why this has ended, empty where it has not; raises Unavailable where the key store does not answer."""
        path = getattr(self._store, "path", None)
        found = self._in_file(path, ended_id) if isinstance(path, Path) else self._on_server(ended_id)
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

    def _in_file(self, path: Path, ended_id: str) -> list[Any]:
        # Asked for each use of a permission: a connection of its own, without a transaction, costs a tenth of one.
        with explaining(self._store.name), self._reading:
            driver = self._driver = self._driver or self._opened(path)
            return driver.execute(_WHY.format("?"), (ended_id,)).fetchall()

    def _on_server(self, ended_id: str) -> list[Any]:
        with self._store.read() as tx:
            driver: Any = tx.connection.driver_connection
            return list(driver.execute(_WHY.format("%s"), (ended_id,)).fetchall())

    def _opened(self, path: Path) -> sqlite3.Connection:
        name = f"{path.absolute().as_uri()}?mode=rw"  # makes none where it is gone
        driver = sqlite3.connect(name, uri=True, timeout=_WAIT_S, isolation_level=None, check_same_thread=False)
        weakref.finalize(self, driver.close)
        driver.execute("PRAGMA query_only=ON")
        return driver
