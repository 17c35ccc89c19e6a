"""Cosignatures: a witness saw this tree, at this time, extending all it had seen before (C2SP tlog-cosignature).

Rules held here:
- The signature is the time, eight bytes of POSIX seconds up to 2^63-1, and then Ed25519 (type 0x04) over two lines and
  the whole note text, or ML-DSA-44 (type 0x06) over cosigner, time, origin, range and root.
- A checkpoint is cosigned with a time; a subtree that does not start at 0 without one (zero).
- Extension lines are signed by Ed25519 alone, and no cosignature says anything about them.
"""

from __future__ import annotations

from haoma.errors import BadInput
from haoma.ledger.checkpoint import Checkpoint, parse_checkpoint
from haoma.ledger.keys import KeyType, SignerKey, VerifierKey
from haoma.ledger.merkle import require_hash, require_size
from haoma.ledger.signatures import Signature
from haoma.ledger.subtrees import require_subtree

__all__ = ["LATEST", "cosign", "cosign_subtree", "cosigned_at", "verifies_cosignature", "verifies_subtree_cosignature"]

LATEST = 2**63 - 1
LABEL = b"subtree/v1\n\0"
TIME_BYTES = 8
SIGNATURE_BYTES = {KeyType.ED25519_COSIGNATURE: 64, KeyType.ML_DSA_44_COSIGNATURE: 2420}


def cosign(text: bytes, key: SignerKey, at_s: int) -> Signature:
    r"""The cosignature of a checkpoint's text at a time in POSIX seconds, which is not zero.

    BadInput when the key is no cosigner's, the text no checkpoint's, or the time out of range.

    >>> key = SignerKey("witness.example/w1", KeyType.ED25519_COSIGNATURE, bytes(32))
    >>> text = b"example.com/log\n3\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n"
    >>> cosigned_at(cosign(text, key, 1679315147))
    1679315147
    """
    if key.type not in SIGNATURE_BYTES:
        raise BadInput(f"{key.name} is no cosigner's key", hint="cosigners' keys are of type 0x04 or 0x06")
    if not 0 < require_size(at_s, "the time") <= LATEST:
        raise BadInput("a checkpoint is cosigned with a time", hint="POSIX seconds, from 1 to 2^63-1")
    signed = key.sign(_message(text, parse_checkpoint(text), key.name, key.type, at_s))
    return Signature(key.name, key.verifier.key_id, at_s.to_bytes(TIME_BYTES) + signed)


def cosign_subtree(origin: str, start: int, end: int, root: bytes, key: SignerKey) -> Signature:
    """The cosignature of a subtree [start, end) of a log, without a time; ML-DSA-44 alone can make one."""
    if key.type is not KeyType.ML_DSA_44_COSIGNATURE:
        raise BadInput(f"{key.name} cannot sign subtrees", hint="keys of type 0x06 can")
    signed = key.sign(_subtree_message(key.name, 0, origin, start, end, root))
    return Signature(key.name, key.verifier.key_id, bytes(TIME_BYTES) + signed)


def verifies_cosignature(text: bytes, key: VerifierKey, signature: bytes) -> bool:
    """Whether the bytes of a signature line, behind the key ID, are this cosigner's over this note text."""
    at_s = int.from_bytes(signature[:TIME_BYTES])
    if len(signature) != TIME_BYTES + SIGNATURE_BYTES.get(key.type, 0) or at_s > LATEST:
        return False
    try:
        message = _message(text, parse_checkpoint(text), key.name, key.type, at_s)
    except BadInput:
        return False
    return key.verifies(message, signature[TIME_BYTES:])


def verifies_subtree_cosignature(
    key: VerifierKey, signature: bytes, *, origin: str, start: int, end: int, root: bytes
) -> bool:
    """Whether the bytes of a signature line, behind the key ID, are this cosigner's over this subtree of a log."""
    at_s = int.from_bytes(signature[:TIME_BYTES])
    if key.type is not KeyType.ML_DSA_44_COSIGNATURE or at_s > LATEST or (start and at_s):
        return False
    return key.verifies(_subtree_message(key.name, at_s, origin, start, end, root), signature[TIME_BYTES:])


def cosigned_at(signature: Signature) -> int:
    """The time of a cosignature in POSIX seconds, zero when it makes no statement about time.

    Only as trustworthy as the signature: read it from what `open_note` verified.
    """
    if len(signature.signature) - TIME_BYTES not in SIGNATURE_BYTES.values():
        raise BadInput(f"the signature of {signature.name} is no cosignature", hint="cosignatures begin with a time")
    return int.from_bytes(signature.signature[:TIME_BYTES])


def _message(text: bytes, checkpoint: Checkpoint, name: str, kind: KeyType, at_s: int) -> bytes:
    if kind is KeyType.ED25519_COSIGNATURE:
        return f"cosignature/v1\ntime {at_s}\n".encode() + text
    return _subtree_message(name, at_s, checkpoint.origin, 0, checkpoint.size, checkpoint.root)


def _subtree_message(name: str, at_s: int, origin: str, start: int, end: int, root: bytes) -> bytes:
    require_subtree(start, end)
    numbers = start.to_bytes(8) + end.to_bytes(8)
    return LABEL + _opaque(name) + at_s.to_bytes(8) + _opaque(origin) + numbers + require_hash(root, "root")


def _opaque(text: str) -> bytes:
    """A TLS vector of 1 to 255 bytes, its length in front (RFC 8446 §3.4)."""
    data = text.encode()
    if not 0 < len(data) < 256:
        raise BadInput(f"a name of {len(data)} bytes", hint="ML-DSA-44 cosigns names and origins of 1 to 255 bytes")
    return bytes([len(data)]) + data
