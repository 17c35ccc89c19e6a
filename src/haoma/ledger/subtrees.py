"""Proofs about subtrees: a leaf in one, and one in a tree (draft-ietf-plants-merkle-tree-certs-03 §4).

Rules held here:
- A range that is no subtree (start not aligned to its length, or behind its end) is BadInput; one that reaches beyond
  the tree is Tampered, as a shrinking tree is.
- The empty subtree [n, n) is consistent with every tree of n leaves or more: its root is the hash of nothing, its proof
  is empty and the tree's root is not looked at, as in the outside vectors. No leaf is in it.
"""

from __future__ import annotations

from collections.abc import Sequence

from haoma.errors import BadInput, Tampered
from haoma.ledger.merkle import (
    EMPTY_ROOT,
    climb,
    require_equal,
    require_hash,
    require_hashes,
    require_size,
    tree_hash,
)
from haoma.ledger.paths import path_to

__all__ = [
    "prove_subtree_consistency",
    "prove_subtree_inclusion",
    "require_subtree",
    "verify_subtree_consistency",
    "verify_subtree_inclusion",
]


def prove_subtree_inclusion(leaf_hashes: Sequence[bytes], index: int, start: int, end: int) -> list[bytes]:
    """The proof that leaf `index` is in the subtree [start, end); `leaf_hashes` are those of the whole tree.

    >>> from haoma.ledger.merkle import leaf_hash
    >>> leaves = [leaf_hash(bytes([n])) for n in range(6)]
    >>> prove_subtree_inclusion(leaves, 5, 4, 6) == [leaves[4]]
    True
    """
    leaves = _leaves(leaf_hashes, start, end, end)
    if not start <= require_size(index, "index") < end:
        raise BadInput(f"index {index} is not in [{start}, {end})")
    path = path_to(index - start, index - start + 1, end - start)
    return [tree_hash(leaves[start + step.span.start : start + step.span.end]) for step in path.steps]


def prove_subtree_consistency(leaf_hashes: Sequence[bytes], start: int, end: int, size: int) -> list[bytes]:
    """The proof that the subtree [start, end) is part of the tree of the first `size` leaves."""
    leaves = _leaves(leaf_hashes, start, end, size)
    if start == end:
        return []
    path = path_to(start, end, size)
    spans = ([] if path.whole else [path.seed]) + [step.span for step in path.steps]
    return [tree_hash(leaves[span.start : span.end]) for span in spans]


def verify_subtree_inclusion(
    *, leaf_hash: bytes, index: int, start: int, end: int, proof: Sequence[bytes], root: bytes
) -> None:
    """Return if the leaf stands at `index` in the subtree [start, end) with this root; otherwise raise.

    Source: draft-ietf-plants-merkle-tree-certs-03 §4.3.
    """
    require_hash(leaf_hash, "leaf_hash")
    require_hash(root, "root")
    hashes = require_hashes(proof, "proof")
    require_subtree(start, end)
    if not start <= require_size(index, "index") < end:
        raise Tampered(f"the subtree [{start}, {end}) has no leaf {index}")
    path = path_to(index - start, index - start + 1, end - start)
    if climb(path, leaf_hash, hashes)[1] != root:
        raise Tampered(f"leaf {index} is not in the subtree [{start}, {end}) with root {root.hex()}")


def verify_subtree_consistency(
    *, start: int, end: int, subtree_root: bytes, size: int, root: bytes, proof: Sequence[bytes]
) -> None:
    """Return if the subtree [start, end) is part of the tree of `size` leaves; otherwise raise.

    Source: draft-ietf-plants-merkle-tree-certs-03 §4.4.
    """
    hashes = require_hashes(proof, "proof")
    require_subtree(start, end)
    if (start, end) == (0, require_size(size, "size")) and size and not hashes:
        return require_equal(subtree_root, root, size)
    require_hash(subtree_root, "subtree_root")
    if end > size:
        raise Tampered(f"a tree of {size} has no subtree [{start}, {end})")
    if start == end:
        return _verify_empty(subtree_root, hashes)
    require_hash(root, "root")
    if climb(path_to(start, end, size), subtree_root, hashes) != (subtree_root, root):
        raise Tampered(f"the subtree [{start}, {end}) is not part of the tree of {size}")
    return None


def require_subtree(start: int, end: int) -> None:
    """Return if [start, end) is a subtree of some tree, or empty; BadInput otherwise.

    >>> require_subtree(4, 7)
    """
    length = require_size(end, "end") - require_size(start, "start")
    if length < 0 or (length and start % (1 << (length - 1).bit_length())):
        raise BadInput(
            f"[{start}, {end}) is no subtree",
            hint="start is a multiple of the smallest power of two that holds end - start",
        )


def _leaves(leaf_hashes: Sequence[bytes], start: int, end: int, size: int) -> Sequence[bytes]:
    leaves = require_hashes(leaf_hashes, "leaf_hashes")
    require_subtree(start, end)
    if not end <= require_size(size, "size") <= len(leaves):
        raise BadInput(f"[{start}, {end}) in a tree of {size}: there are {len(leaves)} leaves")
    return leaves


def _verify_empty(subtree_root: bytes, proof: Sequence[bytes]) -> None:
    if proof or subtree_root != EMPTY_ROOT:
        raise Tampered("an empty subtree has the hash of nothing as its root, and no proof")
