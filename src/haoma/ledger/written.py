"""Reading the log's tables back, which a disk or a hand may have changed since they were written.

Rules held here:
- Bytes are read as bytes, whatever type the database has come to say they are: one flipped bit makes text of them.
- What the log can never have written is Tampered, and never an internal error or the reader's own bad input.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa

from haoma.errors import BadInput, Tampered

__all__ = ["as_bytes", "as_written"]


def as_bytes(column: sa.ColumnElement[bytes]) -> sa.ColumnElement[bytes]:
    """A column of bytes, to be selected under its own name."""
    return sa.cast(column, sa.LargeBinary).label(getattr(column, "name", None))


@contextmanager
def as_written(what: str, index: int | None = None) -> Iterator[None]:
    """Raise Tampered where what is read inside the block is not of the form that the log writes.

    `what` says what is read, `index` the first log index that it is about.
    """
    try:
        yield
    except (BadInput, TypeError, ValueError, ArithmeticError, AttributeError) as error:
        raise _damaged(what, index) from error
    except (sa.exc.OperationalError, sqlite3.OperationalError) as error:
        below = error.orig if isinstance(error, sa.exc.OperationalError) else error
        if not isinstance(below, sqlite3.Error) or hasattr(below, "sqlite_errorcode"):
            raise
        raise _damaged(what, index) from None  # of the driver itself: text that is no UTF-8


def _damaged(what: str, index: int | None) -> Tampered:
    hint = "keep this database as it is; `haoma ledger audit` names the first entry that differs"
    return Tampered(f"{what} cannot be what the log wrote", hint=hint, index=index)
