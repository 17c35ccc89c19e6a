"""Tiles: where each hash of a large tree lies, by name and by path (C2SP tlog-tiles).

Rules held here:
- A tile of level L and number N holds up to 256 hashes, each the root of 256**L leaves. The last tile of a level may be
  partial; an empty one does not exist.
- A path is `tile/<L>/<N>` or `tile/entries/<N>`, N in groups of three digits, all but the last behind an x, and
  `.p/<W>` behind it when partial. A path that is spelled in any other way is BadInput.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from haoma.errors import BadInput
from haoma.ledger.merkle import SIZE_LIMIT, require_size

__all__ = [
    "TILE_WIDTH",
    "BundleName",
    "TileName",
    "changed_bundles",
    "changed_tiles",
    "parse_bundle_path",
    "parse_tile_path",
    "tile_width",
]

TILE_WIDTH = 256
HIGHEST_LEVEL = 63
PATH = re.compile(r"tile/(0|[1-9][0-9]?|entries)/((?:x[0-9]{3}/){0,5}[0-9]{3})(?:\.p/([1-9][0-9]{0,2}))?")
HINT = "paths are tile/0/x001/x234/067, tile/entries/067, and .p/1 to .p/255 behind a partial one"


class TileName(NamedTuple):
    """One tile of hashes: its level (0–63), its number in the level, and how many hashes it has (1–256).

    >>> TileName(0, 1234067, 8).path
    'tile/0/x001/x234/067.p/8'
    """

    level: int
    number: int
    width: int = TILE_WIDTH

    @property
    def path(self) -> str:
        """Where the tile is served, below the log's prefix."""
        return f"tile/{self.level}/{_number_path(self.number, self.width)}"


class BundleName(NamedTuple):
    """One bundle of entries: its number, and how many entries it has (1–256).

    >>> BundleName(273, 112).path
    'tile/entries/273.p/112'
    """

    number: int
    width: int = TILE_WIDTH

    @property
    def path(self) -> str:
        """Where the bundle is served, below the log's prefix."""
        return f"tile/entries/{_number_path(self.number, self.width)}"


def parse_tile_path(path: str) -> TileName:
    """The tile that a path asks for; BadInput for any other path.

    >>> parse_tile_path("tile/1/000.p/17")
    TileName(level=1, number=0, width=17)
    """
    level, number, width = _parse(path)
    if level == "entries" or int(level) > HIGHEST_LEVEL:
        raise BadInput("the path asks for no tile", hint=HINT)
    return TileName(int(level), number, width)


def parse_bundle_path(path: str) -> BundleName:
    """The bundle of entries that a path asks for; BadInput for any other path.

    >>> parse_bundle_path("tile/entries/x001/000")
    BundleName(number=1000, width=256)
    """
    level, number, width = _parse(path)
    if level != "entries":
        raise BadInput("the path asks for no entries", hint=HINT)
    return BundleName(number, width)


def tile_width(level: int, number: int, size: int) -> int:
    """How many hashes a tile has in a tree of `size` leaves, from 0 (there is no such tile) to 256.

    >>> [tile_width(0, 273, 70000), tile_width(1, 1, 70000), tile_width(2, 0, 70000), tile_width(3, 0, 70000)]
    [112, 17, 1, 0]
    """
    return max(0, min(TILE_WIDTH, (size >> 8 * level) - number * TILE_WIDTH))


def changed_tiles(old_size: int, new_size: int) -> Iterator[TileName]:
    """The tiles that are new or wider when a tree grows, lowest level first; from 0, all tiles of the tree.

    BadInput when the tree shrinks.

    >>> [name.path for name in changed_tiles(255, 257)]
    ['tile/0/000', 'tile/0/001.p/1', 'tile/1/000.p/1']
    """
    if require_size(old_size, "old_size") > require_size(new_size, "new_size"):
        raise BadInput(f"a tree does not grow from {old_size} to {new_size}")
    return _changed_tiles(old_size, new_size)


def changed_bundles(old_size: int, new_size: int) -> Iterator[BundleName]:
    """The entry bundles that are new or longer when a tree grows.

    >>> [name.path for name in changed_bundles(255, 257)]
    ['tile/entries/000', 'tile/entries/001.p/1']
    """
    if require_size(old_size, "old_size") > require_size(new_size, "new_size"):
        raise BadInput(f"a log does not grow from {old_size} to {new_size}")
    return (BundleName(number, width) for number, width in _changed_in_level(0, old_size, new_size))


def _changed_tiles(old_size: int, new_size: int) -> Iterator[TileName]:
    level = 0
    while old_size >> 8 * level != new_size >> 8 * level:
        for number, width in _changed_in_level(level, old_size, new_size):
            yield TileName(level, number, width)
        level += 1


def _changed_in_level(level: int, old_size: int, new_size: int) -> Iterator[tuple[int, int]]:
    before, now = old_size >> 8 * level, new_size >> 8 * level
    if before != now:
        for number in range(before // TILE_WIDTH, (now - 1) // TILE_WIDTH + 1):
            yield number, tile_width(level, number, new_size)


def _parse(path: object) -> tuple[str, int, int]:
    found = PATH.fullmatch(path) if isinstance(path, str) else None
    if found is None:
        raise BadInput("a malformed path of a tile", hint=HINT)
    level, groups, partial = found.groups()
    number, width = int(groups.replace("x", "").replace("/", "")), int(partial or TILE_WIDTH)
    if groups.startswith("x000/") or number * TILE_WIDTH >= SIZE_LIMIT or (partial and width >= TILE_WIDTH):
        raise BadInput("a path of a tile that cannot be", hint=HINT)
    return level, number, width


def _number_path(number: int, width: int) -> str:
    groups = f"{number % 1000:03}"
    while number := number // 1000:
        groups = f"x{number % 1000:03}/{groups}"
    return groups if width == TILE_WIDTH else f"{groups}.p/{width}"
