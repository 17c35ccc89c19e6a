"""A growing Merkle tree as the tiles it is stored in: leaf hashes in, changed tiles and the root out.

Rules held here:
- A tile of level L holds up to 256 hashes, each the root of 256**L leaves (C2SP tlog-tiles, "Merkle Tree").
- A full tile never changes. Of each level only the last tile may be partial; those partial tiles are all the state
  there is, some kilobytes at any size.
- Nothing is read or written: the caller keeps the tiles.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from haoma.errors import BadInput
from haoma.ledger.merkle import EMPTY_ROOT, next_row, node_hash, perfect_hash

__all__ = ["ABOVE", "HASH", "WIDTH", "Growth", "Tile"]

WIDTH = 256
HASH = 32
FULL = WIDTH * HASH
ABOVE = 4


class Tile(NamedTuple):
    """One tile: its level, its number in the level, its hashes, 32 bytes each, and what is `ABOVE` those of a full one.

    That is 16 nodes, each over 16 hashes: a proof takes one of them, or hashes the 15 below one, and not all 255.
    """

    level: int
    number: int
    hashes: bytes
    above: bytes | None = None


class Growth:
    """The right edge of a tree of `size` leaves, ready to grow.

    `partial` gives the hashes of the last, partial tile of each level that has one.

    >>> tree = Growth(0, {})
    >>> [tile.level for tile in tree.extend([bytes(32)])], tree.size
    ([0], 1)

    Raises BadInput where `partial` is not the edge of a tree of that size.
    """

    def __init__(self, size: int, partial: Mapping[int, bytes]) -> None:
        self.size = size
        self._edge: list[bytearray] = []
        count, level = size, 0
        while count:
            hashes = partial.get(level, b"")
            if len(hashes) != count % WIDTH * HASH:
                message = f"the last tile of level {level} holds {len(hashes)} bytes, not those of {size} leaves"
                raise BadInput(message)
            self._edge.append(bytearray(hashes))
            count, level = count // WIDTH, level + 1

    def extend(self, leaf_hashes: Iterable[bytes]) -> Iterator[Tile]:
        """Grow by these leaves; yields each tile that fills up, and at the end the partial tiles that changed."""
        before, at = self.size, 0
        hashes = b"".join(leaf_hashes)
        while at < len(hashes):
            if not self._edge:
                self._edge.append(bytearray())
            part = hashes[at : at + FULL - len(self._edge[0])]
            self._edge[0] += part
            self.size += len(part) // HASH
            at += len(part)
            if len(self._edge[0]) == FULL:
                yield from self._carry()
        for level, edge in enumerate(self._edge):
            if edge and self.size >> 8 * level != before >> 8 * level:
                yield Tile(level, self.size >> 8 * (level + 1), bytes(edge))

    def root(self) -> bytes:
        """The root hash of the tree as it stands (RFC 9162 §2.1.1)."""
        root = b""
        for hashes in self._edge:
            root = _folded(bytes(hashes), root)
        return root or EMPTY_ROOT

    def _carry(self) -> Iterator[Tile]:
        level = 0
        while len(self._edge[level]) == FULL:
            hashes = bytes(self._edge[level])
            above = hashes
            for _ in range(ABOVE):
                above = next_row(above)
            yield Tile(level, (self.size >> 8 * (level + 1)) - 1, hashes, above)
            self._edge[level] = bytearray()
            level += 1
            if level == len(self._edge):
                self._edge.append(bytearray())
            self._edge[level] += perfect_hash(above)


def _folded(hashes: bytes, right: bytes) -> bytes:
    """The root over perfect subtrees of one level, with what stands to their right."""
    end = len(hashes) // HASH
    while end:
        width = end & -end
        left = perfect_hash(hashes[(end - width) * HASH : end * HASH])
        right = node_hash(left, right) if right else left
        end -= width
    return right
