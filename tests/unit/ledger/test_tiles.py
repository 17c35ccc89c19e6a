from __future__ import annotations

from itertools import count
from typing import Any

import pytest

from haoma.errors import BadInput, NotFound, Tampered
from haoma.ledger import leaf_hash, prove_consistency, prove_inclusion, root
from haoma.ledger.bundles import LONGEST_ENTRY, decode_bundle, encode_bundle
from haoma.ledger.tile_proofs import (
    consistency_from_tiles,
    inclusion_from_tiles,
    root_from_tiles,
    tiles_for_consistency,
    tiles_for_inclusion,
    tiles_for_root,
)
from haoma.ledger.tiles import (
    BundleName,
    TileName,
    changed_bundles,
    changed_tiles,
    parse_bundle_path,
    parse_tile_path,
    tile_width,
)

LEAVES = [leaf_hash(number.to_bytes(4)) for number in range(70_000)]


def tiles_of(size: int) -> dict[tuple[int, int], bytes]:
    """All tiles of the tree over the first leaves, made by the definition in the specification."""
    tiles: dict[tuple[int, int], bytes] = {}
    for level, number, width in changed_tiles(0, size):
        span = 256**level
        first = number * 256 * span
        tiles[level, number] = b"".join(
            root(LEAVES[first + at * span : first + (at + 1) * span]) for at in range(width)
        )
    return tiles


def test_a_tree_of_seventy_thousand_has_the_tiles_of_the_specification() -> None:
    names = list(changed_tiles(0, 70_000))
    assert sum(name.level == 0 and name.width == 256 for name in names) == 273
    assert [name for name in names if name.width < 256 or name.level] == [
        (0, 273, 112), (1, 0, 256), (1, 1, 17), (2, 0, 1),
    ]  # fmt: skip
    assert list(changed_tiles(0, 256)) == [(0, 0, 256), (1, 0, 1)]
    assert list(changed_tiles(0, 0)) == []


@pytest.mark.parametrize(
    ("old", "new", "paths"),
    [
        (0, 1, ["tile/0/000.p/1"]),
        (1, 1, []),
        (255, 256, ["tile/0/000", "tile/1/000.p/1"]),
        (256, 257, ["tile/0/001.p/1"]),
        (65_535, 65_536, ["tile/0/255", "tile/1/000", "tile/2/000.p/1"]),
    ],
)
def test_growing_changes_the_right_edge_alone(old: int, new: int, paths: list[str]) -> None:
    assert [name.path for name in changed_tiles(old, new)] == paths


def test_a_tree_that_shrinks_changes_nothing_that_could_be_told() -> None:
    for changed in (changed_tiles, changed_bundles):
        with pytest.raises(BadInput):
            changed(2, 1)


def test_bundles_follow_the_lowest_tiles() -> None:
    names = list(changed_bundles(250, 70_000))
    assert [tuple(name) for name in names] == [tuple(name[1:]) for name in changed_tiles(250, 70_000) if not name.level]


@pytest.mark.parametrize(
    ("name", "path"),
    [
        (TileName(0, 0), "tile/0/000"),
        (TileName(0, 999, 1), "tile/0/999.p/1"),
        (TileName(1, 1000), "tile/1/x001/000"),
        (TileName(63, 1_234_067, 255), "tile/63/x001/x234/067.p/255"),
    ],
)
def test_a_tile_has_one_path(name: TileName, path: str) -> None:
    assert name.path == path
    assert parse_tile_path(path) == name
    bundle = BundleName(name.number, name.width)
    assert parse_bundle_path(bundle.path) == bundle


@pytest.mark.parametrize(
    "path",
    [
        None, 7, b"tile/0/000", "", "/tile/0/000", "tile/0/000/", "tile/00/000", "tile/64/000", "tile/-1/000",
        "tile/0/0", "tile/0/0000", "tile/0/x000/001", "tile/0/001/001", "tile/0/x001", "tile/0/x001/x002",
        "tile/0/000.p/0", "tile/0/000.p/256", "tile/0/000.p/01", "tile/0/000.p/", "tile/0/000.p", "tile/entries/000\n",
        "tile/0/000\n", "tile/0/٠٠٠", "tile/data/000", "tile/0/" + "x999/" * 6 + "999",
        "tile/0/" + "x999/" * 5000 + "999", "tile/entries", "checkpoint", "tile/0/../000",
    ],
    ids=count(),
)  # fmt: skip
def test_any_other_path_is_bad_input(path: Any) -> None:
    for parse in (parse_tile_path, parse_bundle_path):
        with pytest.raises(BadInput):
            parse(path)


def test_tiles_and_entries_do_not_share_paths() -> None:
    with pytest.raises(BadInput):
        parse_tile_path("tile/entries/000")
    with pytest.raises(BadInput):
        parse_bundle_path("tile/0/000")


@pytest.mark.parametrize("size", [1, 2, 255, 256, 257, 4_000, 66_000])
def test_proofs_out_of_tiles_are_those_out_of_leaves(size: int) -> None:
    tiles = tiles_of(size)
    assert root_from_tiles(size, tiles) == root(LEAVES[:size])
    for index in sorted({0, 1, size // 3, size // 2, size - 1} & set(range(size))):
        named = {name[:2]: tiles[name[:2]] for name in tiles_for_inclusion(index, size)}
        assert inclusion_from_tiles(index, size, named) == prove_inclusion(LEAVES, index, size)
    for old in sorted({1, size // 3, size // 2, size - 1, size} & set(range(1, size + 1))):
        named = {name[:2]: tiles[name[:2]] for name in tiles_for_consistency(old, size)}
        assert consistency_from_tiles(old, size, named) == prove_consistency(LEAVES, old, size)


def test_the_names_of_tiles_have_the_width_that_the_tree_has() -> None:
    for name in [*tiles_for_inclusion(5, 70_000), *tiles_for_consistency(300, 70_000), *tiles_for_root(70_000)]:
        assert name.width == tile_width(name.level, name.number, 70_000) > 0


def test_few_tiles_prove_a_leaf_of_a_very_large_tree() -> None:
    size = 2**40 + 12_345
    assert len(tiles_for_inclusion(2**39 + 7, size)) <= 8
    assert len(tiles_for_consistency(2**39 + 7, size)) <= 12


def test_a_wider_tile_serves_and_a_missing_short_or_torn_one_does_not() -> None:
    tiles = tiles_of(300)
    wider = tiles | {(0, 1): tiles[0, 1] + bytes(32 * 212)}
    assert inclusion_from_tiles(299, 300, wider) == prove_inclusion(LEAVES, 299, 300)
    with pytest.raises(NotFound, match="tile/0/001"):
        inclusion_from_tiles(299, 300, {(1, 0): tiles[1, 0]})
    for torn in (tiles[0, 1][:-32], tiles[0, 1][:-1], tiles[0, 1] + b"x", b""):
        with pytest.raises(Tampered, match="tile/0/001"):
            inclusion_from_tiles(298, 300, tiles | {(0, 1): torn})


def test_no_tiles_are_needed_for_what_needs_no_proof() -> None:
    assert (
        tiles_for_root(0)
        == tiles_for_consistency(0, 9)
        == tiles_for_consistency(9, 9)
        == tiles_for_inclusion(0, 1)
        == []
    )
    assert root_from_tiles(0, {}) == root([])


@pytest.mark.parametrize("junk", [None, -1, True, 2**64, "1", 1.0])
def test_junk_names_no_tiles(junk: Any) -> None:
    for call in (
        lambda: tiles_for_inclusion(junk, 10),
        lambda: tiles_for_inclusion(1, junk),
        lambda: tiles_for_consistency(junk, 10),
        lambda: tiles_for_consistency(1, junk),
        lambda: tiles_for_root(junk),
        lambda: changed_tiles(junk, 10),
        lambda: changed_tiles(0, junk),
    ):
        with pytest.raises(BadInput):
            call()


def test_what_is_not_in_the_tree_has_no_tiles() -> None:
    with pytest.raises(BadInput):
        tiles_for_inclusion(10, 10)
    with pytest.raises(BadInput):
        tiles_for_consistency(11, 10)


def test_a_bundle_gives_back_its_entries() -> None:
    entries = [b"", b"a", b"x" * LONGEST_ENTRY, *[b"\0\1"] * 253]
    assert decode_bundle(encode_bundle(entries)) == entries
    assert decode_bundle(encode_bundle(entries[:3]), 3) == entries[:3]


@pytest.mark.parametrize(
    "entries", [[], [b"a"] * 257, None, b"ab", ["a"], [None], [b"x" * 65_536], {b"a"}], ids=count()
)  # fmt: skip
def test_what_fits_no_bundle_is_bad_input(entries: Any) -> None:
    with pytest.raises(BadInput):
        encode_bundle(entries)


@pytest.mark.parametrize(
    ("bundle", "width"),
    [
        (b"", 1), (b"\0", 1), (b"\0\1", 1), (b"\0\2a", 1), (b"\0\1a", 2), (b"\0\1a\0", 2), (b"\0\1ab", 1),
        (b"\0\1a\0\0", 1), (b"\xff\xff" + b"x" * 65_534, 1), (b"\0\1a", 0), (b"\0\1a", 257), (b"\0\1a", True),
        ("text", 1), (None, 1), (b"\0\1a", None), (b"\0\1a", 256),
    ],
    ids=count(),
)  # fmt: skip
def test_a_malformed_bundle_is_bad_input(bundle: Any, width: Any) -> None:
    with pytest.raises(BadInput):
        decode_bundle(bundle, width)
