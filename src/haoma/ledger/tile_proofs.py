"""Proofs out of tiles: first the names of all tiles needed, to be fetched together, then the proof out of them.

Rules held here:
- `tiles` maps (level, number) to a tile's bytes, which may have more hashes than were asked for (a full tile where a
  partial one has been deleted) and never fewer: a missing tile is NotFound, a short or torn one Tampered.
- Wide rows of the upper tiles, which many proofs share, are hashed once: remembered by their content, in 16 MB at most.
- Tiles are not trusted: whoever fetched them from elsewhere verifies the proof against a checkpoint.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

from haoma.errors import BadInput, NotFound, Tampered
from haoma.ledger.merkle import EMPTY_ROOT, HASH_BYTES, node_hash, perfect_hash, require_size
from haoma.ledger.paths import Path, Span, path_to, perfect_parts
from haoma.ledger.tiles import TILE_WIDTH, TileName, tile_width

__all__ = [
    "consistency_from_tiles",
    "inclusion_from_tiles",
    "root_from_tiles",
    "tiles_for_consistency",
    "tiles_for_inclusion",
    "tiles_for_root",
]

WIDE = 64  # hashes
Tiles = Mapping[tuple[int, int], bytes]


def tiles_for_inclusion(index: int, size: int) -> list[TileName]:
    """The tiles that `inclusion_from_tiles` reads.

    >>> [name.path for name in tiles_for_inclusion(69_999, 70_000)]
    ['tile/0/273.p/112', 'tile/1/001.p/17', 'tile/2/000.p/1']
    """
    return _names(_spans(_inclusion_path(index, size)), size)


def inclusion_from_tiles(index: int, size: int, tiles: Tiles) -> list[bytes]:
    """The proof that leaf `index` is in the tree of `size` leaves."""
    return [_span_hash(span, tiles) for span in _spans(_inclusion_path(index, size))]


def tiles_for_consistency(old_size: int, new_size: int) -> list[TileName]:
    """The tiles that `consistency_from_tiles` reads; none for equal sizes and for 0 → n."""
    return _names(_consistency_spans(old_size, new_size), new_size)


def consistency_from_tiles(old_size: int, new_size: int, tiles: Tiles) -> list[bytes]:
    """The proof that the tree of `new_size` leaves extends the one of `old_size`."""
    return [_span_hash(span, tiles) for span in _consistency_spans(old_size, new_size)]


def tiles_for_root(size: int) -> list[TileName]:
    """The tiles that `root_from_tiles` reads: the right edge of the tree."""
    return _names([Span(0, require_size(size, "size"))], size)


def root_from_tiles(size: int, tiles: Tiles) -> bytes:
    """The root of the tree of `size` leaves."""
    return _span_hash(Span(0, size), tiles) if require_size(size, "size") else EMPTY_ROOT


def _inclusion_path(index: int, size: int) -> Path:
    if require_size(index, "index") >= require_size(size, "size"):
        raise BadInput(f"index {index} is not in a tree of {size}")
    return path_to(index, index + 1, size)


def _consistency_spans(old_size: int, new_size: int) -> Sequence[Span]:
    if require_size(old_size, "old_size") > require_size(new_size, "new_size"):
        raise BadInput(f"a tree of {new_size} cannot extend one of {old_size}")
    return _spans(path_to(0, old_size, new_size)) if old_size else ()


def _spans(path: Path) -> list[Span]:
    return ([] if path.whole else [path.seed]) + [step.span for step in path.steps]


def _names(spans: Iterable[Span], size: int) -> list[TileName]:
    nodes = [node for span in spans for node in perfect_parts(*span)]
    found = {_tile_of(level, index)[:2] for level, index in nodes}
    return [TileName(level, number, tile_width(level, number, size)) for level, number in sorted(found)]


def _tile_of(level: int, index: int) -> tuple[int, int, int, int]:
    """Where a node of the tree lies: tile level, tile number, first hash in the tile, and how many hashes it spans."""
    tile_level, above = divmod(level, 8)
    number, first = divmod(index << above, TILE_WIDTH)
    return tile_level, number, first, 1 << above


def _span_hash(span: Span, tiles: Tiles) -> bytes:
    *lefts, right = [_node(level, index, tiles) for level, index in perfect_parts(*span)]
    for left in reversed(lefts):
        right = node_hash(left, right)
    return right


def _node(level: int, index: int, tiles: Tiles) -> bytes:
    tile_level, number, first, count = _tile_of(level, index)
    tile = tiles.get((tile_level, number))
    if tile is None:
        raise NotFound(f"the tile {TileName(tile_level, number).path} is not among those given")
    row = tile[first * HASH_BYTES : (first + count) * HASH_BYTES]
    if len(row) != count * HASH_BYTES or len(tile) % HASH_BYTES:
        raise Tampered(f"the tile {TileName(tile_level, number).path} has only {len(tile)} bytes")
    return _upper_hash(row) if tile_level and count >= WIDE else perfect_hash(row)


@lru_cache(maxsize=4096)
def _upper_hash(row: bytes) -> bytes:
    return perfect_hash(row)
