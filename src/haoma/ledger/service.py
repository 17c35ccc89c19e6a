"""The log as a service: append inside the caller's transaction, integrate in batches by one leader.

Rules held here:
- `append` writes a queue row in the transaction that changes the domain: both are there or neither. An acknowledged
  entry is durable; it is in the tree after the next integration.
- An integration is one transaction: tiles, bundles, runs, head, and the queue rows that leave. Its head is set only
  where the size is still the one it began with, so that two leaders cannot fork the log, whatever a lock says.
- Entries enter the tree by entry id as far as they are visible. A log index is never given twice and never changes.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from haoma.errors import Conflict, Tampered
from haoma.ledger import tables
from haoma.ledger.bundles import encode_bundle
from haoma.ledger.edge import right_edge
from haoma.ledger.entry import Entry, EntryType, encode
from haoma.ledger.growth import HASH, WIDTH
from haoma.ledger.written import as_bytes, as_written, reading
from haoma.storage import Store

__all__ = ["BATCH", "Head", "Ledger", "grow", "head"]

BATCH = 16_384  # entries an integration takes at most; some 70 ms of the writer's time
BATCH_BYTES = 64 << 20
ROWS_AT_ONCE = 250
WAITING = {  # past the query layer, which costs an entry more than hashing it
    "sqlite": "SELECT entry_id, CAST(entry AS BLOB) FROM ledger_queue ORDER BY entry_id LIMIT ?",
    "postgresql": "SELECT entry_id, entry FROM ledger_queue ORDER BY entry_id LIMIT %s",
}


class Head(NamedTuple):
    """The tree as it stands: how many entries, their root hash, and when the last ones came in."""

    size: int
    root: bytes
    integrated_at: datetime


class Ledger:
    """The log in one store. `types` are the entry types that may be appended, `now` the clock."""

    def __init__(self, store: Store, types: Iterable[EntryType], now: Callable[[], datetime]) -> None:
        self.store = store
        self.types: Mapping[str, EntryType] = {one.name: one for one in types}
        self._now = now

    def append(self, tx: sa.Connection, entry: Entry) -> int:
        """Queue an entry in this transaction; returns its entry id.

        Raises BadInput where the entry is not of its type.
        """
        return self.append_all(tx, [entry])[0]

    def append_all(self, tx: sa.Connection, entries: Sequence[Entry]) -> Sequence[int]:
        """Queue entries in this transaction; returns their entry ids, in their order.

        Raises BadInput where one is not of its type; none is queued then.
        """
        encoded = [encode(entry, self.types) for entry in entries]
        with as_written("the queue"):
            return _queued(tx, encoded)

    def integrate(self, wait_s: float | None = 0.0) -> int:
        """Bring what is queued by now into the tree; returns how many entries that were.

        What is appended meanwhile may wait for the next time: writers without a pause hold up no checkpoint. Only one
        leader integrates at a time: another one waits for up to `wait_s` seconds (None for as long as it takes) and
        then does what is left; 0 where it may not.
        """
        with self.store.leader("ledger", wait_s=wait_s) as leading:
            last, done = self._waiting_id(sa.func.max) if leading else None, 0
            while last is not None and (self._waiting_id(sa.func.min) or last + 1) <= last:
                done += self.store.write(self._integrate)
        return done

    def queued(self) -> int:
        """How many entries wait for integration."""
        with reading(self.store, "the queue") as tx:
            return int(tx.scalar(sa.select(sa.func.count()).select_from(tables.queue)) or 0)

    def _waiting_id(self, which: Callable[[sa.ColumnElement[int]], sa.ColumnElement[int]]) -> int | None:
        with reading(self.store, "the queue") as tx:
            return tx.scalar(sa.select(which(tables.queue.c.entry_id)))

    def _integrate(self, tx: sa.Connection) -> int:
        with as_written("what waits in the queue"):
            rows = _waiting(tx)
            before = grow(tx, [entry for _, entry in rows], self._now()) if rows else None
        if before is None:
            return 0
        with as_written("the map of entry ids"):
            for first_id, length in _consecutive([entry_id for entry_id, _ in rows]):
                _log_run(tx, first_id, before.size + _place(rows, first_id), length)
                leaving = tables.queue.c.entry_id.between(first_id, first_id + length - 1)
                tx.execute(sa.delete(tables.queue).where(leaving))
        return len(rows)


def head(tx: sa.Connection, *, lock: bool = False) -> Head:
    """The tree as it stands in this transaction; `lock` keeps others from changing it meanwhile."""
    query = sa.select(tables.head.c.size, as_bytes(tables.head.c.root), tables.head.c.integrated_at)
    with as_written("the head of the log"):
        rows = tx.execute(query.with_for_update() if lock else query).all()
        if len(rows) == 1 and rows[0].size >= 0 and len(rows[0].root) == HASH:
            return Head(*rows[0])
    raise Tampered("the log has no head, or one that it never had", hint="put this database aside, and audit a copy")


def grow(tx: sa.Connection, entries: Sequence[bytes], at: datetime) -> Head:
    """Put entries into the tree, past the queue: tiles, bundles and head; returns the head as it was before."""
    before = head(tx, lock=True)
    tree, kept = right_edge(tx, before.size, before.root)
    with as_written("what is to come into the tree"):
        changed = list(tree.extend([sha256(b"\x00" + entry).digest() for entry in entries]))
        bundles = list(_bundles(before.size, kept, entries))
    _put(tx, tables.tiles, [tile._asdict() for tile in changed])
    _put(tx, tables.bundles, bundles)
    _set_head(tx, before.size, Head(tree.size, tree.root(), at))
    return before


def _queued(tx: sa.Connection, entries: Sequence[bytes]) -> Sequence[int]:
    # The hottest statement of the product: an entry costs a twentieth of what it does through the query layer.
    driver: Any = tx.connection.driver_connection
    if tx.dialect.name == "sqlite":
        for at in range(0, len(entries), ROWS_AT_ONCE):
            part = entries[at : at + ROWS_AT_ONCE]
            driver.execute("INSERT INTO ledger_queue (entry) VALUES (?)" + ", (?)" * (len(part) - 1), part)
        # Nobody else writes meanwhile, so that the ids are consecutive.
        last = driver.execute("SELECT last_insert_rowid()").fetchone()[0]
        return range(last - len(entries) + 1, last + 1)
    query = (
        "INSERT INTO ledger_queue (entry) SELECT entry FROM unnest(%s::bytea[]) WITH ORDINALITY AS given (entry, place)"
        " ORDER BY place RETURNING entry_id"
    )
    return [entry_id for (entry_id,) in driver.execute(query, (list(entries),)).fetchall()]


def _waiting(tx: sa.Connection) -> Sequence[tuple[int, bytes]]:
    driver: Any = tx.connection.driver_connection
    rows, size = list[tuple[int, bytes]](), 0
    found = driver.execute(WAITING[tx.dialect.name], (BATCH,))
    while size < BATCH_BYTES and (part := found.fetchmany(ROWS_AT_ONCE)):
        rows += part
        size += sum([len(entry) for _, entry in part])
    found.close()
    return rows


def _bundles(size: int, kept: bytes, entries: Sequence[bytes]) -> Iterator[dict[str, object]]:
    number, within = divmod(size, WIDTH)
    at = 0
    while at < len(entries):
        part = entries[at : at + WIDTH - within]
        yield {"number": number, "entries": kept + encode_bundle(part)}
        number, within, kept, at = number + 1, 0, b"", at + len(part)


def _put(tx: sa.Connection, table: sa.Table, rows: Iterable[Mapping[str, object]]) -> None:
    """Insert rows; one that is there already (the last, partial tile or bundle) gets its new content."""
    insert = sqlite.insert if tx.dialect.name == "sqlite" else postgresql.insert
    statement = insert(table)
    content = {column.name: statement.excluded[column.name] for column in table.columns if not column.primary_key}
    tx.execute(statement.on_conflict_do_update(index_elements=list(table.primary_key), set_=content), list(rows))


def _consecutive(ids: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Runs of consecutive ids: the first of each, and how many."""
    if ids[-1] - ids[0] == len(ids) - 1:
        yield ids[0], len(ids)
        return
    first = at = 0
    for at in range(1, len(ids) + 1):
        if at == len(ids) or ids[at] != ids[at - 1] + 1:
            yield ids[first], at - first
            first = at


def _place(rows: Sequence[tuple[int, bytes]], entry_id: int) -> int:
    return bisect_left(rows, entry_id, key=lambda row: row[0])


def _log_run(tx: sa.Connection, first_id: int, first_index: int, length: int) -> None:
    """Say which indices a run of ids has got; one that goes on where another ends makes that one longer."""
    runs = tables.runs
    longer = (
        sa.update(runs)
        .where(runs.c.first_id + runs.c.length == first_id, runs.c.first_index + runs.c.length == first_index)
        .values(length=runs.c.length + length)
    )
    if tx.execute(longer).rowcount == 0:
        tx.execute(sa.insert(runs).values(first_id=first_id, first_index=first_index, length=length))


def _set_head(tx: sa.Connection, old_size: int, new: Head) -> None:
    done = tx.execute(sa.update(tables.head).where(tables.head.c.size == old_size).values(**new._asdict()))
    if done.rowcount != 1:
        message = f"the log has grown beyond {old_size} entries meanwhile: two leaders integrate"
        raise Conflict(message)
