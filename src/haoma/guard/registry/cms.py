"""The table of hotlines in a content management system, in SQLite or PostgreSQL, asked by a map of its columns.

Rules held here:
- One SELECT of the columns that the map names, with names quoted, in a transaction that changes nothing, within the
  time that the map says. More rows than an import takes are not read.
- Whatever goes wrong is Unavailable, and neither SQL nor values are in the message.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from haoma.errors import BadInput, Unavailable
from haoma.guard.registry.chart import Place
from haoma.guard.registry.incoming import MOST_ROWS, Row, row_of
from haoma.guard.registry.model import CHINA
from haoma.storage.foreign import FAULTS, foreign_engine

__all__ = ["table_rows"]


def table_rows(place: Place, columns: tuple[str, ...]) -> list[Row]:
    """The rows of a table with these columns, each named once, in the order that the database gives them."""
    engine = foreign_engine(place.url, place.timeout_s)
    try:
        with engine.begin() as tx:
            found = tx.execute(_select(place, columns)).all()
            rows = [row_of(n, dict(zip(columns, map(_told, row), strict=True))) for n, row in enumerate(found, 1)]
    except FAULTS as error:
        message = f"the database does not answer, or not as the map says ({type(error).__name__})"
        raise Unavailable(message, hint="look at url, table and columns of the map") from None
    finally:
        engine.dispose()
    if len(rows) > MOST_ROWS:
        raise BadInput(f"there are more than {MOST_ROWS:,} rows", hint="name a view of a part of them")
    return rows


def _select(place: Place, columns: tuple[str, ...]) -> sa.Select[Any]:
    named: list[sa.ColumnClause[Any]] = [sa.column(sa.quoted_name(name, quote=True)) for name in columns]
    schema = None if place.schema is None else sa.quoted_name(place.schema, quote=True)
    table = sa.table(sa.quoted_name(place.table, quote=True), *named, schema=schema)
    return sa.select(*(table.c[name] for name in columns)).limit(MOST_ROWS + 1)


def _told(value: object) -> object:
    """A cell as a file would have it: a time with its zone, China's where it has none."""
    if isinstance(value, datetime):
        return (value if value.tzinfo else value.replace(tzinfo=CHINA)).isoformat()
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return value if value is None or isinstance(value, bool | int | float | list) else str(value)
