"""What a store does, whichever database is below it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any, NamedTuple, Protocol, Self, TypeAlias, TypeVar

import sqlalchemy as sa

__all__ = ["Outcome", "Store", "Work"]

T = TypeVar("T")
Work: TypeAlias = Callable[[sa.Connection], object]


class Outcome(NamedTuple):
    """What a work returned, or what it raised."""

    result: Any
    error: Exception | None = None


class Store(Protocol):
    """An open database, for any number of threads; not to be taken over a fork. Closes at the end of a `with`."""

    @property
    def name(self) -> str:
        """Which database this is, for people: a path, or a URL without its password."""

    @property
    def dialect(self) -> str:
        """`sqlite` or `postgresql`."""

    def write(self, work: Callable[[sa.Connection], T], /) -> T:
        """Run `work(tx)` in a transaction and return what it returns, once that is durable.

        `work` may be run again (another's failure, a conflict with a concurrent change), and on a thread that is not
        yours: it does nothing but talk to `tx`, changes rows and no tables, and lets the database's errors through.
        What it raises is raised here, and leaves nothing behind. A hot statement goes
        through `storage.quick`.
        On SQLite works run one after the other. On PostgreSQL they are REPEATABLE READ: a row that two change is
        retried; two that read what the other one changes both pass, so lock (FOR UPDATE) or constrain what must not.

        Raises Unavailable where the database cannot be reached, is full or stays locked; Conflict where a constraint
        refuses the change, and for a write inside a write.
        """

    def write_each(self, works: Sequence[Work], /) -> list[Outcome]:
        """What `write` would return of each of these works, or raise.

        On SQLite they share a transaction, as those do that many threads write at once; each fails alone.
        """

    def read(self) -> AbstractContextManager[sa.Connection]:
        """A snapshot that others' changes do not move, as of its first statement; it refuses to write."""

    def rows(self, sql: str, *values: object, kinds: Sequence[type] = ()) -> list[tuple[Any, ...]]:
        """The rows of one statement as of now, as `storage.quick` has them: less than a snapshot costs."""

    def leader(self, name: str, *, wait_s: float | None = None) -> AbstractContextManager[bool]:
        """Be the only one, in all processes on this database, inside a block: true where you are.

        Waits `wait_s` seconds for another to end (None: for as long as it takes). A leader that dies is no leader.
        On PostgreSQL a leader whose connection breaks learns of it at its next write alone: compare before you swap.
        """

    def changing(self) -> AbstractContextManager[sa.Connection]:
        """A transaction in which tables may change; for migrations and restore, under the leader lock `open`."""

    def close(self) -> None:
        """Give back every connection."""

    def __enter__(self) -> Self: ...

    def __exit__(self, *_: object) -> None: ...
