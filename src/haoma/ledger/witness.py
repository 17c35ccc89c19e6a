"""What a witness answers to a checkpoint, and what it must remember before it answers (C2SP tlog-witness).

Rules held here:
- The decision is pure: it reads the keys trusted for an origin and the latest tree cosigned for it, and says what to
  store. Reading that tree and storing the new one are one atomic step of the caller, durable before anything is signed.
- The order of checks is the order of answers: malformed 400, unknown origin 404, no or wrong signature 403, a tree
  smaller than its old size 400, another old size than remembered 409, and what does not extend it 422.
- Only the log's own verified signatures are kept; a 200 carries a tree at least as large as the one remembered.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256

from haoma.errors import BadInput, Tampered
from haoma.ledger.checkpoint import Checkpoint, parse_checkpoint, parse_hash, parse_size
from haoma.ledger.cosignature import cosign
from haoma.ledger.keys import SignerKey, VerifierKey
from haoma.ledger.merkle import EMPTY_ROOT, require_hashes, require_size, verify_consistency
from haoma.ledger.note import add_signatures, read_note
from haoma.ledger.signatures import Signature, join_note, parse_signature_lines, split_note

__all__ = [
    "MOST_PROOF_LINES",
    "SIZE_TYPE",
    "Request",
    "Seen",
    "Verdict",
    "cosign_accepted",
    "format_request",
    "judge",
    "monitor_path",
    "parse_request",
    "take_cosignatures",
]

MOST_PROOF_LINES = 63
HINT = "a request is 'old N', up to 63 hashes in base64, an empty line, and a signed checkpoint"
SIZE_TYPE = "text/x.tlog.size"
TEXT_TYPE = "text/plain; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Request:
    """A checkpoint, a whole note, that claims to extend the tree of `old_size` leaves, and the proof."""

    old_size: int
    proof: tuple[bytes, ...]
    checkpoint: bytes

    def __post_init__(self) -> None:
        require_size(self.old_size, "the old size")
        if len(require_hashes(self.proof, "the proof")) > MOST_PROOF_LINES:
            raise BadInput(f"a proof of {len(self.proof)} hashes", hint=HINT)
        parse_checkpoint(split_note(self.checkpoint)[0])


@dataclass(frozen=True, slots=True)
class Seen:
    """The latest tree that a witness cosigned for an origin."""

    size: int = 0
    root: bytes = EMPTY_ROOT


@dataclass(frozen=True, slots=True)
class Verdict:
    """An answer over HTTP; for status 200 what to make durable first, then cosign.

    `checkpoint` is the tree to remember and `note` its text with the log's verified signatures, both None otherwise.
    """

    status: int
    reason: str
    body: bytes = b""
    content_type: str = TEXT_TYPE
    checkpoint: Checkpoint | None = None
    note: bytes | None = None


def judge(
    body: bytes, keys_of: Callable[[str], Sequence[VerifierKey]], seen_of: Callable[[str], Seen | None]
) -> Verdict:
    """The answer to the body of an add-checkpoint request.

    `keys_of` gives the keys trusted for an origin, none if it is unknown; `seen_of` the latest tree cosigned for it.
    """
    try:
        request = parse_request(body)
    except BadInput as error:
        return Verdict(400, str(error))
    checkpoint = parse_checkpoint(request.checkpoint)
    keys = keys_of(checkpoint.origin)
    if not keys:
        return Verdict(404, "the origin is not known here")
    try:
        note = read_note(request.checkpoint, keys)
    except Tampered as error:
        return Verdict(403, str(error))
    verdict = _judge_tree(request, checkpoint, seen_of(checkpoint.origin) or Seen())
    if verdict is not None:
        return verdict
    return Verdict(200, "consistent", checkpoint=checkpoint, note=join_note(note.text, note.signatures))


def cosign_accepted(verdict: Verdict, keys: Sequence[SignerKey], at_s: int) -> tuple[bytes, bytes]:
    """The body of the answer to an accepted checkpoint, and the cosigned note to serve to monitors.

    To be called when the verdict's checkpoint is durable; `at_s` is the time in POSIX seconds.
    """
    if verdict.note is None:
        raise BadInput(f"an answer of {verdict.status} is not cosigned")
    text, _ = split_note(verdict.note)
    signatures = [cosign(text, key, at_s) for key in keys]
    return "".join([signature.line for signature in signatures]).encode(), add_signatures(verdict.note, signatures)


def parse_request(body: bytes) -> Request:
    """The parts of an add-checkpoint body, none of them verified; BadInput if malformed."""
    if not isinstance(body, bytes):
        raise BadInput(f"a request is bytes, and this is {type(body).__name__}")
    head, divider, checkpoint = body.partition(b"\n\n")
    if not divider or not head.startswith(b"old ") or not head.isascii() or head.count(b"\n") > MOST_PROOF_LINES:
        raise BadInput("this is no add-checkpoint request", hint=HINT)
    first, *lines = head.decode().split("\n")
    return Request(parse_size(first.removeprefix("old ")), tuple(parse_hash(line) for line in lines), checkpoint)


def format_request(request: Request) -> bytes:
    """The body of an add-checkpoint request."""
    lines = [f"old {request.old_size}", *[b64encode(node).decode() for node in request.proof]]
    return "\n".join(lines).encode() + b"\n\n" + request.checkpoint


def take_cosignatures(note: bytes, answer: bytes, keys: Sequence[VerifierKey]) -> bytes:
    """The checkpoint with those cosignatures of an answer that these witnesses' keys verify.

    Tampered when none of them cosigned or one of theirs is wrong; BadInput when the answer is malformed.
    """
    text, _ = split_note(note)
    signatures: Sequence[Signature] = parse_signature_lines(answer)
    return add_signatures(note, read_note(join_note(text, signatures), keys).signatures)


def monitor_path(origin: str) -> str:
    """Where a witness serves the latest checkpoint of a log to monitors, below its monitoring prefix.

    >>> monitor_path("example.com/log")[:8], monitor_path("example.com/log")[-11:]
    ('4d3203c8', '/checkpoint')
    """
    return f"{sha256(origin.encode()).hexdigest()}/checkpoint"


def _judge_tree(request: Request, checkpoint: Checkpoint, seen: Seen) -> Verdict | None:
    if request.old_size > checkpoint.size:
        return Verdict(400, "the checkpoint is smaller than the old size")
    if request.old_size != seen.size:
        return Verdict(409, "another tree was cosigned last", f"{seen.size}\n".encode(), SIZE_TYPE)
    try:
        _verify(request, checkpoint, seen)
    except Tampered as error:
        return Verdict(422, str(error))
    return None


def _verify(request: Request, checkpoint: Checkpoint, seen: Seen) -> None:
    """Return if the checkpoint extends what was seen; from nothing that needs no proof, and takes none."""
    if seen.size == 0:
        if request.proof:
            raise Tampered("every tree extends the empty one: there is no proof of it")
        if checkpoint.size == 0 and checkpoint.root != EMPTY_ROOT:
            raise Tampered("an empty tree has the hash of nothing as its root")
        return
    verify_consistency(
        old_size=seen.size,
        old_root=seen.root,
        new_size=checkpoint.size,
        new_root=checkpoint.root,
        proof=request.proof,
    )
