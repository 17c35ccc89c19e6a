"""What a failure of the database means to a person.

Rules held here:
- No SQL, no value and no password is in a message.
- What only a programmer can mend (a wrong statement) comes through as it is, for the edge that hides its text.
- A statement that misses a table or a column that the migrations made is right, and the database has lost it: Tampered.
  So is a value that is not of the type it was written with.
"""

from __future__ import annotations

import re
import sqlite3

import sqlalchemy as sa

from haoma.errors import Conflict, HaomaError, Tampered, Unavailable
from haoma.storage import schema
from haoma.storage.cells import GARBLED, Garbled

__all__ = ["explained", "explaining", "sqlstate"]

_FULL = ("the disk is full", "nothing of the change is there; make room and try again")
_LOCKED = ("another process holds it for too long", "wait for the other to end, or try again")
_DAMAGED = ("the file is damaged, or is no database", "put it aside and haoma db restore a backup; do not write to it")
_DISK = ("the disk reports an error", "look at the disk before trying again")
_READ_ONLY = ("it may not be written to", "look at the rights of the file and of its directory")
_NO_ACCESS = ("it cannot be opened", "look at the path and the rights in the settings store_dir and database")
_NO_ANSWER = (
    "the server does not answer, or refuses the connection",
    "look at the server, and at the setting database; a change under way is there whole or not at all",
)
_REFUSED = ("the server refuses this user", "look at user, password and database in the setting database")
_BUSY = ("all its connections are in use", "try again")
_CROSSED = ("concurrent changes kept crossing this one", "try again")
_LOST = ("its tables are not those of its revision: one of them, or a column, is gone", schema.LOST)
_GARBLED = (GARBLED, schema.LOST)
_CONSTRAINT = ("this contradicts what is there", "a value is there already, missing, or still in use")

# https://www.sqlite.org/rescode.html, primary codes
_SQLITE = {
    3: _NO_ACCESS,
    5: _LOCKED,
    6: _LOCKED,
    8: _READ_ONLY,
    10: _DISK,
    11: _DAMAGED,
    13: _FULL,
    14: _NO_ACCESS,
    19: _CONSTRAINT,
    26: _DAMAGED,
}
# https://www.postgresql.org/docs/15/errcodes-appendix.html, the longest prefix wins
_POSTGRES = {
    "08": _NO_ANSWER,
    "23": _CONSTRAINT,
    "28": _REFUSED,
    "3D": _REFUSED,
    "40": _CROSSED,
    "42501": _REFUSED,
    "53": _BUSY,
    "53100": _FULL,
    "55P03": _LOCKED,
    "57": _NO_ANSWER,
    "58": _DISK,
    "XX001": _DAMAGED,
    "XX002": _DAMAGED,
}

_UNDEFINED = {"42P01", "42703"}  # a table, a column
_MISSES = re.compile(r"(?:no such (?:table|column):|table \w+ has no column named) ([\w.]+)")


class explaining:  # noqa: N801 - as contextlib's own: it stands behind `with`, some ten times a question
    """Raise what the database raises inside the block in words a person can act on."""

    __slots__ = ("_name",)

    def __init__(self, name: str) -> None:
        self._name = name

    def __enter__(self) -> None:
        """Begin."""

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        """Raise in other words, where there are any."""
        if error is not None and (shown := _shown(error, self._name)) is not error:
            raise shown from None


def _shown(error: BaseException, name: str) -> BaseException:
    if isinstance(error, HaomaError) or not isinstance(error, Exception):
        return error
    if isinstance(error, UnicodeDecodeError):
        # sqlite3 fails on its own message where the text of a schema is damaged.
        return Unavailable(f"{name}: {_DAMAGED[0]}", hint=_DAMAGED[1])
    return explained(error, name)


def explained(error: Exception, name: str) -> Exception:
    """The error to show for one of the database `name`; any other error comes back as it is."""
    if isinstance(error, sa.exc.StatementError) and isinstance(error.orig, HaomaError):
        return error.orig
    said = _said(error)
    if said is None:
        return error
    message, hint = said
    kind = Conflict if said is _CONSTRAINT else Tampered if said in (_LOST, _GARBLED) else Unavailable
    return kind(f"{name}: {message}", hint=hint)


def sqlstate(error: BaseException) -> str | None:
    """PostgreSQL's code of an error, its own or wrapped by SQLAlchemy; empty where the connection failed."""
    below = error.orig if isinstance(error, sa.exc.DBAPIError) else error
    if not type(below).__module__.startswith("psycopg"):
        return None
    state = getattr(below, "sqlstate", None)
    return state if isinstance(state, str) else ""


def _said(error: Exception) -> tuple[str, str] | None:
    if isinstance(error, sa.exc.TimeoutError):
        return _BUSY
    if isinstance(error, Garbled):
        return _GARBLED
    below = error.orig if isinstance(error, sa.exc.DBAPIError) else error
    if isinstance(below, sqlite3.Error):
        return _said_by_sqlite(below)
    state = sqlstate(error)
    return None if state is None else _said_by_postgres(state, below)


def _said_by_sqlite(error: sqlite3.Error) -> tuple[str, str] | None:
    if "decode to UTF-8" in str(error):
        return _GARBLED
    if (missing := _MISSES.match(str(error))) and _is_ours(missing[1]):
        return _LOST
    return _SQLITE.get(getattr(error, "sqlite_errorcode", 0) & 0xFF)


def _said_by_postgres(state: str, error: BaseException | None) -> tuple[str, str] | None:
    if not state:
        return _NO_ANSWER if type(error).__name__ in {"OperationalError", "ConnectionTimeout"} else None
    if state in _UNDEFINED:
        # The words around the name are in the server's language.
        words = re.findall(r"[\w.]+", str(error).partition("\n")[0])
        return _LOST if any(map(_is_ours, words)) else None
    return next((_POSTGRES[state[:length]] for length in (5, 2) if state[:length] in _POSTGRES), None)


def _is_ours(missing: str) -> bool:
    """Whether the migrations made a table, or a column, of this name; it may have its table's in front."""
    ours = schema.made(schema.revisions()[-1])
    above, _, name = missing.rpartition(".")
    return name in (ours.get(above) or {*ours}.union(*ours.values()))
