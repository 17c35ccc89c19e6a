"""What a cell of the database holds, held to what was written there.

SQLite keeps a text in a column of numbers or of bytes as it is; PostgreSQL refuses to.

Rules held here:
- A value of another type than its column's is `Garbled`, which the store tells as Tampered, and never reaches a caller.
- So is a time that no calendar has, and JSON that is none, or is of another shape than what was written.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, TypeVar

import sqlalchemy as sa

from haoma.errors import Tampered

__all__ = ["GARBLED", "STRICT", "Garbled", "json_in"]

GARBLED = "a value in it is not of the type that was written"
T = TypeVar("T")


class Garbled(ValueError):
    """A cell holds what was never written there."""


def json_in(cell: str | bytes, shape: type[T]) -> T:
    """The list or the mapping in a cell of JSON; raises Tampered for anything else.

    >>> json_in('["numbers"]', list)
    ['numbers']
    """
    try:
        found = json.loads(cell)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, shape):
        message = f"the database: {GARBLED}"
        raise Tampered(message, hint="put a backup back: haoma db restore")
    return found


def _only(kind: type[T]) -> Callable[[object], T | None]:
    def process(value: object) -> T | None:
        if value is None or isinstance(value, kind):
            return value
        raise Garbled(GARBLED)

    return process


class _Text(sa.String):
    def result_processor(self, dialect: sa.Dialect, coltype: object) -> Callable[[object], str | None]:
        return _only(str)


class _Bytes(sa.LargeBinary):
    def result_processor(self, dialect: sa.Dialect, coltype: object) -> Callable[[object], bytes | None]:
        return _only(bytes)


class _Whole(sa.Integer):
    def result_processor(self, dialect: sa.Dialect, coltype: object) -> Callable[[object], int | None]:
        return _only(int)


class _Truth(sa.Boolean):
    def result_processor(self, dialect: sa.Dialect, coltype: object) -> Callable[[object], bool | None]:
        def process(value: object) -> bool | None:
            if value not in (None, 0, 1):
                raise Garbled(GARBLED)
            return None if value is None else bool(value)

        return process


STRICT: Mapping[type[sa.types.TypeEngine[Any]], type[sa.types.TypeEngine[Any]]] = MappingProxyType(
    {sa.String: _Text, sa.LargeBinary: _Bytes, sa.Integer: _Whole, sa.Boolean: _Truth}
)
"""How SQLite's dialect reads the columns of each kind."""
