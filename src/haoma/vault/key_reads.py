"""Reading one row of the key store as it is now: what each use of a permission and each opening waits for.

Rules held here:
- Nothing is remembered: each reading is the database's, of what was committed before it. Two readings are no snapshot.
- A file that was replaced is read as it is now, and one that was removed not at all.
- Where the key store does not answer, that is Unavailable, and nobody is told that anything lives.
"""

from __future__ import annotations

import sqlite3
import weakref
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeAlias

from haoma.storage import Store
from haoma.storage.faults import explaining
from haoma.storage.quick import held
from haoma.storage.sqlite import identity

__all__ = ["KeyReads"]

_WAIT_S = 5.0
_File: TypeAlias = tuple[int, int]


class KeyReads:
    """Statements that read a few rows by their key. In a file: on connections of its own, without transactions."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._idle: deque[tuple[_File, sqlite3.Connection]] = deque()

    def rows(self, sql: str, *values: object, kinds: Sequence[type] = ()) -> list[tuple[Any, ...]]:
        """The rows of a statement as `storage.quick` takes them; raises Unavailable and Tampered as a store does."""
        path = getattr(self._store, "path", None)
        if not isinstance(path, Path):
            return self._store.rows(sql, *values, kinds=kinds)
        with explaining(self._store.name):
            file = identity(path)
            driver = self._connection(path, file)
            try:
                return held(driver.execute(sql, values).fetchall(), kinds)
            finally:
                self._idle.append((file, driver))

    def _connection(self, path: Path, file: _File) -> sqlite3.Connection:
        """A connection that nobody uses, to the file that is there now."""
        with suppress(IndexError):
            while True:
                known, driver = self._idle.pop()
                if known == file:
                    return driver
                driver.close()
        return self._opened(path)

    def _opened(self, path: Path) -> sqlite3.Connection:
        name = f"{path.absolute().as_uri()}?mode=rw"  # makes none where it is gone
        driver = sqlite3.connect(name, uri=True, timeout=_WAIT_S, isolation_level=None, check_same_thread=False)
        weakref.finalize(self, driver.close)
        driver.execute("PRAGMA query_only=ON")
        return driver
