"""Being the only one: a lock that ends with its holder, whatever ends the holder; and waiting in line to write."""

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

__all__ = ["Line", "advisory_lock", "file_lock"]

_NAME = re.compile(r"[a-z][a-z0-9-]{0,39}")
_POLL_S = 0.05
_SOON_S = 0.0002
_PATIENCE_S = 1.0


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

    file = _opened(database.with_name(f"{database.name}.{_checked(name)}.lock"))
    try:
        yield _within(wait_s, take)
    finally:
        os.close(file)


class Line:
    """Processes that come to write into one file: one after the other, and each in its turn.

    SQLite lets who waits sleep for up to a tenth of a second, and whoever asks in the right moment come in before them.
    This is a courtesy: who is not let in within `wait_s`, or a second, goes on, and SQLite's own lock says who writes.
    """

    def __init__(self, database: Path, wait_s: float) -> None:
        self._places = [database.with_name(f"{database.name}.{name}.lock") for name in ("next", "writes")]
        self._wait_s = min(wait_s, _PATIENCE_S)
        self._files: list[int] = []

    @contextmanager
    def turn(self, meanwhile: Callable[[], bool] = lambda: False) -> Iterator[None]:
        """Be the only one; one thread at a time. Who waits in line does `meanwhile`, and sleeps where that is false."""
        try:
            self._come(meanwhile)
            yield
        finally:
            self._leave(1)

    def _come(self, meanwhile: Callable[[], bool]) -> None:
        if sys.platform == "win32":
            return
        self._open()
        until = time.monotonic() + self._wait_s
        try:
            # Whoever is next in line keeps the one who has just written from coming in again before them.
            if self._take(0, until, meanwhile):
                self._take(1, until, meanwhile)
        finally:
            self._leave(0)

    def _open(self) -> None:
        for path in self._places[len(self._files) :]:
            self._files.append(_opened(path))  # one that is open stays so, whatever comes of the next

    def close(self) -> None:
        """Give back what is open."""
        while self._files:
            os.close(self._files.pop())

    def _take(self, which: int, until: float, meanwhile: Callable[[], bool]) -> bool:
        import fcntl

        while True:
            try:
                fcntl.flock(self._files[which], fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() >= until:
                    return False
                if not meanwhile():
                    time.sleep(_SOON_S)
            else:
                return True

    def _leave(self, which: int) -> None:
        if which < len(self._files):
            import fcntl

            fcntl.flock(self._files[which], fcntl.LOCK_UN)


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


def _opened(path: Path) -> int:
    try:
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        message = f"{path}: {error.strerror}"
        raise Unavailable(message, hint="haoma needs to write into the directory of its database") from None


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
