from __future__ import annotations

import hashlib

import pytest

from haoma.errors import BadInput
from haoma.ledger.growth import HASH, WIDTH, Growth
from haoma.ledger.merkle import EMPTY_ROOT, root

LEAVES = [hashlib.sha256(b"%d" % number).digest() for number in range(WIDTH * WIDTH + 700)]


class Kept:
    """Tiles in a dictionary, as a store would keep them."""

    def __init__(self) -> None:
        self.size = 0
        self.tiles: dict[tuple[int, int], bytes] = {}

    def extend(self, leaves: list[bytes]) -> Growth:
        edge = {
            level: hashes for (level, number), hashes in self.tiles.items() if number == self.size >> 8 * (level + 1)
        }
        tree = Growth(self.size, edge)
        self.tiles |= {(tile.level, tile.number): tile.hashes for tile in tree.extend(leaves)}
        self.size = tree.size
        return tree


@pytest.mark.parametrize("step", [1, 255, 256, 257, 5_000])
def test_a_tree_grown_in_steps_has_the_root_of_all_its_leaves(step: int) -> None:
    kept = Kept()
    for start in range(0, 200 * step if step == 1 else len(LEAVES), step):
        tree = kept.extend(LEAVES[start : start + step])
        if step >= 255 and start % (50 * step):
            continue
        assert tree.root() == root(LEAVES[: tree.size])


def test_tiles_hold_the_hashes_that_c2sp_names() -> None:
    kept = Kept()
    kept.extend(LEAVES)
    size = len(LEAVES)
    assert {(level, number): len(hashes) // HASH for (level, number), hashes in kept.tiles.items() if level} == {
        (1, 0): 256, (1, 1): 2, (2, 0): 1,
    }  # fmt: skip
    assert len(kept.tiles[0, size // WIDTH]) // HASH == size % WIDTH
    assert kept.tiles[1, 0][:HASH] == root(LEAVES[:WIDTH])
    assert kept.tiles[2, 0] == root(LEAVES[: WIDTH * WIDTH])


def test_a_tree_of_no_leaves_has_the_empty_root() -> None:
    assert Growth(0, {}).root() == EMPTY_ROOT


def test_an_edge_of_another_size_is_refused() -> None:
    with pytest.raises(BadInput):
        Growth(3, {0: bytes(2 * HASH)})
