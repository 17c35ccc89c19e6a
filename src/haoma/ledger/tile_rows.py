"""The tiles of the log, read by level and number: what a proof and an integration wait for most.

Rules held here:
- Any number of tiles is one statement of point reads. A list of pairs (`IN`) would make SQLite read the whole table.
- The driver is asked directly, for the query layer takes ten times as long as the database.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import sqlalchemy as sa

from haoma.ledger.growth import Tile
from haoma.ledger.written import as_written

__all__ = ["tile_rows"]

_ONE = {
    "sqlite": "SELECT level, number, CAST(hashes AS BLOB), CAST(above AS BLOB) FROM ledger_tiles"
    " WHERE level = ? AND number = ?",
    "postgresql": "SELECT level, number, hashes, above FROM ledger_tiles WHERE level = %s AND number = %s",
}


def tile_rows(tx: sa.Connection, wanted: Sequence[tuple[int, int]]) -> dict[tuple[int, int], Tile]:
    """These tiles, each a level and a number, as far as they are there."""
    if not wanted:
        return {}
    driver: Any = tx.connection.driver_connection
    with as_written("the hashes of the log"):
        rows = driver.execute(_statement(tx.dialect.name, len(wanted)), [part for pair in wanted for part in pair])
        return {row[:2]: Tile(*row) for row in rows.fetchall()}


@lru_cache(maxsize=128)
def _statement(dialect: str, count: int) -> str:
    return " UNION ALL ".join([_ONE[dialect]] * count)
