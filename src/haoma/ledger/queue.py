"""What is appended and not in the tree yet: the rows of the queue, written and read.

Rules held here:
- A row is a bundle of up to 256 entries (C2SP tlog-tiles, "Log entries") whose ids follow one another, and has the
  first of them for its own: a batch costs a row for each bundle and not for each entry.
- On SQLite one writes at a time, and the ids of a batch are consecutive. PostgreSQL counts for many at once: there each
  entry is a row.
- The driver is asked directly, for these are the hottest statements of the product.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import closing
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import sqlalchemy as sa

from haoma.ledger import tables
from haoma.ledger.bundles import decode_bundle, encode_bundle
from haoma.ledger.growth import WIDTH
from haoma.ledger.written import as_bytes, as_written

if TYPE_CHECKING:
    import sqlite3

__all__ = ["Waiting", "drop", "put", "take", "waiting", "waiting_entry"]

ROWS_AT_ONCE = 64  # of up to 16 MB each
_TAKE = {
    "sqlite": "SELECT entry_id, length, CAST(entries AS BLOB) FROM ledger_queue ORDER BY entry_id LIMIT ?",
    "postgresql": "SELECT entry_id, length, entries FROM ledger_queue ORDER BY entry_id LIMIT %s",
}
_PUT = "INSERT INTO ledger_queue (length, entries) VALUES (?, ?)"
_COUNT_ON = "UPDATE sqlite_sequence SET seq = seq + ? WHERE name = 'ledger_queue'"
_PUT_EACH = (
    "INSERT INTO ledger_queue (entries) SELECT entries"
    " FROM unnest(%s::bytea[]) WITH ORDINALITY AS given (entries, place) ORDER BY place RETURNING entry_id"
)


class Waiting(NamedTuple):
    """One row: the id of its first entry, those behind which follow, how many entries there are, and their bundle."""

    first_id: int
    length: int
    bundle: bytes

    @property
    def entries(self) -> list[bytes]:
        """The entries; Tampered where the row holds no bundle of so many."""
        with as_written(f"what waits as entry id {self.first_id}"):
            return decode_bundle(self.bundle, self.length)


def put(tx: sa.Connection, entries: Sequence[bytes]) -> Sequence[int]:
    """Queue entries in this transaction; returns their ids, in their order."""
    if tx.dialect.name == "sqlite":
        return _put_in_bundles(tx, entries)
    driver: Any = tx.connection.driver_connection
    bundles = [encode_bundle([entry]) for entry in entries]
    return [entry_id for (entry_id,) in driver.execute(_PUT_EACH, (bundles,)).fetchall()]


def take(tx: sa.Connection, most: int, most_bytes: int) -> list[Waiting]:
    """The rows that wait first: those that hold `most` entries, or `most_bytes`, and not many more."""
    driver: Any = tx.connection.driver_connection
    rows, count, size = list[Waiting](), 0, 0
    with closing(driver.execute(_TAKE[tx.dialect.name], (most,))) as found:
        for first_id, length, bundle in found:
            rows.append(Waiting(first_id, length, bundle))
            count, size = count + length, size + len(bundle)
            if count >= most or size >= most_bytes:
                break
    return rows


def drop(tx: sa.Connection, last: Waiting) -> None:
    """Let the rows leave that were taken, up to the last of them."""
    tx.execute(sa.delete(tables.queue).where(tables.queue.c.entry_id <= last.first_id))


def waiting(tx: sa.Connection) -> Generator[Waiting, None, None]:
    """Every row, in the order of the ids; to be closed before the transaction is."""
    columns = tables.queue.c
    query = sa.select(columns.entry_id, columns.length, as_bytes(columns.entries)).order_by(columns.entry_id)
    with tx.execute(query, execution_options={"yield_per": ROWS_AT_ONCE}) as rows:
        for row in rows:
            yield Waiting(*row)


def waiting_entry(tx: sa.Connection, entry_id: int) -> bytes | None:
    """The entry of this id, where it waits."""
    columns = tables.queue.c
    query = sa.select(columns.entry_id, columns.length, as_bytes(columns.entries)).where(columns.entry_id <= entry_id)
    found = tx.execute(query.order_by(columns.entry_id.desc()).limit(1)).one_or_none()
    row = Waiting(*found) if found else None
    return row.entries[entry_id - row.first_id] if row and entry_id < row.first_id + row.length else None


def _put_in_bundles(tx: sa.Connection, entries: Sequence[bytes]) -> range:
    driver, first = cast("sqlite3.Connection", tx.connection.driver_connection), 0
    for at in range(0, len(entries), WIDTH):
        part = entries[at : at + WIDTH]
        row = driver.execute(_PUT, (len(part), encode_bundle(part)))
        first = first or row.lastrowid or 0
        if len(part) > 1:
            # SQLite counts rows; the ids of the entries behind the first are given out too, and never again.
            driver.execute(_COUNT_ON, (len(part) - 1,))
    return range(first, first + len(entries))
