"""Laws of the log: every true proof holds, every changed one is refused, tiles and leaves say the same."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from haoma.errors import BadInput, Tampered
from haoma.ledger import (
    Frontier,
    changed_tiles,
    consistency_from_tiles,
    decode_bundle,
    encode_bundle,
    inclusion_from_tiles,
    leaf_hash,
    prove_consistency,
    prove_inclusion,
    prove_subtree_consistency,
    prove_subtree_inclusion,
    root,
    root_from_tiles,
    tiles_for_consistency,
    tiles_for_inclusion,
    tiles_for_root,
    verify_consistency,
    verify_inclusion,
    verify_subtree_consistency,
    verify_subtree_inclusion,
)

LEAVES = [leaf_hash(number.to_bytes(4)) for number in range(1500)]
sizes = st.integers(1, 40) | st.integers(1, 1500) | st.sampled_from([255, 256, 257, 511, 512, 513, 1024])
Case = dict[str, Any]


@st.composite
def inclusions(draw: st.DrawFn) -> Case:
    size = draw(sizes)
    index = draw(st.integers(0, size - 1))
    proof = prove_inclusion(LEAVES, index, size)
    return {"leaf_hash": LEAVES[index], "index": index, "size": size, "proof": proof, "root": root(LEAVES[:size])}


@st.composite
def consistencies(draw: st.DrawFn) -> Case:
    new = draw(sizes)
    old = draw(st.integers(1, new))
    roots = {"old_root": root(LEAVES[:old]), "new_root": root(LEAVES[:new])}
    return {"old_size": old, "new_size": new, "proof": prove_consistency(LEAVES, old, new), **roots}


@st.composite
def subtrees(draw: st.DrawFn) -> tuple[int, int, int]:
    size = draw(sizes)
    start = draw(st.integers(0, size - 1))
    longest = (start & -start) or size
    end = draw(st.integers(start + 1, min(size, start + longest)))
    return start, end, size


def changed_proof(data: st.DataObject, proof: list[bytes]) -> list[bytes]:
    """The proof with one hash changed, dropped, repeated or swapped for a stranger."""
    at = data.draw(st.integers(0, max(0, len(proof) - 1)))
    ways = ["insert"] if not proof else ["insert", "drop", "flip", "stranger"]
    match data.draw(st.sampled_from(ways)):
        case "insert":
            return [*proof[:at], data.draw(st.sampled_from([LEAVES[0], *proof])), *proof[at:]]
        case "drop":
            return [*proof[:at], *proof[at + 1 :]]
        case "flip":
            bit = 1 << data.draw(st.integers(0, 255))
            return [*proof[:at], (int.from_bytes(proof[at]) ^ bit).to_bytes(32), *proof[at + 1 :]]
        case _:
            return [*proof[:at], leaf_hash(b"stranger"), *proof[at + 1 :]]


def change(data: st.DataObject, case: Case) -> Case:
    """The case with one argument changed to another well-formed value."""
    name = data.draw(st.sampled_from(sorted(case)))
    value = case[name]
    if name == "proof":
        return case | {"proof": changed_proof(data, value)}
    if isinstance(value, bytes):
        return case | {name: (int.from_bytes(value) ^ 1 << data.draw(st.integers(0, 255))).to_bytes(32)}
    near = st.integers(0, 1600) | st.sampled_from([value ^ 1, value + 1, value * 2, value // 2, 2**64 - 1])
    other = data.draw(near)
    assume(other != value)
    return case | {name: other}


@given(inclusions())
def test_every_leaf_is_proved_in_its_tree(case: Case) -> None:
    verify_inclusion(**case)


@given(consistencies())
def test_every_tree_is_proved_to_extend_every_earlier_one(case: Case) -> None:
    verify_consistency(**case)


def holds(verify: Any, case: Case) -> bool:
    try:
        verify(**case)
    except (Tampered, BadInput):
        return False
    return True


# A root does not tell how many leaves it has: a proof may hold for another size of the same shape, with a root that no
# tree of that size has. It is the checkpoint, signed, that binds size and root.


@given(inclusions(), st.data())
def test_a_changed_inclusion_proof_is_refused(case: Case, data: st.DataObject) -> None:
    wrong = change(data, case)
    assert not holds(verify_inclusion, wrong) or wrong["size"] != case["size"]
    if wrong["size"] <= len(LEAVES):
        true = wrong["index"] < wrong["size"] and wrong["leaf_hash"] == LEAVES[wrong["index"]]
        assert not holds(verify_inclusion, wrong | {"root": root(LEAVES[: wrong["size"]])}) or true


@given(consistencies(), st.data())
def test_a_changed_consistency_proof_is_refused(case: Case, data: st.DataObject) -> None:
    wrong = change(data, case)
    sizes_changed = (wrong["old_size"], wrong["new_size"]) != (case["old_size"], case["new_size"])
    assert not holds(verify_consistency, wrong) or sizes_changed


@given(consistencies(), st.binary(min_size=1, max_size=4), st.data())
def test_a_tree_with_one_other_leaf_does_not_extend_what_was_seen(
    case: Case, forged: bytes, data: st.DataObject
) -> None:
    at = data.draw(st.integers(0, case["old_size"] - 1))
    other = LEAVES.copy()
    other[at] = leaf_hash(b"forged" + forged)
    proof = prove_consistency(other, case["old_size"], case["new_size"])
    with pytest.raises(Tampered):
        verify_consistency(**case | {"new_root": root(other[: case["new_size"]]), "proof": proof})


@given(subtrees(), st.data())
def test_every_subtree_is_proved_and_no_changed_proof_of_it(spans: tuple[int, int, int], data: st.DataObject) -> None:
    start, end, size = spans
    part = root(LEAVES[start:end])
    proof = prove_subtree_consistency(LEAVES, start, end, size)
    claim: Case = {"start": start, "end": end, "subtree_root": part, "size": size, "root": root(LEAVES[:size])}
    verify_subtree_consistency(**claim, proof=proof)
    with pytest.raises(Tampered):
        verify_subtree_consistency(**claim, proof=changed_proof(data, proof))
    index = data.draw(st.integers(start, end - 1))
    inside = prove_subtree_inclusion(LEAVES, index, start, end)
    leaf: Case = {"leaf_hash": LEAVES[index], "index": index, "start": start, "end": end, "root": part}
    verify_subtree_inclusion(**leaf, proof=inside)
    with pytest.raises(Tampered):
        verify_subtree_inclusion(**leaf, proof=changed_proof(data, inside))


@given(sizes, st.lists(st.integers(0, 400), max_size=5))
def test_a_frontier_grows_to_the_same_root_in_steps_of_any_length(size: int, steps: list[int]) -> None:
    tree, at = Frontier(), 0
    for step in [*steps, size]:
        tree, at = tree.grown(LEAVES[at : min(size, at + step)]), min(size, at + step)
    assert (tree.size, tree.root()) == (size, root(LEAVES[:size]))


def tiles_of(size: int) -> dict[tuple[int, int], bytes]:
    tiles: dict[tuple[int, int], bytes] = {}
    for level, number, width in changed_tiles(0, size):
        span = 256**level
        starts = [(number * 256 + at) * span for at in range(width)]
        tiles[level, number] = b"".join([root(LEAVES[start : start + span]) for start in starts])
    return tiles


@given(sizes, st.data())
def test_tiles_prove_what_leaves_prove(size: int, data: st.DataObject) -> None:
    tiles = tiles_of(size)
    index, old = data.draw(st.integers(0, size - 1)), data.draw(st.integers(0, size))
    named = {name[:2]: tiles[name[:2]] for name in tiles_for_inclusion(index, size)}
    assert inclusion_from_tiles(index, size, named) == prove_inclusion(LEAVES, index, size)
    named = {name[:2]: tiles[name[:2]] for name in tiles_for_consistency(old, size)}
    assert consistency_from_tiles(old, size, named) == prove_consistency(LEAVES, old, size)
    named = {name[:2]: tiles[name[:2]] for name in tiles_for_root(size)}
    assert root_from_tiles(size, named) == root(LEAVES[:size])


@given(sizes, sizes)
def test_the_tiles_that_change_are_those_that_differ(old: int, new: int) -> None:
    old, new = sorted((old, new))
    before, now = tiles_of(old), tiles_of(new)
    assert {name[:2] for name in changed_tiles(old, new)} == {at for at in now if now[at] != before.get(at)}


@given(st.lists(st.binary(max_size=300), min_size=1, max_size=256))
def test_a_bundle_gives_back_what_it_was_made_of(entries: list[bytes]) -> None:
    assert decode_bundle(encode_bundle(entries), len(entries)) == entries


@given(st.binary(max_size=600), st.integers(1, 256))
def test_a_bundle_that_is_read_has_one_spelling(bundle: bytes, width: int) -> None:
    with suppress(BadInput):
        assert encode_bundle(decode_bundle(bundle, width)) == bundle


junk = (
    st.none() | st.booleans() | st.floats() | st.text(max_size=3) | st.integers() | st.binary(max_size=40)
    | st.lists(st.none() | st.binary(max_size=33) | st.integers(), max_size=3)
    | st.tuples(st.binary(min_size=32, max_size=32))
    | st.integers(2**63, 2**65) | st.dictionaries(st.integers(), st.none(), max_size=1)
)  # fmt: skip


@given(st.fixed_dictionaries(dict.fromkeys(("leaf_hash", "index", "size", "proof", "root"), junk)))
def test_an_inclusion_of_anything_is_true_or_refused(case: Case) -> None:
    with suppress(BadInput, Tampered):
        verify_inclusion(**case)


@given(st.fixed_dictionaries(dict.fromkeys(("old_size", "old_root", "new_size", "new_root", "proof"), junk)))
def test_a_consistency_of_anything_is_true_or_refused(case: Case) -> None:
    with suppress(BadInput, Tampered):
        verify_consistency(**case)


@given(st.fixed_dictionaries(dict.fromkeys(("start", "end", "subtree_root", "size", "root", "proof"), junk)))
def test_a_subtree_of_anything_is_true_or_refused(case: Case) -> None:
    with suppress(BadInput, Tampered):
        verify_subtree_consistency(**case)
