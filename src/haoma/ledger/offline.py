"""Proof files: made out of the log, and verified by anyone without it.

Rules held here:
- A proof file carries its entry, so that the file and public keys are all that verifying takes.
- The entry it carries is believed because it hashes to the leaf that is proved, and for nothing else.
- A file is against the newest checkpoint that covers the entry, with all the cosignatures there are.
"""

from __future__ import annotations

from dataclasses import dataclass

from haoma.errors import BadInput, NotFound
from haoma.ledger.checkpoint import parse_checkpoint
from haoma.ledger.keys import parse_verifier_key
from haoma.ledger.policy import policy_of_keys
from haoma.ledger.policy_file import parse_policy
from haoma.ledger.proof import Proof, format_proof, parse_proof, verify_proof
from haoma.ledger.publish import Publisher
from haoma.ledger.view import View

__all__ = ["Proved", "proof_file", "verify_file"]


@dataclass(frozen=True, slots=True)
class Proved:
    """What a proof file proves: the entry, where it stands in which log, and who signed the checkpoint above it."""

    entry: bytes
    index: int
    origin: str
    size: int
    signers: tuple[str, ...]


def proof_file(view: View, publisher: Publisher, index: int) -> bytes:
    """The file that proves the entry at this index; NotFound where no checkpoint covers it yet."""
    note = publisher.published()
    size = 0 if note is None else parse_checkpoint(note).size
    if note is None or index >= size:
        raise NotFound(f"no checkpoint covers entry {index:,}", hint="`haoma ledger checkpoint` signs one")
    return format_proof(Proof(index, tuple(view.inclusion(index, size)), note, view.entry(index)))


def verify_file(data: bytes, keys: list[str], policy: bytes | None = None) -> Proved:
    """What a proof file proves under these public keys of logs, or under the policy in a file.

    Raises Tampered where it does not hold, BadInput where it is malformed or carries no entry.
    """
    trusted = policy_of_keys([parse_verifier_key(key) for key in keys]) if policy is None else parse_policy(policy)
    proof = parse_proof(data)
    if proof.extra is None:
        raise BadInput("the proof carries no entry", hint="it proves an entry that you have: haoma.ledger.verify_proof")
    endorsed = verify_proof(data, proof.extra, trusted)
    told = endorsed.checkpoint
    signers = tuple(one.name for one in endorsed.note.signatures)
    return Proved(proof.extra, proof.index, told.origin, told.size, signers)
