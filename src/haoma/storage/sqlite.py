"""A store in a file: SQLite in WAL mode with a full fsync, and group commit.

Rules held here:
- One connection writes. What many threads write at once is one transaction and one fsync. While another process has
  the file, those who come join, and what can be worked out ahead is (`Looking`).
- A group runs without savepoints. Where a work fails after it changed something, all is rolled back and the group runs
  again with savepoints, so that it fails alone.
- A database that was replaced below a running process is not written to.
- Who reads gets a connection that is there already, in a transaction that the driver was told to begin.
"""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import AbstractContextManager, closing, contextmanager, suppress
from pathlib import Path
from typing import Any, Self, TypeVar, cast

import sqlalchemy as sa

from haoma.errors import Conflict, Unavailable
from haoma.storage.cells import STRICT
from haoma.storage.faults import explained, explaining
from haoma.storage.group import Call, Group
from haoma.storage.inside import Inside
from haoma.storage.locks import Line, file_lock
from haoma.storage.look import GOOD_S, Looking
from haoma.storage.quick import held
from haoma.storage.store import Outcome, Work

__all__ = ["SqliteStore", "engine_for", "identity"]

T = TypeVar("T")

_KEPT = 32  # open connections between reads; there may be more at once
_GROUP = 1024  # works in one transaction: bounds how long the first of them waits
_PRAGMAS = (
    "PRAGMA page_size=4096",
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",
    "PRAGMA foreign_keys=ON",
    "PRAGMA wal_autocheckpoint=4000",
    "PRAGMA journal_size_limit=67108864",
)
_WRITER = "PRAGMA cache_size=-16384"  # an integration changes some 4 MB; what does not fit is written twice


def engine_for(path: Path, *, wait_s: float, read_only: bool = False) -> sa.Engine:
    """Connections to the database in a file, each a transaction that begins as reading or as writing."""
    arguments = {"isolation_level": None, "check_same_thread": False, "timeout": wait_s, "cached_statements": 256}
    engine = sa.create_engine(
        sa.URL.create("sqlite", database=str(path)),
        connect_args=arguments,
        hide_parameters=True,
        pool_size=_KEPT,
        max_overflow=-1,
        pool_use_lifo=True,
    )
    engine.dialect.colspecs = {**engine.dialect.colspecs, **STRICT}
    begins = "BEGIN" if read_only else "BEGIN IMMEDIATE"
    pragmas = (*_PRAGMAS, "PRAGMA query_only=ON" if read_only else _WRITER)

    @sa.event.listens_for(engine, "connect")
    def prepare(driver: sqlite3.Connection, _record: object) -> None:
        for pragma in pragmas:
            driver.execute(pragma)

    @sa.event.listens_for(engine, "begin")
    def begin(tx: sa.Connection) -> None:
        driver = _driver(tx)
        if not driver.in_transaction:  # a reader's has begun
            driver.execute(begins)

    return engine


class SqliteStore:
    """A `Store` in a file. `wait_s` is how long another process may hold the database before a write gives up."""

    dialect = "sqlite"

    def __init__(self, path: Path, *, wait_s: float) -> None:
        self.path = path
        self._wait_s = wait_s
        self.name = str(path)
        self._reading = engine_for(path, wait_s=wait_s, read_only=True)
        self._readers: deque[sa.Connection] | None = deque()
        self._writing = engine_for(path, wait_s=wait_s)
        self._tx: sa.Connection | None = None
        self._file = identity(path)
        self._line = Line(path, wait_s)
        self._group: Group[Work] = Group(self._run, limit=_GROUP)
        self._inside = Inside(self._writing)
        self._closing = threading.Lock()

    def write(self, work: Callable[[sa.Connection], T], /) -> T:
        """See `Store.write`."""
        self._inside.refuse()
        return cast("T", self._group.do(work))

    def write_each(self, works: Sequence[Work], /) -> list[Outcome]:
        """See `Store.write_each`."""
        self._inside.refuse()
        return [Outcome(call.result, call.error) for call in self._group.do_each(works)]

    @contextmanager
    def read(self) -> Iterator[sa.Connection]:
        """See `Store.read`."""
        with explaining(self.name):
            tx = self._reader()
            driver = _driver(tx)
            try:
                # For each question anybody asks: the query layer's own way to begin and end costs ten times as much.
                driver.execute("BEGIN")
                yield tx
            finally:
                self._ended(tx, driver)

    def rows(self, sql: str, *values: object, kinds: Sequence[type] = ()) -> list[tuple[Any, ...]]:
        """See `Store.rows`: a statement by itself is a snapshot."""
        with explaining(self.name):
            tx = self._reader()
            driver = _driver(tx)
            try:
                return held(driver.execute(sql, values).fetchall(), kinds)
            finally:
                self._ended(tx, driver)

    def leader(self, name: str, *, wait_s: float | None = None) -> AbstractContextManager[bool]:
        """See `Store.leader`."""
        return file_lock(self.path, name, wait_s=wait_s)

    @contextmanager
    def changing(self) -> Iterator[sa.Connection]:
        """See `Store.changing`. Foreign keys are checked at the end, for SQLite alters a table by replacing it."""
        engine = engine_for(self.path, wait_s=self._wait_s)
        try:
            with explaining(self.name), engine.connect() as tx:
                _driver(tx).execute("PRAGMA foreign_keys=OFF")
                with tx.begin():
                    yield tx
                    if tx.exec_driver_sql("PRAGMA foreign_key_check").first():
                        message = f"{self.name}: a row would point to one that is not there"
                        raise Conflict(message, hint="nothing was changed")
        finally:
            engine.dispose()

    def close(self) -> None:
        """See `Store.close`."""
        with self._closing:
            self._drop()
            self._line.close()
        readers, self._readers = self._readers, None
        for tx in readers or ():
            tx.close()
        self._writing.dispose()
        self._reading.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _reader(self) -> sa.Connection:
        try:
            return self._readers.pop() if self._readers else self._reading.connect()
        except IndexError:  # another thread was quicker
            return self._reading.connect()

    def _ended(self, tx: sa.Connection, driver: sqlite3.Connection) -> None:
        """End what was read, and keep the connection."""
        try:
            if tx.in_transaction():  # the query layer was asked
                tx.rollback()
            elif driver.in_transaction:
                driver.rollback()
        except BaseException:
            tx.invalidate()
            tx.close()
            raise
        readers = self._readers
        if readers is None or tx.closed or len(readers) >= _KEPT:
            tx.close()
        else:
            readers.append(tx)

    def _run(self, calls: list[Call[Work]]) -> None:
        """Do the works of one group, in one transaction."""
        with self._closing:
            try:
                with closing(self._ahead(calls)) as ahead, self._line.turn(lambda: next(ahead, False)):
                    ahead.close()
                    if not self._attempt(calls, apart=False):
                        self._attempt(calls, apart=True)
            except Exception as error:  # noqa: BLE001 - of BEGIN or COMMIT: it is everyone's, and raised in their threads
                self._drop()
                for call in calls:
                    call.result, call.error, call.done = None, explained(error, self.name), True
            except BaseException:
                self._drop()
                raise

    def _ahead(self, calls: list[Call[Work]]) -> Generator[bool]:
        """A step at a time, do what can be done before this process's turn; false where there is nothing now.

        Who comes joins the calls. What fails, or is too much to be good by then, is left for the turn.
        """
        until, known = time.monotonic() + GOOD_S / 2, 0
        while time.monotonic() < until:
            self._group.join(calls)
            looking = [call.work for call in calls[known:] if isinstance(call.work, Looking)]
            known = len(calls)
            if not looking:
                yield False
                continue
            with suppress(Exception), self.read() as snapshot, self._inside:
                for work in looking:
                    if time.monotonic() < until:
                        work.ahead(snapshot)
                        yield True

    def _attempt(self, calls: list[Call[Work]], *, apart: bool) -> bool:
        """False where a work failed that had changed something, and all is rolled back."""
        tx = self._connection()
        transaction = tx.begin()
        driver = _driver(tx)
        try:
            worked = all(self._work(call, transaction, driver, apart=apart) for call in calls)
            if worked:
                _commit(driver, calls)
            (transaction.commit if worked else transaction.rollback)()
        except Exception:
            if transaction.is_active:
                transaction.rollback()
            raise
        return worked

    def _work(
        self, call: Call[Work], transaction: sa.RootTransaction, driver: sqlite3.Connection, *, apart: bool
    ) -> bool:
        """Do one work; false where it failed and what it changed is still there."""
        before = driver.total_changes
        if apart:
            driver.execute("SAVEPOINT work")
        try:
            with self._inside:
                call.result, call.error = call.work(transaction.connection), None
        except Exception as error:  # noqa: BLE001 - raised in the thread whose work it is
            call.result, call.error = None, explained(error, self.name)
        if not (driver.in_transaction and transaction.is_active):  # a full disk makes SQLite roll back by itself
            raise call.error or Conflict("a work ended the transaction", hint="leave that to Store.write")
        changed = call.error is not None and driver.total_changes != before
        if apart:
            driver.execute("ROLLBACK TO work") if changed else None
            driver.execute("RELEASE work")
        return apart or not changed

    def _connection(self) -> sa.Connection:
        if identity(self.path) != self._file:
            message = f"{self.name}: the file was replaced or removed while it was in use"
            raise Unavailable(message, hint="end every process that uses it, and start again")
        if self._tx is None:
            self._tx = self._writing.connect()
        return self._tx

    def _drop(self) -> None:
        if self._tx is not None:
            self._tx.invalidate()
            self._tx.close()
        self._tx = None


def _driver(tx: sa.Connection) -> sqlite3.Connection:
    return cast("sqlite3.Connection", tx.connection.dbapi_connection)


def _commit(driver: sqlite3.Connection, calls: list[Call[Work]]) -> None:
    """Commit what the calls did, and mark them as done."""
    committed, left = False, iter(calls)
    try:
        driver.commit()  # not SQLAlchemy's, which closes an interrupted connection: then nobody could ask it
        committed = True
    except sqlite3.Error:  # the transaction is over then as well, and nothing of it is there
        raise
    except BaseException:
        committed = not driver.in_transaction  # asked of the connection: Ctrl-C may strike behind the commit
        raise
    finally:
        try:
            for call in left if committed else ():
                call.done = True
        finally:  # the others too, where Ctrl-C struck between two: or they would be done again
            for call in left if committed else ():
                call.done = True


def identity(path: Path) -> tuple[int, int]:
    """Which file lies at a path: another one where it was replaced; zeros where there is none."""
    try:
        found = os.stat(path)  # noqa: PTH116 - for each group, and twice as fast as Path's
    except FileNotFoundError:
        return 0, 0
    return found.st_dev, found.st_ino
