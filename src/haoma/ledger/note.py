"""Signed notes: a text and who signed it (C2SP signed-note; golang.org/x/mod/sumdb/note).

Rules held here:
- What is malformed is BadInput. What is well formed and has no signature of a known key is Tampered, and so is a note
  with one signature of a known key that does not verify, whoever else signed it.
- A key is known by its name and ID together. Signatures of others are handed back as unverified, and mean nothing.
- Two keys of one name and ID are BadInput: it could not be said which of them signed.
- Of several signatures of one key each is verified and the first is kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from haoma.errors import BadInput, Tampered
from haoma.ledger.cosignature import verifies_cosignature
from haoma.ledger.keys import KeyType, SignerKey, VerifierKey, parse_verifier_key
from haoma.ledger.signatures import Signature, join_note, require_text, split_note

__all__ = ["Note", "add_signatures", "open_note", "read_note", "sign_note"]


@dataclass(frozen=True, slots=True)
class Note:
    """A text with its verified signatures, at least one, and those of keys that were not asked for."""

    text: bytes
    signatures: tuple[Signature, ...]
    unverified: tuple[Signature, ...] = ()


def open_note(text: bytes, verifier_keys: list[str]) -> Note:
    r"""The note, when at least one of these keys signed it and no signature of theirs is wrong.

    `verifier_keys` are texts as `parse_verifier_key` reads them, of logs and of witnesses. Tampered when no known key
    signed it or a known key's signature does not verify; BadInput when the note or a key is malformed.

    >>> key = SignerKey("example.com/log", KeyType.ED25519, bytes(32))
    >>> open_note(sign_note(b"text\n", [key]), [key.verifier.text]).text
    b'text\n'
    """
    if not isinstance(verifier_keys, list | tuple):
        raise BadInput(f"verifier_keys is {type(verifier_keys).__name__}", hint="it is a list of verifier keys")
    return read_note(text, [parse_verifier_key(key) for key in verifier_keys])


def read_note(note: bytes, keys: Sequence[VerifierKey]) -> Note:
    """The same for keys already parsed."""
    text, signatures = split_note(note)
    known = _by_identity(keys)
    verified: dict[tuple[str, int], Signature] = {}
    for signature in signatures:
        identity = (signature.name, signature.key_id)
        if identity in known:
            _require_verified(text, known[identity], signature)
            verified.setdefault(identity, signature)
    if not verified:
        raise Tampered(
            "no known key signed this note", hint="its text means nothing: ask for one signed by a key you know"
        )
    others = [signature for signature in signatures if (signature.name, signature.key_id) not in known]
    return Note(text, tuple(verified.values()), tuple(dict.fromkeys(others)))


def sign_note(text: bytes, signers: Sequence[SignerKey]) -> bytes:
    """A note of this text, which ends in a newline, signed by each of these keys (type 0x01).

    BadInput when the text cannot be a note's, or a key signs checkpoints only.
    """
    require_text(text)
    signatures: list[Signature] = []
    for key in signers:
        if key.type is not KeyType.ED25519:
            raise BadInput(f"{key.name} is a cosigner's key", hint="cosigners sign checkpoints, with `cosign`")
        signatures.append(Signature(key.name, key.verifier.key_id, key.sign(text)))
    return join_note(text, signatures)


def add_signatures(note: bytes, signatures: Sequence[Signature]) -> bytes:
    """The note with these signatures below its own; one of a key that signed before takes the place of the older one.

    Nothing is verified. BadInput when the note is malformed.
    """
    text, before = split_note(note)
    replaced = {(signature.name, signature.key_id) for signature in signatures}
    kept = [signature for signature in before if (signature.name, signature.key_id) not in replaced]
    return join_note(text, [*kept, *signatures])


def _by_identity(keys: Sequence[VerifierKey]) -> dict[tuple[str, int], VerifierKey]:
    known: dict[tuple[str, int], VerifierKey] = {}
    for key in keys:
        identity = (key.name, key.key_id)
        if identity in known:
            raise BadInput(f"two keys are {key.name}+{key.key_id:08x}", hint="list each key once")
        known[identity] = key
    return known


def _require_verified(text: bytes, key: VerifierKey, signature: Signature) -> None:
    if key.type is KeyType.ED25519:
        verified = key.verifies(text, signature.signature)
    else:
        verified = verifies_cosignature(text, key, signature.signature)
    if not verified:
        raise Tampered(f"the signature of {key.name}+{key.key_id:08x} does not verify", hint="the text was changed")
