"""A store with its tables, copied from one that was made once: all migrations take thirty times as long as a copy.

What migrations do and who runs them is tested by `contracts.store` and tests/unit/storage, on stores of their own.
"""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import sqlalchemy as sa

from haoma.storage import open_store

__all__ = ["made"]


def made(url: str) -> str:
    """The same URL, after an SQLite file that is not there was put there."""
    found = sa.make_url(url)
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
