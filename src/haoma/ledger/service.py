"""The log as a service: append inside the caller's transaction, integrate in batches by one leader.

Rules held here:
- `append` writes a queue row in the transaction that changes the domain: both are there or neither. An acknowledged
  entry is durable; it is in the tree after the next integration.
- An integration is one transaction: tiles, bundles, runs, head, and the queue rows that leave. Its head is set only
  where the size is still the one it began with, so that two leaders cannot fork the log, whatever a lock says.
- Entries enter the tree by entry id as far as they are visible. A log index is never given twice and never changes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from haoma.errors import Conflict, Tampered
from haoma.ledger import tables
from haoma.ledger.bundles import bytes_of, decode_bundle
from haoma.ledger.edge import right_edge
from haoma.ledger.entry import Entry, EntryType, encode
from haoma.ledger.growth import HASH, WIDTH
from haoma.ledger.queue import Waiting, drop, put, take
from haoma.ledger.written import as_bytes, as_written, reading
from haoma.storage import Store

__all__ = ["BATCH", "Head", "Ledger", "grow", "head"]

BATCH = 16_384  # entries an integration takes at most; some 70 ms of the writer's time
BATCH_BYTES = 64 << 20


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
        return self.drawn_up(entry)(tx)

    def drawn_up(self, entry: Entry) -> Callable[[sa.Connection], int]:
        """`append` for a transaction that is to be short: what is returned queues, and all else is done by now."""
        encoded = [encode(entry, self.types)]

        def queue(tx: sa.Connection) -> int:
            with as_written("the queue"):
                return put(tx, encoded)[0]

        return queue

    def append_all(self, tx: sa.Connection, entries: Sequence[Entry]) -> Sequence[int]:
        """Queue entries in this transaction; returns their entry ids, in their order.

        Raises BadInput where one is not of its type; none is queued then.
        """
        encoded = [encode(entry, self.types) for entry in entries]
        with as_written("the queue"):
            return put(tx, encoded)

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
            return int(tx.scalar(sa.select(sa.func.sum(tables.queue.c.length))) or 0)

    def _waiting_id(self, which: Callable[[sa.ColumnElement[int]], sa.ColumnElement[int]]) -> int | None:
        with reading(self.store, "the queue") as tx:
            return tx.scalar(sa.select(which(tables.queue.c.entry_id)))

    def _integrate(self, tx: sa.Connection) -> int:
        with as_written("what waits in the queue"):
            rows = take(tx, BATCH, BATCH_BYTES)
        if not rows:
            return 0
        drop(tx, rows[-1])  # first, for what comes in takes the pages that it leaves
        before = grow(tx, [(row.bundle, row.length) for row in rows], self._now())
        with as_written("the map of entry ids"):
            for first_id, place, length in _runs(rows):
                _log_run(tx, first_id, before.size + place, length)
        return sum(row.length for row in rows)


def head(tx: sa.Connection, *, lock: bool = False) -> Head:
    """The tree as it stands in this transaction; `lock` keeps others from changing it meanwhile."""
    query = sa.select(tables.head.c.size, as_bytes(tables.head.c.root), tables.head.c.integrated_at)
    with as_written("the head of the log"):
        rows = tx.execute(query.with_for_update() if lock else query).all()
        if len(rows) == 1 and rows[0].size >= 0 and len(rows[0].root) == HASH:
            return Head(*rows[0])
    raise Tampered("the log has no head, or one that it never had", hint="put this database aside, and audit a copy")


def grow(tx: sa.Connection, bundles: Sequence[tuple[bytes, int]], at: datetime) -> Head:
    """Put bundles, each with its number of entries, into the tree, past the queue; returns the head before it."""
    before = head(tx, lock=True)
    tree, kept = right_edge(tx, before.size, before.root)
    with as_written("what is to come into the tree"):
        entries = [entry for bundle, length in bundles for entry in decode_bundle(bundle, length)]
        changed = list(tree.extend([sha256(b"\x00" + entry).digest() for entry in entries]))
    _put(tx, tables.tiles, [tile._asdict() for tile in changed])
    _put(tx, tables.bundles, list(_bundles(before.size, kept, bundles)))
    _set_head(tx, before.size, Head(tree.size, tree.root(), at))
    return before


def _bundles(size: int, kept: bytes, bundles: Sequence[tuple[bytes, int]]) -> Iterator[dict[str, object]]:
    """The rows of bundles of 256 entries and the last, partial one, behind the `kept` entries of that before."""
    number, within = divmod(size, WIDTH)
    parts = [kept]
    for bundle, length in bundles:
        room = WIDTH - within
        end = bytes_of(bundle, room) if length >= room else 0
        if end:
            yield {"number": number, "entries": b"".join([*parts, bundle[:end]])}
            number, parts = number + 1, []
        parts.append(bundle[end:])
        within = (within + length) % WIDTH
    if within:
        yield {"number": number, "entries": b"".join(parts)}


def _put(tx: sa.Connection, table: sa.Table, rows: Iterable[Mapping[str, object]]) -> None:
    """Insert rows; one that is there already (the last, partial tile or bundle) gets its new content."""
    insert = sqlite.insert if tx.dialect.name == "sqlite" else postgresql.insert
    statement = insert(table)
    content = {column.name: statement.excluded[column.name] for column in table.columns if not column.primary_key}
    tx.execute(statement.on_conflict_do_update(index_elements=list(table.primary_key), set_=content), list(rows))


def _runs(rows: Sequence[Waiting]) -> Iterator[tuple[int, int, int]]:
    """Runs of consecutive ids: the first of each, the place of its entry among those of the rows, and how many."""
    first_id, place, length = rows[0].first_id, 0, 0
    for row in rows:
        if row.first_id != first_id + length:
            yield first_id, place, length
            first_id, place, length = row.first_id, place + length, 0
        length += row.length
    yield first_id, place, length


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
