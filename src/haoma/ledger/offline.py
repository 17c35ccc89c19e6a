"""Proof files: made out of the log, and verified by anyone without it.

Rules held here:
- A proof file carries its entry, so that the file and public keys are all that verifying takes.
- The entry it carries is believed because it hashes to the leaf that is proved, and for nothing else.
- A file is against the newest checkpoint that covers the entry, or the one given, with the cosignatures it has.
- No file is made that does not hold: the proof is verified before it is handed out.
"""

from __future__ import annotations

from dataclasses import dataclass

from haoma.errors import BadInput, NotFound
from haoma.ledger.checkpoint import parse_checkpoint
from haoma.ledger.keys import parse_verifier_key
from haoma.ledger.merkle import leaf_hash, verify_inclusion
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


def proof_file(view: View, publisher: Publisher, index: int, note: bytes | None = None) -> bytes:
    """The file that proves the entry at this index, against this checkpoint or the newest one.

    Raises NotFound where the checkpoint does not cover the entry, Tampered where the log does not prove it any more.
    """
    note = publisher.published() if note is None else note
    told = None if note is None else parse_checkpoint(note)
    if note is None or told is None or index >= told.size:
        raise NotFound(f"no checkpoint covers entry {index:,}", hint="`haoma ledger checkpoint` signs one")
    entry, proof = view.entry(index), view.inclusion(index, told.size)
    verify_inclusion(leaf_hash=leaf_hash(entry), index=index, size=told.size, proof=proof, root=told.root)
    return format_proof(Proof(index, tuple(proof), note, entry))


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
