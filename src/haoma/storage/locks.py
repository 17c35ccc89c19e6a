"""Being the only one: a lock that ends with its holder, whatever ends the holder."""

from __future__ import annotations

import hashlib
import os
import re
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa

from haoma.errors import BadInput, Unavailable

__all__ = ["advisory_lock", "file_lock"]

_NAME = re.compile(r"[a-z][a-z0-9-]{0,39}")
_POLL_S = 0.05


@contextmanager
def file_lock(database: Path, name: str, *, wait_s: float | None) -> Iterator[bool]:
    """A lock on a file beside the database; false where another holds it for all of `wait_s`."""
    if sys.platform == "win32":
        raise Unavailable("SQLite's locks between processes need a POSIX system", hint="use PostgreSQL on Windows")
    import fcntl

    def take() -> bool:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    path = database.with_name(f"{database.name}.{_checked(name)}.lock")
    try:
        file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        message = f"{path}: {error.strerror}"
        raise Unavailable(message, hint="haoma needs to write into the directory of its database") from None
    try:
        yield _within(wait_s, take)
    finally:
        os.close(file)


@contextmanager
def advisory_lock(engine: sa.Engine, name: str, *, wait_s: float | None) -> Iterator[bool]:
    """A lock in PostgreSQL, held by a connection without a pool; false where another holds it for all of `wait_s`."""
    # The server would wait two hours for a holder whose machine has vanished.
    alive = "SELECT set_config('tcp_keepalives_idle', '30', false), set_config('tcp_keepalives_interval', '10', false)"
    key = int.from_bytes(hashlib.sha256(f"haoma:{_checked(name)}".encode()).digest()[:8], "big", signed=True)
    with engine.connect() as own:
        own.execute(sa.text(alive))
        ask = sa.select(sa.func.pg_try_advisory_lock(sa.literal(key, sa.BigInteger)))
        yield _within(wait_s, lambda: bool(own.scalar(ask)))


def _checked(name: str) -> str:
    if not _NAME.fullmatch(name):
        message = f"{name!r} is no name of a lock: small letters, digits and hyphens, at most 40"
        raise BadInput(message, hint="for example ledger-integrate")
    return name


def _within(wait_s: float | None, take: Callable[[], bool]) -> bool:
    """Try until it works or the time is over."""
    until = None if wait_s is None else time.monotonic() + wait_s
    while not take():
        if until is not None and time.monotonic() >= until:
            return False
        time.sleep(_POLL_S)
    return True
