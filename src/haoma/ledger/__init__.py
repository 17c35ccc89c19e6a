"""The tamper-evident log: hashing, proofs and the C2SP formats. Pure: no disk, network, clock or randomness."""

from __future__ import annotations

from haoma.ledger.bundles import decode_bundle, encode_bundle
from haoma.ledger.canonical import canonical
from haoma.ledger.checkpoint import Checkpoint, format_checkpoint, parse_checkpoint
from haoma.ledger.cosignature import cosign, cosigned_at
from haoma.ledger.frontier import Frontier
from haoma.ledger.keys import KeyType, SignerKey, VerifierKey, parse_signer_key, parse_verifier_key
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
from haoma.ledger.note import Note, add_signatures, open_note, sign_note
from haoma.ledger.policy import Endorsed, Policy, endorse, policy_of_keys
from haoma.ledger.policy_file import format_policy, parse_policy
from haoma.ledger.proof import Proof, format_proof, parse_proof, verify_proof
from haoma.ledger.signatures import Signature
from haoma.ledger.subtrees import (
    prove_subtree_consistency,
    prove_subtree_inclusion,
    verify_subtree_consistency,
    verify_subtree_inclusion,
)
from haoma.ledger.tile_proofs import (
    consistency_from_tiles,
    inclusion_from_tiles,
    root_from_tiles,
    tiles_for_consistency,
    tiles_for_inclusion,
    tiles_for_root,
)
from haoma.ledger.tiles import BundleName, TileName, changed_bundles, changed_tiles, parse_bundle_path, parse_tile_path
from haoma.ledger.witness import (
    Request,
    Seen,
    Verdict,
    cosign_accepted,
    format_request,
    judge,
    monitor_path,
    parse_request,
    take_cosignatures,
)

__all__ = [
    "EMPTY_ROOT",
    "BundleName",
    "Checkpoint",
    "Endorsed",
    "Frontier",
    "KeyType",
    "Note",
    "Policy",
    "Proof",
    "Request",
    "Seen",
    "Signature",
    "SignerKey",
    "TileName",
    "Verdict",
    "VerifierKey",
    "add_signatures",
    "canonical",
    "changed_bundles",
    "changed_tiles",
    "consistency_from_tiles",
    "cosign",
    "cosign_accepted",
    "cosigned_at",
    "decode_bundle",
    "encode_bundle",
    "endorse",
    "format_checkpoint",
    "format_policy",
    "format_proof",
    "format_request",
    "inclusion_from_tiles",
    "judge",
    "leaf_hash",
    "monitor_path",
    "node_hash",
    "open_note",
    "parse_bundle_path",
    "parse_checkpoint",
    "parse_policy",
    "parse_proof",
    "parse_request",
    "parse_signer_key",
    "parse_tile_path",
    "parse_verifier_key",
    "policy_of_keys",
    "prove_consistency",
    "prove_inclusion",
    "prove_subtree_consistency",
    "prove_subtree_inclusion",
    "root",
    "root_from_tiles",
    "sign_note",
    "take_cosignatures",
    "tiles_for_consistency",
    "tiles_for_inclusion",
    "tiles_for_root",
    "verify_consistency",
    "verify_inclusion",
    "verify_proof",
    "verify_subtree_consistency",
    "verify_subtree_inclusion",
]
