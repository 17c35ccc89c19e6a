"""The tamper-evident log: hashing, proofs and the C2SP formats. Pure: no disk, network, clock or randomness."""

from __future__ import annotations

from haoma.ledger.canonical import (
    canonical,
)
from haoma.ledger.checkpoint import (
    Checkpoint,
    format_checkpoint,
    parse_checkpoint,
)
from haoma.ledger.cosignature import (
    cosign,
    cosigned_at,
)
from haoma.ledger.frontier import (
    Frontier,
)
from haoma.ledger.keys import (
    KeyType,
    SignerKey,
    VerifierKey,
    parse_signer_key,
    parse_verifier_key,
)
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
from haoma.ledger.note import (
    Note,
    add_signatures,
    open_note,
    sign_note,
)
from haoma.ledger.signatures import (
    Signature,
)
from haoma.ledger.subtrees import (
    prove_subtree_consistency,
    prove_subtree_inclusion,
    verify_subtree_consistency,
    verify_subtree_inclusion,
)

__all__ = [
    "EMPTY_ROOT",
    "Checkpoint",
    "Frontier",
    "KeyType",
    "Note",
    "Signature",
    "SignerKey",
    "VerifierKey",
    "add_signatures",
    "canonical",
    "cosign",
    "cosigned_at",
    "format_checkpoint",
    "leaf_hash",
    "node_hash",
    "open_note",
    "parse_checkpoint",
    "parse_signer_key",
    "parse_verifier_key",
    "prove_consistency",
    "prove_inclusion",
    "prove_subtree_consistency",
    "prove_subtree_inclusion",
    "root",
    "sign_note",
    "verify_consistency",
    "verify_inclusion",
    "verify_subtree_consistency",
    "verify_subtree_inclusion",
]
