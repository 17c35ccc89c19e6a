from __future__ import annotations

import json
from base64 import b64decode
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from haoma.errors import BadInput, Tampered
from haoma.ledger import (
    EMPTY_ROOT,
    Frontier,
    leaf_hash,
    node_hash,
    prove_consistency,
    prove_inclusion,
    prove_subtree_consistency,
    prove_subtree_inclusion,
    root,
    verify_consistency,
    verify_inclusion,
    verify_subtree_consistency,
    verify_subtree_inclusion,
)

LEAVES = [leaf_hash(bytes([n])) for n in range(11)]
HUGE = 10**400


def cases(shared: Path, kind: str) -> list[dict[str, Any]]:
    """The JSON cases of one kind of proof, with their hashes as bytes and a missing proof as an empty one."""
    found = sorted((shared / "ledger" / "merkle" / "testdata" / kind).rglob("*.json"))
    return [decoded(json.loads(path.read_text(encoding="utf-8"))) for path in found]


def decoded(case: dict[str, Any]) -> dict[str, Any]:
    hashes = {name: b64decode(case[name]) for name in ("root", "root1", "root2", "leafHash") if name in case}
    return case | hashes | {"proof": [b64decode(node) for node in case["proof"] or []]}


def accepted(verify: Any, **arguments: Any) -> bool:
    try:
        verify(**arguments)
    except (BadInput, Tampered):
        return False
    return True


def test_the_reference_tree_of_certificate_transparency_has_our_hashes(shared: Path) -> None:
    reference = json.loads((shared / "ledger" / "rfc6962_reference.json").read_text(encoding="utf-8"))
    levels = [[bytes.fromhex(node) for node in level] for level in reference["node_hashes"]]
    assert [leaf_hash(bytes.fromhex(data)) for data in reference["leaf_inputs_hex"]] == levels[0]
    for below, above in pairwise(levels):
        assert [node_hash(below[at], below[at + 1]) for at in range(0, len(below), 2)] == above
    assert [root(levels[0][:size]).hex() for size in range(9)] == reference["roots_by_size"]
    assert [Frontier().grown(levels[0][:size]).root().hex() for size in range(9)] == reference["roots_by_size"]


def test_every_outside_inclusion_case_is_judged_as_it_should_be(shared: Path) -> None:
    found = cases(shared, "inclusion")
    assert len(found) == 98
    for case in found:
        holds = accepted(
            verify_inclusion,
            leaf_hash=case["leafHash"],
            index=case["leafIdx"],
            size=case["treeSize"],
            proof=case["proof"],
            root=case["root"],
        )
        assert holds is not case["wantErr"], case["desc"]


def test_every_outside_consistency_case_is_judged_as_it_should_be(shared: Path) -> None:
    found = cases(shared, "consistency")
    assert len(found) == 98
    for case in found:
        holds = accepted(
            verify_consistency,
            old_size=case["size1"],
            old_root=case["root1"],
            new_size=case["size2"],
            new_root=case["root2"],
            proof=case["proof"],
        )
        assert holds is not case["wantErr"], case["desc"]


def test_every_outside_subtree_inclusion_case_is_judged_as_it_should_be(shared: Path) -> None:
    found = cases(shared, "subtreeinclusion")
    assert len(found) == 204
    for case in found:
        holds = accepted(
            verify_subtree_inclusion,
            leaf_hash=case["leafHash"],
            index=case["leafIdx"],
            start=case["start"],
            end=case["end"],
            proof=case["proof"],
            root=case["root"],
        )
        assert holds is not case["wantErr"], case["desc"]


def test_every_outside_subtree_consistency_case_is_judged_as_it_should_be(shared: Path) -> None:
    found = cases(shared, "subtreeconsistency")
    assert len(found) == 118
    for case in found:
        holds = accepted(
            verify_subtree_consistency,
            start=case["start"],
            end=case["end"],
            subtree_root=case["root1"],
            size=case["size"],
            root=case["root2"],
            proof=case["proof"],
        )
        assert holds is not case["wantErr"], case["desc"]


def test_every_happy_outside_proof_is_the_one_we_make(shared: Path) -> None:
    reference = json.loads((shared / "ledger" / "rfc6962_reference.json").read_text(encoding="utf-8"))
    leaves = [leaf_hash(bytes.fromhex(data)) for data in reference["leaf_inputs_hex"]]
    roots = {root(leaves[:size]): size for size in range(1, 9)}
    made = 0
    for case in cases(shared, "inclusion"):
        if not case["wantErr"] and case["root"] in roots:
            made += 1
            assert prove_inclusion(leaves, case["leafIdx"], case["treeSize"]) == case["proof"]
    for case in cases(shared, "consistency"):
        if not case["wantErr"] and case["root2"] in roots:
            made += 1
            assert prove_consistency(leaves, case["size1"], case["size2"]) == case["proof"]
    assert made >= 9


@pytest.mark.parametrize(("old", "new"), [(0, 0), (0, 5), (5, 5), (8, 8)])
def test_nothing_is_needed_to_prove_an_equal_tree_or_one_from_nothing(old: int, new: int) -> None:
    assert prove_consistency(LEAVES, old, new) == []


def test_two_empty_trees_are_consistent_and_a_tree_from_nothing_cannot_be_verified() -> None:
    verify_consistency(old_size=0, old_root=EMPTY_ROOT, new_size=0, new_root=EMPTY_ROOT, proof=[])
    with pytest.raises(Tampered):
        verify_consistency(old_size=0, old_root=LEAVES[0], new_size=0, new_root=LEAVES[0], proof=[])
    with pytest.raises(BadInput):
        verify_consistency(old_size=0, old_root=EMPTY_ROOT, new_size=1, new_root=LEAVES[0], proof=[])


def test_a_well_formed_claim_that_cannot_be_true_is_tampered_not_malformed() -> None:
    with pytest.raises(Tampered, match="no leaf 5"):
        verify_inclusion(leaf_hash=LEAVES[0], index=5, size=5, proof=[], root=LEAVES[0])
    with pytest.raises(Tampered, match="shrank from 3 to 2"):
        verify_consistency(old_size=3, old_root=root(LEAVES[:3]), new_size=2, new_root=root(LEAVES[:2]), proof=[])
    with pytest.raises(Tampered, match="has 0 hashes"):
        verify_inclusion(leaf_hash=LEAVES[0], index=0, size=2, proof=[], root=root(LEAVES[:2]))
    with pytest.raises(Tampered):
        verify_subtree_consistency(
            start=4, end=8, subtree_root=LEAVES[0], size=7, root=root(LEAVES[:7]), proof=[]
        )  # fmt: skip


JUNK: list[Any] = [None, "", "x" * 32, b"", b"x" * 31, 1.5, True, -1, HUGE, 2**64, [], [None], [b""], {}, object()]


@pytest.mark.parametrize("junk", JUNK, ids=lambda junk: repr(junk)[:20])
def test_junk_in_any_argument_is_bad_input(junk: Any) -> None:
    inclusion = {"leaf_hash": LEAVES[0], "index": 0, "size": 2, "proof": [LEAVES[1]], "root": root(LEAVES[:2])}
    consistency = {
        "old_size": 1, "old_root": LEAVES[0], "new_size": 2, "new_root": root(LEAVES[:2]), "proof": [LEAVES[1]],
    }  # fmt: skip
    subtree = {
        "start": 0, "end": 1, "subtree_root": LEAVES[0], "size": 2, "root": root(LEAVES[:2]), "proof": [LEAVES[1]],
    }  # fmt: skip
    in_subtree = {"leaf_hash": LEAVES[0], "index": 0, "start": 0, "end": 1, "proof": [], "root": LEAVES[0]}
    for verify, good in (
        (verify_inclusion, inclusion),
        (verify_consistency, consistency),
        (verify_subtree_consistency, subtree),
        (verify_subtree_inclusion, in_subtree),
    ):
        call: Any = verify
        call(**good)
        for name in good:
            if name == "proof" and junk == []:
                continue
            with pytest.raises(BadInput):
                call(**good | {name: junk})


@pytest.mark.parametrize("junk", [junk for junk in JUNK if junk != []], ids=lambda junk: repr(junk)[:20])
def test_junk_cannot_be_hashed_or_proved(junk: Any) -> None:
    calls: list[Any] = [
        lambda: node_hash(junk, LEAVES[0]),
        lambda: node_hash(LEAVES[0], junk),
        lambda: root(junk),
        lambda: prove_inclusion(junk, 0, 1),
        lambda: prove_inclusion(LEAVES, junk, 2),
        lambda: prove_inclusion(LEAVES, 0, junk),
        lambda: prove_consistency(LEAVES, junk, 2),
        lambda: prove_consistency(LEAVES, 1, junk),
        lambda: prove_subtree_inclusion(LEAVES, junk, 0, 2),
        lambda: prove_subtree_consistency(LEAVES, 0, junk, 4),
        lambda: Frontier(1, junk),
        lambda: Frontier(junk, (LEAVES[0],)),
        lambda: Frontier().grown([junk]),
    ]
    for call in calls:
        with pytest.raises(BadInput):
            call()


def test_only_bytes_are_hashed_as_a_leaf() -> None:
    for junk in (None, "text", 7, bytearray(b"x"), memoryview(b"x")):
        wrong: Any = junk
        with pytest.raises(BadInput, match="an entry is bytes"):
            leaf_hash(wrong)


@pytest.mark.parametrize(("index", "size"), [(5, 5), (0, 0), (0, 12), (11, 12)])
def test_no_proof_is_made_of_a_leaf_that_is_not_there(index: int, size: int) -> None:
    with pytest.raises(BadInput):
        prove_inclusion(LEAVES, index, size)


def test_no_proof_is_made_of_a_tree_that_shrinks_or_that_is_not_there() -> None:
    for old, new in ((3, 2), (1, 12)):
        with pytest.raises(BadInput):
            prove_consistency(LEAVES, old, new)


@pytest.mark.parametrize(("start", "end"), [(1, 3), (2, 5), (2, 6), (1, 15), (3, 2)])
def test_a_range_that_is_no_subtree_is_bad_input(start: int, end: int) -> None:
    with pytest.raises(BadInput, match="no subtree"):
        verify_subtree_consistency(
            start=start, end=end, subtree_root=LEAVES[0], size=20, root=LEAVES[0], proof=[]
        )  # fmt: skip


def test_a_subtree_proof_is_not_made_outside_the_tree() -> None:
    with pytest.raises(BadInput):
        prove_subtree_consistency(LEAVES, 8, 12, 12)
    with pytest.raises(BadInput):
        prove_subtree_inclusion(LEAVES, 3, 4, 8)
    assert prove_subtree_consistency(LEAVES, 4, 4, 8) == []


def test_the_largest_sizes_are_judged_at_once() -> None:
    size = 2**64 - 1
    with pytest.raises(Tampered):
        verify_inclusion(leaf_hash=LEAVES[0], index=size - 1, size=size, proof=[LEAVES[0]] * 63, root=LEAVES[0])
    with pytest.raises(Tampered):
        verify_inclusion(leaf_hash=LEAVES[0], index=0, size=size, proof=[LEAVES[0]] * 64, root=LEAVES[0])
    with pytest.raises(Tampered):
        verify_consistency(old_size=1, old_root=EMPTY_ROOT, new_size=size, new_root=EMPTY_ROOT, proof=[])


def test_a_frontier_is_kept_in_as_many_hashes_as_its_size_has_bits() -> None:
    tree = Frontier()
    for size, leaf in enumerate(LEAVES, 1):
        tree = tree.grown([leaf])
        assert len(tree.hashes) == size.bit_count()
        assert tree.root() == root(LEAVES[:size])
    with pytest.raises(BadInput, match="kept in 1 hashes, not 2"):
        Frontier(4, (LEAVES[0], LEAVES[1]))
