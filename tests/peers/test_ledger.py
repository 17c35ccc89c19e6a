"""Our trees against pymerkle's, another implementation of RFC 9162 in Python."""

from __future__ import annotations

import pytest
from pymerkle import InmemoryTree

from haoma.ledger import Frontier, leaf_hash, prove_inclusion, root

ENTRIES = [bytes([number]) * (number % 7) for number in range(130)]
LEAVES = [leaf_hash(entry) for entry in ENTRIES]


@pytest.fixture(scope="module")
def peer() -> InmemoryTree:
    tree = InmemoryTree(algorithm="sha256")
    for entry in ENTRIES:
        tree.append_entry(entry)
    return tree


def test_the_peer_has_our_leaves_and_roots(peer: InmemoryTree) -> None:
    assert [peer.get_leaf(number + 1) for number in range(len(ENTRIES))] == LEAVES
    for size in range(len(ENTRIES) + 1):
        assert peer.get_root(size) == root(LEAVES[:size]) == Frontier().grown(LEAVES[:size]).root()


def path_of(proof: object) -> list[bytes]:
    """The peer's path, which begins with the leaf itself."""
    return [bytes.fromhex(node) for node in proof.serialize()["path"]]  # type: ignore[attr-defined]


def test_the_peer_has_our_inclusion_proofs(peer: InmemoryTree) -> None:
    for size in (1, 2, 3, 64, 65, 100, 130):
        for index in range(size):
            assert path_of(peer.prove_inclusion(index + 1, size)) == [
                LEAVES[index],
                *prove_inclusion(LEAVES, index, size),
            ]
