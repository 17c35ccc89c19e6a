"""A copy of an SQLite database before its tables change.

Rules held here:
- A damaged database is neither copied nor migrated.
- The copy is whole or not there, and as private as the database.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path

from haoma.errors import Unavailable

__all__ = ["keep_copy"]


def keep_copy(path: Path) -> Path | None:
    """Check the database and copy it to `NAME.REVISION.bak` beside it; None where it holds no tables yet."""
    with closing(sqlite3.connect(path)) as database:
        found = database.execute("SELECT count(*) FROM sqlite_schema WHERE name = 'alembic_version'").fetchone()[0]
        if not found:
            return None
        check(database, path)
        revision = database.execute("SELECT version_num FROM alembic_version").fetchone()[0]
        kept = path.with_name(f"{path.name}.{revision}.bak")
        _copy(database, kept)
        return kept


def check(database: sqlite3.Connection, path: Path) -> None:
    """Raise Unavailable where SQLite's quick_check finds damage."""
    if database.execute("PRAGMA quick_check(1)").fetchone()[0] != "ok":
        message = f"{path}: the file is damaged"
        raise Unavailable(message, hint="put it aside and haoma db restore a backup; do not write to it")


def _copy(database: sqlite3.Connection, kept: Path) -> None:
    part = kept.with_name(f"{kept.name}.part")
    part.unlink(missing_ok=True)
    file = os.open(part, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600)
    try:
        with closing(sqlite3.connect(part)) as copy:
            database.backup(copy)
        os.fsync(file)
    finally:
        os.close(file)
    part.replace(kept)
