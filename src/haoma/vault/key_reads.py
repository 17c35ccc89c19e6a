"""Reading one row of the key store as it is now: what each use of a permission and each opening waits for.

Rules held here:
- Nothing is remembered: each reading is the database's, of what was committed before it. Two readings are no snapshot.
- A file that was replaced is read as it is now, and one that was removed not at all.
- Where the key store does not answer, that is Unavailable, and nobody is told that anything lives.
"""

from __future__ import annotations

import sqlite3
import threading
import weakref
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from haoma.storage import Store, quick
from haoma.storage.faults import explaining
from haoma.storage.quick import held
from haoma.storage.sqlite import identity

__all__ = ["KeyReads"]

_WAIT_S = 5.0


class KeyReads:
    """Statements that read a few rows by their key. In a file: on one connection of its own, without transactions."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._reading = threading.Lock()
        self._driver: sqlite3.Connection | None = None
        self._file = (0, 0)

    def rows(self, sql: str, *values: object, kinds: Sequence[type] = ()) -> list[tuple[Any, ...]]:
        """The rows of a statement as `storage.quick` takes them; raises Unavailable and Tampered as a store does."""
        path = getattr(self._store, "path", None)
        if not isinstance(path, Path):
            with self._store.read() as tx:
                return quick(tx, sql, *values, kinds=kinds)
        # A transaction of the query layer costs ten times as much as the reading.
        with explaining(self._store.name), self._reading:
            return held(self._connection(path).execute(sql, values).fetchall(), kinds)

    def _connection(self, path: Path) -> sqlite3.Connection:
        """The connection to the file that is there now."""
        file = identity(path)
        if self._driver is None or file != self._file:
            if self._driver is not None:
                self._driver.close()
            self._driver, self._file = None, file
            self._driver = self._opened(path)
        return self._driver

    def _opened(self, path: Path) -> sqlite3.Connection:
        name = f"{path.absolute().as_uri()}?mode=rw"  # makes none where it is gone
        driver = sqlite3.connect(name, uri=True, timeout=_WAIT_S, isolation_level=None, check_same_thread=False)
        weakref.finalize(self, driver.close)
        driver.execute("PRAGMA query_only=ON")
        return driver
