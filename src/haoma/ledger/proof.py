"""One file that proves one entry, offline: index, inclusion proof, checkpoint (C2SP tlog-proof).

Rules held here:
- The parts are lines behind `c2sp.org/tlog-proof@v1`; the checkpoint, with its signatures, stands verbatim at the end.
- Extra data is carried and proves nothing: nobody signed it.
- A proof holds when the policy believes the checkpoint and the entry stands at the index below its root. The times of
  cosignatures are left to whoever asks for them.
"""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass

from haoma.errors import BadInput
from haoma.ledger.checkpoint import parse_checkpoint, parse_hash, parse_size
from haoma.ledger.keys import decode_base64
from haoma.ledger.merkle import leaf_hash, require_hashes, require_size, verify_inclusion
from haoma.ledger.policy import Endorsed, Policy, endorse
from haoma.ledger.signatures import LONGEST_NOTE, split_note

__all__ = ["LONGEST_PROOF", "Proof", "format_proof", "parse_proof", "verify_proof"]

FIRST_LINE = "c2sp.org/tlog-proof@v1"
LONGEST_PROOF = 2 * LONGEST_NOTE
LONGEST_PATH = 64
HINT = f"a proof is '{FIRST_LINE}', 'index N', hashes in base64, an empty line, and a signed checkpoint"


@dataclass(frozen=True, slots=True)
class Proof:
    """The parts of a proof; `checkpoint` is the whole note, and `extra` is not authenticated."""

    index: int
    hashes: tuple[bytes, ...]
    checkpoint: bytes
    extra: bytes | None = None

    def __post_init__(self) -> None:
        require_size(self.index, "the index of a proof")
        if len(require_hashes(self.hashes, "the hashes of a proof")) > LONGEST_PATH or self.extra == b"":
            raise BadInput("a proof of too many hashes, or with empty extra data", hint=HINT)
        parse_checkpoint(split_note(self.checkpoint)[0])


def parse_proof(data: bytes) -> Proof:
    """The parts of a proof file, none of them verified; BadInput if malformed."""
    if not isinstance(data, bytes):
        raise BadInput(f"a proof is bytes, and this is {type(data).__name__}")
    head, divider, checkpoint = data.partition(b"\n\n")
    if len(data) > LONGEST_PROOF or not divider or not head.isascii():
        raise BadInput("this is no proof", hint=HINT)
    first, *lines = head.decode().split("\n")
    extra = _extra(lines.pop(0)) if lines and lines[0].startswith("extra ") else None
    if first != FIRST_LINE or not lines or not lines[0].startswith("index "):
        raise BadInput("this is no proof", hint=HINT)
    hashes = tuple(parse_hash(line) for line in lines[1:])
    return Proof(parse_size(lines[0].removeprefix("index ")), hashes, checkpoint, extra)


def format_proof(proof: Proof) -> bytes:
    """The file of a proof, to be stored as `NAME.tlog-proof`."""
    extra = [] if proof.extra is None else [f"extra {b64encode(proof.extra).decode()}"]
    hashes = [b64encode(node).decode() for node in proof.hashes]
    head = "\n".join([FIRST_LINE, *extra, f"index {proof.index}", *hashes])
    return head.encode() + b"\n\n" + proof.checkpoint


def verify_proof(data: bytes, entry: bytes, policy: Policy) -> Endorsed:
    """The checkpoint that a proof file proves the entry to be in, when the policy believes it; otherwise raise.

    Tampered when the proof does not hold for this entry; BadInput when the file is malformed. Source: C2SP tlog-proof,
    "Verifying a tlog proof".
    """
    proof = parse_proof(data)
    endorsed = endorse(proof.checkpoint, policy)
    checkpoint = endorsed.checkpoint
    verify_inclusion(
        leaf_hash=leaf_hash(entry), index=proof.index, size=checkpoint.size, proof=proof.hashes, root=checkpoint.root
    )
    return endorsed


def _extra(line: str) -> bytes:
    data = decode_base64(line.removeprefix("extra "))
    if data is None:
        raise BadInput("the extra data is not in base64", hint=HINT)
    return data
