"""Somebody else's database, which is read and never changed: SQLite or PostgreSQL, by URL.

Rules held here:
- A transaction of it changes nothing, and a question is given up when its time is over: the database sees to both.
- A connection is opened for each question, and none is kept: it is not our database.
"""

from __future__ import annotations

import math
import sqlite3
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote

import sqlalchemy as sa

from haoma.errors import Unavailable

__all__ = ["FAULTS", "foreign_engine", "foreign_url"]

FAULTS = (sa.exc.SQLAlchemyError, sqlite3.Error, OSError, ValueError, OverflowError)
"""What a question to another's database fails with."""

_STEPS = 1_000  # of SQLite's machine between two looks at the clock


def foreign_url(text: str, below: Path) -> sa.URL | None:
    """The URL of a database, an SQLite file from a folder on; None where it is none, or says more than where it is.

    >>> foreign_url("sqlite:///cms.db", Path("/srv")).database
    '/srv/cms.db'
    """
    try:
        url = sa.make_url(text)
    except (sa.exc.ArgumentError, ValueError):
        return None
    if url.drivername not in {"sqlite", "postgresql"} or not url.database or url.query:
        return None
    return url.set(database=str(below / url.database)) if url.drivername == "sqlite" else url


def foreign_engine(url: sa.URL, timeout_s: float) -> sa.Engine:
    """What asks the database of a URL, each question within its time; raises Unavailable without a driver for it."""
    options: dict[str, Any] = {"poolclass": sa.NullPool, "hide_parameters": True}
    if url.drivername == "sqlite":
        return sa.create_engine("sqlite://", creator=_reader(Path(url.database or ""), timeout_s), **options)
    try:
        wait_ms = round(timeout_s * 1000)
        only_reads = f"-c default_transaction_read_only=on -c statement_timeout={wait_ms} -c lock_timeout={wait_ms}"
        asked = {"connect_timeout": max(2, math.ceil(timeout_s)), "options": only_reads, "application_name": "haoma"}
        return sa.create_engine(url.set(drivername="postgresql+psycopg"), connect_args=asked, **options)
    except ImportError:
        message = "PostgreSQL needs the package psycopg, which is not installed"
        raise Unavailable(message, hint="pip install 'haoma[postgres]'") from None


def _reader(path: Path, timeout_s: float) -> Callable[[], sqlite3.Connection]:
    def connect() -> sqlite3.Connection:
        place = f"file:{quote(str(path.absolute()))}?mode=ro"
        file = sqlite3.connect(place, uri=True, timeout=timeout_s, check_same_thread=False)
        with suppress(sqlite3.Error):  # a file that is no database says so when it is asked
            file.execute("PRAGMA query_only = ON")
        end = time.monotonic() + timeout_s
        file.set_progress_handler(lambda: time.monotonic() > end, _STEPS)
        return file

    return connect
