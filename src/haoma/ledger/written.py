"""Reading the log's tables back, which a disk or a hand may have changed since they were written.

Rules held here:
- Bytes are read as bytes, whatever type the database has come to say they are: one flipped bit makes text of them.
- What the log can never have written is Tampered, and never an internal error or the reader's own bad input. A table
  that is gone, or text that is none, is told so by storage.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa

from haoma.errors import BadInput, Tampered
from haoma.storage import Store

__all__ = ["as_bytes", "as_written", "reading"]


def as_bytes(column: sa.ColumnElement[bytes]) -> sa.ColumnElement[bytes]:
    """A column of bytes, to be selected under its own name."""
    return sa.cast(column, sa.LargeBinary).label(getattr(column, "name", None))


class as_written:  # noqa: N801 - as contextlib's own: it stands behind `with`, for each entry
    """Raise Tampered where what is read inside the block is not of the form that the log writes.

    `what` says what is read, `index` the first log index that it is about.
    """

    __slots__ = ("_index", "_what")

    def __init__(self, what: str, index: int | None = None) -> None:
        self._what = what
        self._index = index

    def __enter__(self) -> None:
        """Begin."""

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        """Raise Tampered instead, where the error is of the form."""
        if isinstance(error, BadInput | TypeError | ValueError | ArithmeticError | AttributeError):
            raise _damaged(self._what, self._index) from error


@contextmanager
def reading(store: Store, what: str) -> Iterator[sa.Connection]:
    """A snapshot of the store, in which `what` is read as `as_written` has it."""
    with store.read() as tx, as_written(what):
        yield tx


def _damaged(what: str, index: int | None) -> Tampered:
    hint = "keep this database as it is; `haoma ledger audit` names the first entry that differs"
    return Tampered(f"{what} cannot be what the log wrote", hint=hint, index=index)
