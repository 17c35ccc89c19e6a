"""What can be read out of the log: its head, entries, tiles, and proofs.

Rules held here:
- A proof's tiles are fetched together, in one statement.
- An entry is read with the hash of its leaf, and is Tampered where the two part. Tiles and bundles are served as they
  lie there; whoever asks verifies them against a checkpoint.
- What the tree does not have yet is NotFound. What it should have and has no more is Tampered.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa

from haoma.errors import NotFound, Tampered
from haoma.ledger import tables
from haoma.ledger.bundles import decode_bundle
from haoma.ledger.growth import HASH, WIDTH
from haoma.ledger.merkle import EMPTY_ROOT, leaf_hash
from haoma.ledger.queue import waiting_entry
from haoma.ledger.service import Head, head
from haoma.ledger.tile_proofs import hashes_of, nodes_of_consistency, nodes_of_inclusion, nodes_of_root, tiles_of
from haoma.ledger.tile_rows import tile_rows
from haoma.ledger.tiles import BundleName, TileName, tile_width
from haoma.ledger.written import as_bytes, as_written, reading
from haoma.storage import Store

__all__ = ["View", "consistency"]

LARGEST_ID = 2**63 - 1


class View:
    """The log of one store, to be read; each answer is of one snapshot."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def head(self) -> Head:
        """The tree as it stands."""
        with reading(self._store, "the head of the log") as tx:
            now = head(tx)
            _require_not_cut(tx, now.size)
            return now

    def entry(self, index: int) -> bytes:
        """The bytes of the entry at this index.

        NotFound where the log is not that long, Tampered where it is not the entry of its leaf hash.
        """
        number, within = divmod(index, WIDTH)
        with self._store.read() as tx:
            size = head(tx).size
            if not 0 <= index < size:
                _require_not_cut(tx, size)
                raise NotFound(f"the log has {size:,} entries", hint="its indices start at 0")
            entry = _entries(_bundle(tx, number), number, tile_width(0, number, size))[within]
            leaves = tile_rows(tx, [(0, number)]).get((0, number))
        if leaves is None or leaves.hashes[within * HASH : (within + 1) * HASH] != leaf_hash(entry):
            hint = "`haoma ledger audit` names the first entry that differs"
            raise Tampered(f"entry {index:,} differs from what was logged", hint=hint, index=index)
        return entry

    def index_of(self, entry_id: int) -> int | None:
        """The log index of an entry id; None where it is not integrated, or there is none such."""
        if not 0 < entry_id <= LARGEST_ID:
            return None
        runs = tables.runs.c
        query = sa.select(runs.first_id, runs.first_index, runs.length).where(runs.first_id <= entry_id)
        with reading(self._store, "the map of entry ids") as tx:
            row = tx.execute(query.order_by(runs.first_id.desc()).limit(1)).one_or_none()
            return row.first_index + entry_id - row.first_id if row and entry_id < row.first_id + row.length else None

    def require_index(self, entry_id: int) -> int:
        """The log index of an entry id; NotFound where it is not in the tree."""
        index = self.index_of(entry_id)
        if index is None:
            raise NotFound(f"entry {entry_id} is not in the tree", hint="`haoma ledger show` tells what still waits")
        return index

    def waiting(self, entry_id: int) -> bytes | None:
        """The bytes of the entry of this id where it is not in the tree yet; None where it does not wait."""
        with self._store.read() as tx:
            return waiting_entry(tx, entry_id) if 0 < entry_id <= LARGEST_ID else None

    def inclusion(self, index: int, size: int) -> list[bytes]:
        """The proof that the entry at this index is in the tree of this size (RFC 9162 §2.1.3)."""
        nodes = nodes_of_inclusion(index, size)
        with self._store.read() as tx, _whole(tx, size):
            return hashes_of(nodes, tile_rows(tx, tiles_of(nodes)))

    def consistency(self, old_size: int, new_size: int) -> list[bytes]:
        """The proof that the tree of the new size extends the one of the old size (RFC 9162 §2.1.4)."""
        with self._store.read() as tx:
            return consistency(tx, old_size, new_size)

    def root(self, size: int) -> bytes:
        """The root of the tree as it was at this size."""
        nodes = nodes_of_root(size)
        with self._store.read() as tx, _whole(tx, size):
            return (hashes_of(nodes, tile_rows(tx, tiles_of(nodes))) or [EMPTY_ROOT])[0]

    def tile(self, name: TileName) -> bytes:
        """The hashes of a tile, as many as its name says; NotFound where the tree has not so many."""
        first = name.number * WIDTH + name.width << 8 * name.level  # how many entries it takes
        with self._store.read() as tx:
            if first > head(tx).size:
                raise NotFound(f"the log has no {name.path}")
            found = tile_rows(tx, [name[:2]]).get(name[:2])
        return _cut(found.hashes if found else b"", name.width * HASH, name.path)

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
        return bundle[: sum(2 + len(entry) for entry in _entries(bundle, name.number, width)[: name.width])]


def consistency(tx: sa.Connection, old_size: int, new_size: int) -> list[bytes]:
    """The same proof, out of the log as it is in this transaction."""
    nodes = nodes_of_consistency(old_size, new_size)
    with _whole(tx, new_size):
        return hashes_of(nodes, tile_rows(tx, tiles_of(nodes)))


def _require_not_cut(tx: sa.Connection, size: int) -> None:
    """Raise Tampered where a checkpoint was signed over more entries than the head says there are, or more are kept."""
    with as_written("the head of the log"):
        signed = tx.scalar(sa.select(sa.func.max(tables.checkpoints.c.size))) or 0
        last = tx.scalar(sa.select(sa.func.max(tables.bundles.c.number)))
        if signed > size or (last is not None and last * WIDTH >= size):
            message = f"the log says that it has {size:,} entries, and there were more: it was cut, or its head edited"
            raise Tampered(message, hint="`haoma ledger audit` tells more", index=size)


@contextmanager
def _whole(tx: sa.Connection, size: int) -> Iterator[None]:
    """Tell a tile that is not there yet from one that is there no more; asked only where one is missing."""
    try:
        yield
    except (NotFound, Tampered) as error:
        now = head(tx).size
        if size > now:
            raise NotFound(f"the log has {now:,} entries, not {size:,}") from None
        raise Tampered(
            f"the hashes of the log are not whole: {error}", hint="`haoma ledger audit` tells more"
        ) from None


def _bundle(tx: sa.Connection, number: int) -> bytes:
    with as_written(f"bundle {number:,} of the entries", number * WIDTH):
        found = tx.scalar(sa.select(as_bytes(tables.bundles.c.entries)).where(tables.bundles.c.number == number))
    if found is None:
        raise Tampered(f"the entries of bundle {number:,} are gone", index=number * WIDTH)
    return bytes(found)


def _entries(bundle: bytes, number: int, width: int) -> list[bytes]:
    with as_written(f"bundle {number:,} of the entries", number * WIDTH):
        return decode_bundle(bundle, width)


def _cut(found: bytes, size: int, path: str) -> bytes:
    if len(found) < size:
        raise Tampered(f"{path} has {len(found):,} bytes, not {size:,}", hint="`haoma ledger audit` tells more")
    return found[:size]
