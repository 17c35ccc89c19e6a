"""Statements that are run for each question anybody asks: past the query layer they cost a tenth.

Rules held here:
- A statement is a constant with `?` where a value goes, the same text for both databases: nothing else is put into it,
  and neither `?` nor `%` stands for itself.
- What is read is as the driver has it: a time is a number (`Time.read`), a truth of SQLite 0 or 1. `kinds` holds each
  cell to the type that was written, as the query layer does.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import sqlalchemy as sa

from haoma.storage.cells import GARBLED, Garbled

__all__ = ["held", "quick"]


def quick(tx: sa.Connection, sql: str, *values: object, kinds: Sequence[type] = ()) -> list[tuple[Any, ...]]:
    """The rows of one statement, in the caller's transaction, on the driver's own connection.

    `kinds` has the type of each column, where what a hand wrote there is to be told as Tampered.
    """
    driver: Any = tx.connection.dbapi_connection  # the driver's own: no adapter of SQLAlchemy's stands before either
    cursor = driver.execute(sql if tx.dialect.name == "sqlite" else _marked(sql), values)
    rows: list[tuple[Any, ...]] = cursor.fetchall() if cursor.description else []
    return held(rows, kinds)


def held(rows: list[tuple[Any, ...]], kinds: Sequence[type]) -> list[tuple[Any, ...]]:
    """The rows, where each cell is null or of its column's type; raises Garbled where one is not."""
    for row in rows if kinds else ():
        for cell, kind in zip(row, kinds, strict=True):
            if cell is not None and not isinstance(cell, kind):
                raise Garbled(GARBLED)
    return rows


@cache
def _marked(sql: str) -> str:
    """The statement with psycopg's marks."""
    return sql.replace("?", "%s")
