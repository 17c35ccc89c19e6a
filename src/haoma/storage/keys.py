"""The keys a database counts up: how far it has counted, and how it is told to go on from there.

Rules held here:
- After a restore no key is given out a second time, not even one whose row is long gone.
"""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import REGCLASS

__all__ = ["last_key", "set_last_key"]


def last_key(tx: sa.Connection, table: sa.Table) -> int | None:
    """The last key that was given out; 0 where none was, None where the database does not count for this table."""
    if tx.dialect.name == "sqlite":
        return _sqlite_last(tx, table)
    sequence = _sequence(tx, table)
    if sequence is None:
        return None
    ask = f"SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM {sequence}"  # noqa: S608 - quoted by PostgreSQL
    return int(tx.scalar(sa.text(ask)) or 0)


def set_last_key(tx: sa.Connection, table: sa.Table, value: int | None) -> None:
    """Go on counting behind `value`, or behind the largest key there is, where the database counts for this table."""
    if last_key(tx, table) is None:
        return
    if value is None:
        value = int(tx.scalar(sa.select(sa.func.max(*table.primary_key.columns))) or 0)
    if tx.dialect.name == "sqlite":
        tx.execute(sa.text("DELETE FROM sqlite_sequence WHERE name = :name"), {"name": table.name})
        row = {"name": table.name, "seq": value}
        tx.execute(sa.text("INSERT INTO sqlite_sequence (name, seq) VALUES (:name, :seq)"), row)
    else:
        sequence = sa.cast(_sequence(tx, table), REGCLASS)
        tx.execute(sa.select(sa.func.setval(sequence, max(value, 1), value > 0)))


def _sqlite_last(tx: sa.Connection, table: sa.Table) -> int | None:
    made = tx.scalar(sa.text("SELECT sql FROM sqlite_schema WHERE name = :name"), {"name": table.name})
    if "AUTOINCREMENT" not in str(made).upper():
        return None
    return int(tx.scalar(sa.text("SELECT seq FROM sqlite_sequence WHERE name = :name"), {"name": table.name}) or 0)


def _sequence(tx: sa.Connection, table: sa.Table) -> str | None:
    keys = [column.name for column in table.primary_key.columns]
    if len(keys) != 1:
        return None
    quoted = tx.dialect.identifier_preparer.quote(table.name)
    found = tx.scalar(sa.select(sa.func.pg_get_serial_sequence(quoted, keys[0])))
    return None if found is None else str(found)
