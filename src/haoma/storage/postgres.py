"""A store on a PostgreSQL server, 15 or newer.

Rules held here:
- Each work has a transaction of its own, REPEATABLE READ; the server groups their commits. One that crossed another
  is run again.
- A commit is durable when it returns, also where the server is set up to be faster than that.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Self, TypeVar

import sqlalchemy as sa

from haoma.errors import Unavailable
from haoma.storage.faults import explained, explaining, sqlstate
from haoma.storage.gate import Gate
from haoma.storage.inside import Inside
from haoma.storage.locks import advisory_lock
from haoma.storage.quick import quick
from haoma.storage.store import Outcome, Work

if TYPE_CHECKING:
    from sqlalchemy.engine.interfaces import DBAPIConnection

__all__ = ["PostgresStore", "engine_for"]

T = TypeVar("T")

_CONNECTIONS = 16
# remote_apply and its like promise more than "on", and stay.
_DURABLE = "SELECT set_config('synchronous_commit','on',false) WHERE current_setting('synchronous_commit') = 'off'"
_TRIES = 30
_CROSSED = {"40001", "40P01"}  # serialization failure, deadlock


def engine_for(url: sa.URL, *, wait_s: float) -> sa.Engine:
    """Connections to the server. `wait_s` bounds waiting for a lock, for the server, and for a free connection."""
    try:
        engine = sa.create_engine(
            url.set(drivername="postgresql+psycopg"),
            connect_args={"connect_timeout": max(2, round(wait_s)), "application_name": "haoma"},
            hide_parameters=True,
            pool_size=_CONNECTIONS,
            max_overflow=_CONNECTIONS,
            pool_timeout=wait_s,
            pool_pre_ping=True,
        )
    except ImportError:
        message = "PostgreSQL needs the package psycopg, which is not installed"
        raise Unavailable(message, hint="pip install 'haoma[postgres]'") from None

    @sa.event.listens_for(engine, "connect")
    def prepare(driver: DBAPIConnection, _record: object) -> None:
        cursor = driver.cursor()
        cursor.execute(f"SELECT set_config('lock_timeout', '{round(wait_s * 1000)}', false)")
        cursor.execute(_DURABLE)
        cursor.close()
        driver.commit()

    return engine


class PostgresStore:
    """A `Store` on a server."""

    dialect = "postgresql"

    def __init__(self, url: sa.URL, *, wait_s: float) -> None:
        self.name = url.render_as_string(hide_password=True)
        self._engine = engine_for(url, wait_s=wait_s)
        self._writing = self._engine.execution_options(isolation_level="REPEATABLE READ")
        self._reading = self._engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        self._locks = sa.create_engine(  # not out of the pool, or those who wait for a leader would take the leader's
            self._engine.url, poolclass=sa.NullPool, isolation_level="AUTOCOMMIT", hide_parameters=True
        )
        self._inside = Inside(self._writing)
        # The pool has as many connections again for those who read, also inside a work.
        self._gate = Gate(_CONNECTIONS, wait_s=wait_s)

    def write(self, work: Callable[[sa.Connection], T], /) -> T:
        """See `Store.write`."""
        self._inside.refuse()
        for attempt in range(_TRIES):
            try:
                return self._once(work)
            except Exception as error:
                if sqlstate(error) not in _CROSSED or attempt == _TRIES - 1:
                    shown = explained(error, self.name)
                    if shown is error:
                        raise
                    raise shown from None
            time.sleep(random.uniform(0, 0.002 * 1.3**attempt))  # noqa: S311 - to come apart from the other one
        raise AssertionError

    def write_each(self, works: Sequence[Work], /) -> list[Outcome]:
        """See `Store.write_each`: one after the other, each in a transaction of its own."""
        return [self._outcome(work) for work in works]

    def _outcome(self, work: Work) -> Outcome:
        try:
            return Outcome(self.write(work))
        except Exception as error:  # noqa: BLE001 - it is the outcome
            return Outcome(None, error)

    def _once(self, work: Callable[[sa.Connection], T]) -> T:
        with self._gate, self._writing.begin() as tx:
            transaction = tx.get_transaction()
            try:
                with self._inside:
                    return work(tx)
            finally:
                if transaction is None or not transaction.is_active:
                    tx.invalidate()  # a work tried to end it: nobody knows what it left on the connection

    @contextmanager
    def read(self) -> Iterator[sa.Connection]:
        """See `Store.read`."""
        with explaining(self.name), self._reading.begin() as tx:
            yield tx

    def rows(self, sql: str, *values: object, kinds: Sequence[type] = ()) -> list[tuple[Any, ...]]:
        """See `Store.rows`."""
        with self.read() as tx:
            return quick(tx, sql, *values, kinds=kinds)

    @contextmanager
    def leader(self, name: str, *, wait_s: float | None = None) -> Iterator[bool]:
        """See `Store.leader`."""
        with explaining(self.name), advisory_lock(self._locks, name, wait_s=wait_s) as leads:
            yield leads

    @contextmanager
    def changing(self) -> Iterator[sa.Connection]:
        """See `Store.changing`."""
        with explaining(self.name), self._engine.begin() as tx:
            yield tx

    def close(self) -> None:
        """See `Store.close`."""
        self._engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
