"""A store with its tables, copied from one that was made once: all migrations take thirty times as long as a copy.

What migrations do and who runs them is tested by `contracts.store` and tests/unit/storage, on stores of their own.
"""

from __future__ import annotations

import os
import time
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import sqlalchemy as sa

from haoma.storage import open_store

__all__ = ["made"]

_TEMPLATE = "haoma_made"
_TABLES = "SELECT 1 FROM pg_class WHERE relnamespace = 'public'::regnamespace LIMIT 1"
_THERE = "SELECT 1 FROM pg_database WHERE datname = 'haoma_made'"
_USED = "SELECT 1 FROM pg_stat_activity WHERE datname IN ('{}', '{}') LIMIT 1"
_GONE_S = 10


def made(url: str) -> str:
    """The same URL, after an SQLite file that is not there was put there, or tables into a PostgreSQL database."""
    found = sa.make_url(url)
    if found.drivername == "postgresql":
        _fill(found)
        return url
    path = Path(found.database or "")
    if found.drivername == "sqlite" and not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
            file.write(_store())
    return url


@cache
def _store() -> bytes:
    with TemporaryDirectory() as folder:
        open_store(f"sqlite:///{folder}/haoma.db").close()
        return Path(folder, "haoma.db").read_bytes()


def _fill(found: sa.URL) -> None:
    """Put a copy of the server's template in the place of a database that is empty."""
    if _said(found, _TABLES):
        return
    name, server = found.database or "", found.set(database="postgres")
    if not _said(server, _THERE):
        _said(server, f"CREATE DATABASE {_TEMPLATE} TEMPLATE template0")
        open_store(found.set(database=_TEMPLATE).render_as_string(hide_password=False)).close()
    until = time.monotonic() + _GONE_S
    while _said(server, _USED.format(name, _TEMPLATE)):  # a session ends behind the back of who has closed it
        assert time.monotonic() < until, "an empty database is in use"
        time.sleep(0.002)
    _said(server, f"DROP DATABASE {name}", f"CREATE DATABASE {name} TEMPLATE {_TEMPLATE}")


def _said(where: sa.URL, *statements: str) -> bool:
    """Whether the last of these statements gives a row; each is a transaction of its own."""
    engine = sa.create_engine(
        where.set(drivername="postgresql+psycopg"), poolclass=sa.NullPool, isolation_level="AUTOCOMMIT"
    )
    with engine.connect() as tx:
        *_, last = [tx.exec_driver_sql(statement) for statement in statements]
        return last.returns_rows and last.first() is not None
