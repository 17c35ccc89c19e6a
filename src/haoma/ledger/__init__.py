"""The tamper-evident log: hashing, proofs and the C2SP formats. Pure: no disk, network, clock or randomness."""

from __future__ import annotations

from haoma.ledger.frontier import Frontier
from haoma.ledger.merkle import (
    EMPTY_ROOT,
    leaf_hash,
    node_hash,
    prove_consistency,
    prove_inclusion,
    root,
    verify_consistency,
    verify_inclusion,
)
from haoma.ledger.subtrees import (
    prove_subtree_consistency,
    prove_subtree_inclusion,
    verify_subtree_consistency,
    verify_subtree_inclusion,
)

__all__ = [
    "EMPTY_ROOT",
    "Frontier",
    "leaf_hash",
    "node_hash",
    "prove_consistency",
    "prove_inclusion",
    "prove_subtree_consistency",
    "prove_subtree_inclusion",
    "root",
    "verify_consistency",
    "verify_inclusion",
    "verify_subtree_consistency",
    "verify_subtree_inclusion",
]
