"""Proofs out of tiles: first the names of all tiles needed, to be fetched together, then the proof out of them.

Rules held here:
- `tiles` maps (level, number) to a tile's bytes, which may have more hashes than were asked for (a full tile where a
  partial one has been deleted) and never fewer: a missing tile is NotFound, a short or torn one Tampered.
- Of a tile that is kept with the nodes above its hashes, a proof hashes what is on its way alone. Of another one all
  that stands above is hashed once for all proofs that need it: remembered by the tile's content, in 17 MB at most, so
  that a tile which was changed is another one.
- Tiles are not trusted: whoever fetched them from elsewhere verifies the proof against a checkpoint.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple, TypeAlias

from haoma.errors import BadInput, NotFound, Tampered
from haoma.ledger.growth import ABOVE, Tile
from haoma.ledger.merkle import EMPTY_ROOT, HASH_BYTES, next_row, node_hash, perfect_hash, require_size
from haoma.ledger.paths import Path, path_to, perfect_parts
from haoma.ledger.tiles import TileName, tile_width

__all__ = [
    "consistency_from_tiles",
    "hashes_of",
    "inclusion_from_tiles",
    "nodes_of_consistency",
    "nodes_of_inclusion",
    "nodes_of_root",
    "root_from_tiles",
    "tiles_for_consistency",
    "tiles_for_inclusion",
    "tiles_for_root",
    "tiles_of",
]

Tiles = Mapping[tuple[int, int], bytes]
Nodes: TypeAlias = "list[list[Node]]"


class Node(NamedTuple):
    """Where a node of the tree lies: the level and number of its tile, how far above the tile's hashes, which there."""

    level: int
    number: int
    height: int
    place: int


def tiles_for_inclusion(index: int, size: int) -> list[TileName]:
    """The tiles that `inclusion_from_tiles` reads.

    >>> [name.path for name in tiles_for_inclusion(69_999, 70_000)]
    ['tile/0/273.p/112', 'tile/1/001.p/17', 'tile/2/000.p/1']
    """
    return _names(nodes_of_inclusion(index, size), size)


def inclusion_from_tiles(index: int, size: int, tiles: Tiles) -> list[bytes]:
    """The proof that leaf `index` is in the tree of `size` leaves."""
    return _hashes(nodes_of_inclusion(index, size), tiles)


def tiles_for_consistency(old_size: int, new_size: int) -> list[TileName]:
    """The tiles that `consistency_from_tiles` reads; none for equal sizes and for 0 → n."""
    return _names(nodes_of_consistency(old_size, new_size), new_size)


def consistency_from_tiles(old_size: int, new_size: int, tiles: Tiles) -> list[bytes]:
    """The proof that the tree of `new_size` leaves extends the one of `old_size`."""
    return _hashes(nodes_of_consistency(old_size, new_size), tiles)


def tiles_for_root(size: int) -> list[TileName]:
    """The tiles that `root_from_tiles` reads: the right edge of the tree."""
    return _names(nodes_of_root(size), size)


def root_from_tiles(size: int, tiles: Tiles) -> bytes:
    """The root of the tree of `size` leaves."""
    found = _hashes(nodes_of_root(size), tiles)
    return found[0] if found else EMPTY_ROOT


def nodes_of_inclusion(index: int, size: int) -> Nodes:
    """For each hash of the proof, the nodes that it is hashed from, from left to right."""
    if require_size(index, "index") >= require_size(size, "size"):
        raise BadInput(f"index {index} is not in a tree of {size}")
    return _nodes(path_to(index, index + 1, size))


def nodes_of_consistency(old_size: int, new_size: int) -> Nodes:
    """The same for the proof that the tree of `new_size` leaves extends the one of `old_size`."""
    if require_size(old_size, "old_size") > require_size(new_size, "new_size"):
        raise BadInput(f"a tree of {new_size} cannot extend one of {old_size}")
    return _nodes(path_to(0, old_size, new_size)) if old_size else []


def nodes_of_root(size: int) -> Nodes:
    """The same for the root; none for a tree of no leaves."""
    return [_nodes_below(0, size)] if require_size(size, "size") else []


def tiles_of(nodes: Nodes) -> list[tuple[int, int]]:
    """The levels and numbers of the tiles in which these nodes lie, in their order."""
    return sorted({(node.level, node.number) for parts in nodes for node in parts})


def hashes_of(nodes: Nodes, tiles: Mapping[tuple[int, int], Tile]) -> list[bytes]:
    """The hashes of the proof; NotFound where a tile is not among those given, Tampered where it is short or torn."""
    return [_joined([_hash(node, tiles) for node in parts]) for parts in nodes]


def _hashes(nodes: Nodes, tiles: Tiles) -> list[bytes]:
    return hashes_of(nodes, {name: Tile(*name, tiles[name]) for name in tiles_of(nodes) if name in tiles})


def _nodes(path: Path) -> Nodes:
    seed = [] if path.whole else [_nodes_below(*path.seed)]
    return seed + [_nodes_below(*step.span) for step in path.steps]


def _nodes_below(start: int, end: int) -> list[Node]:
    return [
        Node(level >> 3, index >> 8 - (level & 7), level & 7, index & (255 >> (level & 7)))
        for level, index in perfect_parts(start, end)
    ]


def _names(nodes: Nodes, size: int) -> list[TileName]:
    return [TileName(level, number, tile_width(level, number, size)) for level, number in tiles_of(nodes)]


def _joined(hashes: list[bytes]) -> bytes:
    right = hashes.pop()
    while hashes:
        right = node_hash(hashes.pop(), right)
    return right


def _hash(node: Node, tiles: Mapping[tuple[int, int], Tile]) -> bytes:
    level, number, height, place = node
    tile = tiles.get((level, number))
    if tile is None:
        raise NotFound(f"the tile {TileName(level, number).path} is not among those given")
    row = tile.hashes
    if (place + 1) * HASH_BYTES << height > len(row) or len(row) % HASH_BYTES:
        raise Tampered(f"the tile {TileName(level, number).path} has only {len(row)} bytes")
    if height and tile.above is None:
        row, height = _above(row)[height - 1], 0
    elif tile.above is not None and height >= ABOVE:
        row, height = tile.above, height - ABOVE
    part = row[place * HASH_BYTES << height : (place + 1) * HASH_BYTES << height]
    if len(part) != HASH_BYTES << height:
        raise Tampered(f"what stands above the hashes of the tile {TileName(level, number).path} is torn")
    return perfect_hash(part)


@lru_cache(maxsize=1024)
def _above(tile: bytes) -> Sequence[bytes]:
    """The nodes above the hashes of a tile, as far as they stand on two each: a row for each height."""
    rows, row = list[bytes](), tile
    while len(row) > HASH_BYTES:
        row = next_row(row[: len(row) // (2 * HASH_BYTES) * 2 * HASH_BYTES])
        rows.append(row)
    return rows
