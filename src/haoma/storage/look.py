"""A work in two parts: what it reads and works out, and what it writes then. The first is done while others write.

Whoever writes into a file waits for all who write before them. A `Looking` that has to wait does its first part on a
snapshot meanwhile; in its transaction what was read is read again, and compared. Where a row differs, or nobody was in
the way, both parts are done in the transaction.

Rules held here:
- The first part writes nothing, and can be done again. Ahead of a transaction it reads through `storage.quick`, whose
  rows are remembered; any other way to read, and whatever would write, leaves it for the transaction: nothing rests on
  rows that nobody compares.
- What was worked out ahead is good for a tenth of a second. What ends with time is judged in the second part: rows are
  compared as of the look, and those that are judged again (`judged_again`) not at all.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any, Generic, NamedTuple, NoReturn, TypeVar, cast

import sqlalchemy as sa

__all__ = ["GOOD_S", "Looking", "judged_again"]

T = TypeVar("T")
GOOD_S = 0.1


class Looking(Generic[T]):
    """A work (`Store.write`) whose first part, `look`, returns the second."""

    def __init__(self, look: Callable[[sa.Connection], Callable[[sa.Connection], T]]) -> None:
        self._look = look
        self._ahead: tuple[_Reads, Callable[[sa.Connection], T]] | None = None

    def ahead(self, snapshot: sa.Connection) -> None:
        """Do the first part, in a transaction of `Store.read`; what cannot be done there is left."""
        reads = _Reads(snapshot)
        try:
            self._ahead = reads, self._look(cast("sa.Connection", reads))
        except Exception:  # noqa: BLE001 - it is met again in the transaction, and raised there
            self._ahead = None
        finally:
            reads.end()

    def __call__(self, tx: sa.Connection) -> T:
        """Do what is left to do."""
        if self._ahead is not None and self._ahead[0].stand(tx):
            return self._ahead[1](tx)
        return self._look(tx)(tx)


def judged_again(tx: sa.Connection) -> sa.Connection:
    """The same connection, for reads whose outcome the second part judges anew: nobody compares their rows."""
    reads: object = tx
    return cast("sa.Connection", _Unkept(reads)) if isinstance(reads, _Reads) else tx


class _Reads:
    """A connection as `quick` asks one, which remembers what it read."""

    def __init__(self, snapshot: sa.Connection) -> None:
        self.dialect = snapshot.dialect
        self._driver: Any = snapshot.connection.dbapi_connection
        self._until = time.monotonic() + GOOD_S
        self._read: dict[tuple[object, tuple[object, ...]], _Rows] = {}

    def stand(self, tx: sa.Connection) -> bool:
        """Whether every row reads the same in this transaction."""
        driver: Any = tx.connection.dbapi_connection
        return time.monotonic() < self._until and all(
            driver.execute(sql, values).fetchall() == known.rows for (sql, values), known in self._read.items()
        )

    def end(self) -> None:
        """Read no more."""
        self._driver = None

    @property
    def connection(self) -> _Reads:
        """The driver's own connection is this one."""
        return self

    dbapi_connection = connection

    def execute(self, sql: object, values: Sequence[object] | None = None) -> _Rows:
        """Read the rows of a statement of `quick`, and remember them."""
        asked = (sql, tuple(values or ()))
        if asked not in self._read:
            self._read[asked] = self.read(sql, values)
        return self._read[asked]

    def read(self, sql: object, values: Sequence[object] | None = None) -> _Rows:
        """Read the rows of a statement of `quick`."""
        if not isinstance(sql, str) or values is None or self._driver is None:
            raise _NotAheadError
        cursor = self._driver.execute(sql, values)
        if not cursor.description:
            raise _NotAheadError
        return _Rows(cursor.description, cursor.fetchall())

    def __getattr__(self, name: str) -> NoReturn:
        raise _NotAheadError


class _Unkept(_Reads):
    """The same, which remembers nothing."""

    def __init__(self, reads: _Reads) -> None:
        self.dialect = reads.dialect
        self.execute = reads.read  # type: ignore[method-assign]


class _NotAheadError(Exception):
    """What is for the transaction."""


class _Rows(NamedTuple):
    """A cursor, as far as `quick` asks one."""

    description: object
    rows: list[tuple[Any, ...]]

    def fetchall(self) -> list[tuple[Any, ...]]:
        """The rows, for the caller to keep."""
        return list(self.rows)
