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

__all__ = [
    "EMPTY_ROOT",
    "BundleName",
    "Checkpoint",
    "Frontier",
    "KeyType",
    "Note",
    "Signature",
    "SignerKey",
    "TileName",
    "VerifierKey",
    "add_signatures",
    "canonical",
    "changed_bundles",
    "changed_tiles",
    "consistency_from_tiles",
    "cosign",
    "cosigned_at",
    "decode_bundle",
    "encode_bundle",
    "format_checkpoint",
    "inclusion_from_tiles",
    "leaf_hash",
    "node_hash",
    "open_note",
    "parse_bundle_path",
    "parse_checkpoint",
    "parse_signer_key",
    "parse_tile_path",
    "parse_verifier_key",
    "prove_consistency",
    "prove_inclusion",
    "prove_subtree_consistency",
    "prove_subtree_inclusion",
    "root",
    "root_from_tiles",
    "sign_note",
    "tiles_for_consistency",
    "tiles_for_inclusion",
    "tiles_for_root",
    "verify_consistency",
    "verify_inclusion",
    "verify_subtree_consistency",
    "verify_subtree_inclusion",
]
