"""What can be read out of the log: its head, entries, tiles, and proofs.

Rules held here:
- A proof's tiles are fetched together, in one statement.
- What is served is what lies there; whoever asks verifies it against a checkpoint.
"""

from __future__ import annotations

from collections.abc import Iterable

import sqlalchemy as sa

from haoma.errors import NotFound, Tampered
from haoma.ledger import tables
from haoma.ledger.bundles import decode_bundle
from haoma.ledger.growth import HASH, WIDTH
from haoma.ledger.service import Head, head
from haoma.ledger.tile_proofs import (
    consistency_from_tiles,
    inclusion_from_tiles,
    root_from_tiles,
    tiles_for_consistency,
    tiles_for_inclusion,
    tiles_for_root,
)
from haoma.ledger.tiles import BundleName, TileName, tile_width
from haoma.storage import Store

__all__ = ["View"]


class View:
    """The log of one store, to be read; each answer is of one snapshot."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def head(self) -> Head:
        """The tree as it stands."""
        with self._store.read() as tx:
            return head(tx)

    def entry(self, index: int) -> bytes:
        """The bytes of the entry at this index; NotFound where the log is not that long."""
        number, within = divmod(index, WIDTH)
        with self._store.read() as tx:
            size = head(tx).size
            if index >= size:
                raise NotFound(f"the log has {size:,} entries", hint="its indices start at 0")
            return decode_bundle(_bundle(tx, number), tile_width(0, number, size))[within]

    def index_of(self, entry_id: int) -> int | None:
        """The log index of an entry id; None where it is not integrated, or there is none such."""
        runs = tables.runs.c
        query = sa.select(runs.first_id, runs.first_index, runs.length).where(runs.first_id <= entry_id)
        with self._store.read() as tx:
            row = tx.execute(query.order_by(runs.first_id.desc()).limit(1)).one_or_none()
        return row.first_index + entry_id - row.first_id if row and entry_id < row.first_id + row.length else None

    def require_index(self, entry_id: int) -> int:
        """The log index of an entry id; NotFound where it is not in the tree."""
        index = self.index_of(entry_id)
        if index is None:
            raise NotFound(f"entry {entry_id} is not in the tree", hint="`haoma ledger show` tells what still waits")
        return index

    def inclusion(self, index: int, size: int) -> list[bytes]:
        """The proof that the entry at this index is in the tree of this size (RFC 9162 §2.1.3)."""
        return inclusion_from_tiles(index, size, self._tiles(tiles_for_inclusion(index, size)))

    def consistency(self, old_size: int, new_size: int) -> list[bytes]:
        """The proof that the tree of the new size extends the one of the old size (RFC 9162 §2.1.4)."""
        return consistency_from_tiles(old_size, new_size, self._tiles(tiles_for_consistency(old_size, new_size)))

    def root(self, size: int) -> bytes:
        """The root of the tree as it was at this size."""
        return root_from_tiles(size, self._tiles(tiles_for_root(size)))

    def tile(self, name: TileName) -> bytes:
        """The hashes of a tile, as many as its name says; NotFound where the tree has not so many."""
        found = self._tiles([name]).get((name.level, name.number), b"")
        return _cut(found, name.width * HASH, name.path)

    def bundle(self, name: BundleName) -> bytes:
        """A bundle of entries, as many as its name says; NotFound where the log has not so many."""
        with self._store.read() as tx:
            size = head(tx).size
            width = tile_width(0, name.number, size)
            if name.width > width:
                raise NotFound(f"the log has no {name.path}")
            bundle = _bundle(tx, name.number)
        if name.width == width:
            return bundle
        return _cut(bundle, sum(2 + len(entry) for entry in decode_bundle(bundle, width)[: name.width]), name.path)

    def _tiles(self, names: Iterable[TileName]) -> dict[tuple[int, int], bytes]:
        columns = tables.tiles.c
        wanted = [(name.level, name.number) for name in names]
        query = sa.select(columns.level, columns.number, columns.hashes)
        with self._store.read() as tx:
            found = tx.execute(query.where(sa.tuple_(columns.level, columns.number).in_(wanted)))
            return {(level, number): hashes for level, number, hashes in found}


def _bundle(tx: sa.Connection, number: int) -> bytes:
    found = tx.scalar(sa.select(tables.bundles.c.entries).where(tables.bundles.c.number == number))
    if found is None:
        raise Tampered(f"the entries of bundle {number:,} are gone", index=number * WIDTH)
    return bytes(found)


def _cut(found: bytes, size: int, path: str) -> bytes:
    if len(found) < size:
        raise NotFound(f"the log has no {path}")
    return found[:size]
