"""A hotline in a table: one query, SQLite or PostgreSQL.

Rules held here:
- One query in a transaction that the database lets change nothing, within its time.
- The hotline's names are bound (`:uid`, `:organisation`, `:key`) and never part of the text.
- Every value of the first column counts; what goes wrong is told by its kind, without SQL or values.
"""

from __future__ import annotations

import math
import re
import sqlite3
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import sqlalchemy as sa

from haoma.errors import Unavailable
from haoma.guard.probe.model import Asked
from haoma.guard.probe.pointer import texts_of
from haoma.guard.probe.secret import Secret

__all__ = ["SqlPlace"]

MOST_ROWS = 100
_STEPS = 1_000  # of SQLite's machine between two looks at the clock


@dataclass(frozen=True, slots=True)
class SqlPlace:
    """The first column of a query; fills `Place`. `url` has no password: `password` says where that is."""

    url: str
    query: str
    password: Secret | None = None
    timeout_s: int = 15

    def read(self, asked: Asked) -> Sequence[str]:
        """See `Place.read`."""
        engine = self._engine()
        names = {name: value for name, value in asked.names().items() if re.search(rf"(?<!:):{name}\b", self.query)}
        try:
            with engine.begin() as tx:
                rows = tx.execute(sa.text(self.query), names).fetchmany(MOST_ROWS)
        except (sa.exc.SQLAlchemyError, sqlite3.Error, OSError, ValueError, OverflowError) as error:
            message = f"the database does not answer, or not to this query ({type(error).__name__})"
            raise Unavailable(message, hint="try the query as that user") from None
        finally:
            engine.dispose()
        return texts_of([row[0] for row in rows])

    def _engine(self) -> sa.Engine:
        url = sa.make_url(self.url)
        options: dict[str, Any] = {"poolclass": sa.NullPool, "hide_parameters": True}
        if url.drivername == "sqlite":
            return sa.create_engine("sqlite://", creator=_reader(Path(url.database or ""), self.timeout_s), **options)
        wait_ms = self.timeout_s * 1000
        only_reads = f"-c default_transaction_read_only=on -c statement_timeout={wait_ms} -c lock_timeout={wait_ms}"
        wait_s = max(2, math.ceil(self.timeout_s))
        sent = {"connect_timeout": wait_s, "options": only_reads, "application_name": "haoma"}
        url = url.set(drivername="postgresql+psycopg", password=self.password.read() if self.password else None)
        try:
            return sa.create_engine(url, connect_args=sent, **options)
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
