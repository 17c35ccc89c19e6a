"""A growing tree remembered in a few hashes: the roots of its perfect subtrees, from left to right.

Rules held here:
- A tree of n leaves is kept in as many hashes as n has one-bits (a compact range over [0, n)): appending a leaf costs
  two hashes on average, the root at most 64.
- A Frontier is a value: growing gives a new one.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256

from haoma.errors import BadInput
from haoma.ledger.merkle import EMPTY_ROOT, NODE, require_hash, require_hashes, require_size

__all__ = ["Frontier"]


@dataclass(frozen=True, slots=True)
class Frontier:
    """A tree's size and the roots of its perfect subtrees, the largest first.

    >>> from haoma.ledger.merkle import leaf_hash, root
    >>> leaves = [leaf_hash(bytes([n])) for n in range(5)]
    >>> tree = Frontier().grown(leaves)
    >>> tree.size, len(tree.hashes), tree.root() == root(leaves)
    (5, 2, True)
    """

    size: int = 0
    hashes: tuple[bytes, ...] = ()

    def __post_init__(self) -> None:
        require_hashes(self.hashes, "hashes")
        if len(self.hashes) != require_size(self.size, "size").bit_count():
            raise BadInput(f"a tree of {self.size} is kept in {self.size.bit_count()} hashes, not {len(self.hashes)}")

    def grown(self, leaf_hashes: Iterable[bytes]) -> Frontier:
        """The tree with these leaves behind its own."""
        size, stack = self.size, list(self.hashes)
        for leaf in leaf_hashes:
            node, below = require_hash(leaf, "a leaf hash"), size
            while below & 1:
                node = sha256(NODE + stack.pop() + node).digest()
                below >>= 1
            stack.append(node)
            size += 1
        return Frontier(size, tuple(stack))

    def root(self) -> bytes:
        """The root of the tree."""
        if not self.hashes:
            return EMPTY_ROOT
        node = self.hashes[-1]
        for left in reversed(self.hashes[:-1]):
            node = sha256(NODE + left + node).digest()
        return node
