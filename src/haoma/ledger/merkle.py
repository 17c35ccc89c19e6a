"""The Merkle tree of RFC 6962 and RFC 9162 with SHA-256: hashes, roots, proofs and their verification.

Rules held here:
- A leaf is hashed behind 0x00 and a node behind 0x01, so that neither passes for the other (RFC 9162 §2.1.1).
- What is not of its type (32 bytes, an integer in 0 … 2^64-1, a list of hashes) is BadInput, whatever it is. What is
  well formed and does not hold is Tampered; that includes an index beyond the tree, a shrinking tree and a proof of the
  wrong length, because the outside vectors make those by changing a good proof, as they do with its hashes.
- Trees of one size are consistent when their roots are the same bytes.
- 0 → 0 holds for two empty roots and an empty proof. 0 → n is BadInput: every tree extends the empty one, so that such
  a proof could prove nothing, and the outside vectors refuse it.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from struct import Struct

from haoma.errors import BadInput, Tampered
from haoma.ledger.paths import Join, Path, Span, path_to

__all__ = [
    "EMPTY_ROOT",
    "HASH_BYTES",
    "NODE",
    "SIZE_LIMIT",
    "climb",
    "leaf_hash",
    "next_row",
    "node_hash",
    "perfect_hash",
    "prove_consistency",
    "prove_inclusion",
    "require_equal",
    "require_hash",
    "require_hashes",
    "require_size",
    "root",
    "tree_hash",
    "verify_consistency",
    "verify_inclusion",
]

HASH_BYTES = 32
SIZE_LIMIT = 2**64
EMPTY_ROOT = sha256(b"").digest()
LEAF = b"\x00"
NODE = b"\x01"
_pairs = Struct(f"{2 * HASH_BYTES}s").iter_unpack


def leaf_hash(data: bytes) -> bytes:
    """The hash of an entry as a leaf.

    >>> leaf_hash(b"").hex()[:16]
    '6e340b9cffb37a98'
    """
    if not isinstance(data, bytes):
        raise BadInput(f"an entry is bytes, and this is {type(data).__name__}")
    return sha256(LEAF + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    r"""The hash of a node over its two children.

    >>> node_hash(leaf_hash(b""), leaf_hash(b"\0")).hex()[:16]
    'fac54203e7cc696c'
    """
    return sha256(NODE + require_hash(left, "the left child") + require_hash(right, "the right child")).digest()


def root(leaf_hashes: Sequence[bytes]) -> bytes:
    """The root over leaf hashes; over none, the hash of nothing (RFC 9162 §2.1.1).

    >>> root([]) == EMPTY_ROOT, root([leaf_hash(b"a")]) == leaf_hash(b"a")
    (True, True)
    """
    return tree_hash(require_hashes(leaf_hashes, "leaf_hashes"))


def prove_inclusion(leaf_hashes: Sequence[bytes], index: int, size: int) -> list[bytes]:
    """The proof that leaf `index` is in the tree of the first `size` leaves, from the leaf's sibling upwards.

    Hashes every leaf once: for a large tree use tiles. Source: RFC 9162 §2.1.3.1.

    >>> leaves = [leaf_hash(bytes([n])) for n in range(5)]
    >>> prove_inclusion(leaves, 4, 5) == [root(leaves[:4])]
    True
    """
    leaves = _first(leaf_hashes, size)
    if require_size(index, "index") >= size:
        raise BadInput(f"index {index} is not in a tree of {size}", hint=f"indexes there: 0 to {size - 1}")
    return _gather(leaves, path_to(index, index + 1, size))


def prove_consistency(leaf_hashes: Sequence[bytes], old_size: int, new_size: int) -> list[bytes]:
    """The proof that the tree of `new_size` leaves extends the one of `old_size`; empty for equal sizes and for 0 → n.

    Source: RFC 9162 §2.1.4.1.

    >>> leaves = [leaf_hash(bytes([n])) for n in range(5)]
    >>> prove_consistency(leaves, 4, 5) == [leaves[4]]
    True
    """
    leaves = _first(leaf_hashes, new_size)
    if require_size(old_size, "old_size") > new_size:
        raise BadInput(f"a tree of {new_size} cannot extend one of {old_size}", hint="the old size comes first")
    return _gather(leaves, path_to(0, old_size, new_size)) if old_size else []


def verify_inclusion(*, leaf_hash: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> None:
    """Return if the leaf stands at `index` in the tree of `size` leaves with this root; otherwise raise.

    Tampered when it does not, BadInput when an argument is malformed. Source: RFC 9162 §2.1.3.2.

    >>> a, b = leaf_hash(b"a"), leaf_hash(b"b")
    >>> verify_inclusion(leaf_hash=a, index=0, size=2, proof=[b], root=node_hash(a, b))
    """
    require_hash(leaf_hash, "leaf_hash")
    require_hash(root, "root")
    hashes = require_hashes(proof, "proof")
    if require_size(index, "index") >= require_size(size, "size"):
        raise Tampered(f"a tree of {size} has no leaf {index}")
    if climb(path_to(index, index + 1, size), leaf_hash, hashes)[1] != root:
        raise Tampered(f"leaf {index} is not in the tree of {size} with root {root.hex()}")


def verify_consistency(
    *, old_size: int, old_root: bytes, new_size: int, new_root: bytes, proof: Sequence[bytes]
) -> None:
    """Return if the new tree extends the old one without changing a leaf of it; otherwise raise.

    Tampered when it does not, BadInput when an argument is malformed or for 0 → n. Source: RFC 9162 §2.1.4.2.

    >>> verify_consistency(old_size=0, old_root=EMPTY_ROOT, new_size=0, new_root=EMPTY_ROOT, proof=[])
    """
    hashes = require_hashes(proof, "proof")
    if require_size(old_size, "old_size") == require_size(new_size, "new_size") > 0 and not hashes:
        return require_equal(old_root, new_root, new_size)
    require_hash(old_root, "old_root")
    require_hash(new_root, "new_root")
    if old_size > new_size:
        raise Tampered(f"the tree shrank from {old_size} to {new_size}")
    if old_size == 0:
        return _verify_from_empty(old_root, new_size, new_root, hashes)
    if climb(path_to(0, old_size, new_size), old_root, hashes) != (old_root, new_root):
        raise Tampered(f"the tree of {new_size} does not extend the tree of {old_size} that was seen before")
    return None


def require_hash(value: object, name: str) -> bytes:
    """The value when it is a SHA-256 hash, BadInput otherwise."""
    if isinstance(value, bytes) and len(value) == HASH_BYTES:
        return value
    seen = f"{len(value)} bytes" if isinstance(value, bytes) else type(value).__name__
    raise BadInput(f"{name} is {seen}", hint="a SHA-256 hash is 32 bytes")


def require_hashes(values: object, name: str) -> Sequence[bytes]:
    """The values when they are a list or tuple of SHA-256 hashes, BadInput otherwise."""
    if not isinstance(values, list | tuple):
        raise BadInput(f"{name} is {type(values).__name__}", hint="it is a list of hashes")
    for value in values:
        if not isinstance(value, bytes) or len(value) != HASH_BYTES:
            require_hash(value, f"an element of {name}")
    return values


def require_size(value: object, name: str) -> int:
    """The value when it is an integer in 0 … 2^64-1 (and not a bool), BadInput otherwise."""
    if type(value) is not int:
        raise BadInput(f"{name} is {type(value).__name__}", hint="it is an integer")
    if not 0 <= value < SIZE_LIMIT:
        raise BadInput(f"{name} is out of range", hint="it is at least 0 and below 2^64")
    return value


def require_equal(old_root: object, new_root: object, size: int) -> None:
    """Return if two roots of one size are the same bytes, of whatever length (as the outside vectors have it)."""
    if isinstance(old_root, bytes) and old_root == new_root:
        return
    if require_hash(old_root, "the first root") != require_hash(new_root, "the second root"):
        raise Tampered(f"there are two different trees of {size}")


def tree_hash(hashes: Sequence[bytes]) -> bytes:
    """The root over hashes already checked: pair by pair, a lone last one moves up as it is."""
    if not hashes:
        return EMPTY_ROOT
    while len(hashes) > 1:
        pairs = iter(hashes)
        level = [sha256(NODE + left + right).digest() for left, right in zip(pairs, pairs, strict=False)]
        if len(hashes) & 1:
            level.append(hashes[-1])
        hashes = level
    return hashes[0]


def perfect_hash(row: bytes) -> bytes:
    """The root over a power of two of hashes that lie one behind the other; faster than `tree_hash`.

    >>> perfect_hash(leaf_hash(b"a") + leaf_hash(b"b")) == node_hash(leaf_hash(b"a"), leaf_hash(b"b"))
    True
    """
    while len(row) > HASH_BYTES:
        row = next_row(row)
    return row


def next_row(row: bytes) -> bytes:
    """The nodes above an even number of hashes, each over two of them."""
    return b"".join([sha256(NODE + pair).digest() for (pair,) in _pairs(row)])


def climb(path: Path, known: bytes, proof: Sequence[bytes]) -> tuple[bytes, bytes]:
    """The root of the subtree and the root of the whole tree that a proof leads to, from the subtree's known hash.

    Tampered when the proof has the wrong length.
    """
    expected = len(path.steps) + (not path.whole)
    if len(proof) != expected:
        raise Tampered(f"the proof has {len(proof)} hashes", hint=f"a proof of this shape has {expected}")
    part = whole = known if path.whole else proof[0]
    for step, sibling in zip(path.steps, proof[-len(path.steps) :] if path.steps else (), strict=True):
        if step.join is Join.RIGHT:
            whole = sha256(NODE + whole + sibling).digest()
        else:
            whole = sha256(NODE + sibling + whole).digest()
            if step.join is Join.SHARED:
                part = sha256(NODE + sibling + part).digest()
    return part, whole


def _first(leaf_hashes: Sequence[bytes], size: int) -> Sequence[bytes]:
    leaves = require_hashes(leaf_hashes, "leaf_hashes")
    if require_size(size, "size") > len(leaves):
        raise BadInput(f"the tree has {len(leaves)} leaves", hint=f"a tree of {size} cannot be cut from it")
    return leaves


def _gather(leaves: Sequence[bytes], path: Path) -> list[bytes]:
    spans: list[Span] = [step.span for step in path.steps]
    return [tree_hash(leaves[span.start : span.end]) for span in ([] if path.whole else [path.seed]) + spans]


def _verify_from_empty(old_root: bytes, new_size: int, new_root: bytes, proof: Sequence[bytes]) -> None:
    if new_size:
        raise BadInput(
            "nothing can be proved from an empty tree", hint="every tree extends it: verify from a later one"
        )
    if proof or old_root != EMPTY_ROOT or new_root != EMPTY_ROOT:
        raise Tampered("an empty tree has the hash of nothing as its root, and no proof")
