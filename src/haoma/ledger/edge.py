"""The right edge of the stored tree, which everything new is put behind.

Rules held here:
- Nothing is built upon a tree that is not the one its head says: the hashes at the edge are held against the head's
  root, and the last entries against those hashes. What lies left of the edge is for an audit.
"""

from __future__ import annotations

from collections.abc import Mapping

import sqlalchemy as sa

from haoma.errors import Tampered
from haoma.ledger import tables
from haoma.ledger.bundles import decode_bundle
from haoma.ledger.growth import HASH, WIDTH, Growth
from haoma.ledger.merkle import leaf_hash
from haoma.ledger.tile_rows import tile_rows
from haoma.ledger.written import as_bytes, as_written

__all__ = ["right_edge"]


def right_edge(tx: sa.Connection, size: int, root: bytes) -> tuple[Growth, bytes]:
    """The tree of this size and root, ready to grow, and its last bundle of entries where that has room for more.

    Raises Tampered where what is stored is not the edge of such a tree.
    """
    hashes = _partial_tiles(tx, size)
    return _tree(size, root, hashes), _last_bundle(tx, size, hashes.get(0, b""))


def _partial_tiles(tx: sa.Connection, size: int) -> dict[int, bytes]:
    """The partial tiles of a tree of this size, by level."""
    wanted, level = [], 0
    while size >> 8 * level:
        if (size >> 8 * level) % WIDTH:
            wanted.append((level, size >> 8 * (level + 1)))
        level += 1
    return {
        tile.level: tile.hashes[: (size >> 8 * tile.level) % WIDTH * HASH] for tile in tile_rows(tx, wanted).values()
    }


def _tree(size: int, root: bytes, hashes: Mapping[int, bytes]) -> Growth:
    with as_written("the right edge of the tree"):
        tree = Growth(size, hashes)
    if tree.root() != root:
        raise _differs("the hashes at the right edge of the tree are not those of its head", size)
    return tree


def _last_bundle(tx: sa.Connection, size: int, hashes: bytes) -> bytes:
    number, within = divmod(size, WIDTH)
    if not within:
        return b""
    query = sa.select(as_bytes(tables.bundles.c.entries)).where(tables.bundles.c.number == number)
    bundle = tx.scalar(query) or b""
    with as_written(f"the last of {size:,} entries", size - within):
        if b"".join(map(leaf_hash, decode_bundle(bundle, within))) == hashes:
            return bundle
    raise _differs("its last entries are not those of the hashes", size)


def _differs(message: str, size: int) -> Tampered:
    hint = "nothing is added to it; `haoma ledger audit` names the first entry that differs"
    return Tampered(f"the log of {size:,} entries was changed: {message}", hint=hint)
