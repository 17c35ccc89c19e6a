"""Checkpoints: a log's name, its size and its root, as the text of a note (C2SP tlog-checkpoint).

Rules held here:
- The text is an origin line, the size in decimal without leading zeroes, the root in base64, then extension lines, none
  of them empty.
- The size is below 2^64 and the root has 32 bytes. Whether they belong together is for proofs to show.
"""

from __future__ import annotations

import re
from base64 import b64encode
from dataclasses import dataclass

from haoma.errors import BadInput
from haoma.ledger.keys import decode_base64
from haoma.ledger.merkle import SIZE_LIMIT, require_hash, require_size
from haoma.ledger.signatures import require_text, split_note

__all__ = ["Checkpoint", "format_checkpoint", "parse_checkpoint", "parse_hash", "parse_size"]

HINT = "a checkpoint is three lines: origin, size, root in base64"


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a log says it was at one time.

    >>> Checkpoint("example.com/log", 0, bytes(32)).size
    0
    """

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        require_size(self.size, "the size of a checkpoint")
        require_hash(self.root, "the root of a checkpoint")
        for line in (self.origin, *self.extensions):
            if not line or "\n" in line:
                raise BadInput("an origin or extension line is empty or no single line", hint=HINT)


def parse_checkpoint(text: bytes) -> Checkpoint:
    r"""The checkpoint in the text of a note, or in a whole note, whose signatures are NOT verified here.

    BadInput if malformed. Trust only `parse_checkpoint(open_note(note, keys).text)`.

    >>> parse_checkpoint(b"example.com/log\n3\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n").size
    3
    """
    if b"\n\n" in require_text(text):
        text, _ = split_note(text)
    lines = text.decode().split("\n")
    if len(lines) < 4 or lines.pop() or not all(lines):
        raise BadInput(f"a checkpoint of {len(lines)} lines, or with an empty one", hint=HINT)
    return Checkpoint(lines[0], parse_size(lines[1]), parse_hash(lines[2]), tuple(lines[3:]))


def format_checkpoint(checkpoint: Checkpoint) -> bytes:
    r"""The text to sign; BadInput when it cannot be the text of a note.

    >>> format_checkpoint(Checkpoint("example.com/log", 0, bytes(32)))
    b'example.com/log\n0\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n'
    """
    rows = (checkpoint.origin, str(checkpoint.size), b64encode(checkpoint.root).decode(), *checkpoint.extensions)
    try:
        return require_text("".join([row + "\n" for row in rows]).encode())
    except UnicodeEncodeError:
        raise BadInput("a line holds half a surrogate pair", hint=HINT) from None


def parse_size(text: str) -> int:
    """A size or an index in ASCII decimal without leading zeroes, below 2^64; BadInput otherwise.

    >>> parse_size("0"), parse_size("20852163")
    (0, 20852163)
    """
    if not re.fullmatch("0|[1-9][0-9]{0,19}", text) or int(text) >= SIZE_LIMIT:
        raise BadInput("a malformed size", hint="it is decimal, without leading zeroes, below 2^64")
    return int(text)


def parse_hash(text: str) -> bytes:
    """A SHA-256 hash in base64; BadInput otherwise."""
    data = decode_base64(text)
    if data is None:
        raise BadInput("a hash is not in base64", hint="44 characters of standard base64")
    return require_hash(data, "a hash in base64")
