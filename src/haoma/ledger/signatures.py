"""The outer form of a signed note: its text, and the signature lines below (C2SP signed-note, "Format").

Rules held here:
- A note is UTF-8 without control characters but newlines; the last empty line parts its text from its signatures.
- A signature line is an em dash, a name, and base64 of a 32-bit key ID and at least one byte of signature.
- At most 100 signatures and 1 MiB, far above the 16 that every verifier must accept.
- Nothing here is verified: a note's text is for nobody until `open_note` returned it.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterable
from dataclasses import dataclass

from haoma.errors import BadInput
from haoma.ledger.keys import decode_base64, require_name

__all__ = [
    "LONGEST_NOTE",
    "MOST_SIGNATURES",
    "Signature",
    "join_note",
    "parse_signature_lines",
    "require_text",
    "split_note",
]

LONGEST_NOTE = 1 << 20
MOST_SIGNATURES = 100
DASH = "— "
CONTROL = re.compile(rb"[\x00-\x09\x0b-\x1f]")
HINT = "a note is text, an empty line, and lines of '— name base64'"


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature line: who signed, by name and key ID, and the signature's bytes."""

    name: str
    key_id: int
    signature: bytes

    @property
    def line(self) -> str:
        r"""The line as it stands in a note, with its newline.

        >>> Signature("example.com/log", 1, b"\x02").line
        '— example.com/log AAAAAQI=\n'
        """
        return f"{DASH}{self.name} {b64encode(self.key_id.to_bytes(4) + self.signature).decode()}\n"


def split_note(note: bytes) -> tuple[bytes, list[Signature]]:
    """The text of a note, with its last newline, and its signatures, none of them verified; BadInput if malformed."""
    text, divider, lines = require_text(note).rpartition(b"\n\n")
    if not divider or not lines.endswith(b"\n"):
        raise BadInput("the note has no signatures below an empty line", hint=HINT)
    return text + b"\n", parse_signature_lines(lines)


def join_note(text: bytes, signatures: Iterable[Signature]) -> bytes:
    """The note of a text and its signatures; BadInput when no note can hold them."""
    lines = "".join([signature.line for signature in signatures]).encode()
    note = text + b"\n" + lines
    if split_note(note)[0] != text:
        raise BadInput("the text of a note ends in a newline", hint=HINT)
    return note


def parse_signature_lines(lines: bytes) -> list[Signature]:
    """The signatures in lines that each end in a newline, as a witness answers them; BadInput if malformed."""
    text = require_text(lines).decode()
    rows = text.removesuffix("\n").split("\n")
    if not text.endswith("\n"):
        raise BadInput("a signature line does not end in a newline", hint=HINT)
    if len(rows) > MOST_SIGNATURES:
        raise BadInput(f"{len(rows)} signatures", hint=f"a note has at most {MOST_SIGNATURES}")
    return [_parse_line(row) for row in rows]


def require_text(data: object) -> bytes:
    """The bytes when they are what a note may hold, BadInput otherwise."""
    if not isinstance(data, bytes):
        raise BadInput(f"a note is bytes, and this is {type(data).__name__}")
    if len(data) > LONGEST_NOTE:
        raise BadInput(f"{len(data)} bytes", hint=f"a note has at most {LONGEST_NOTE}")
    if CONTROL.search(data):
        raise BadInput("the note has a control character", hint="newlines are all it may have")
    try:
        data.decode()
    except UnicodeDecodeError:
        raise BadInput("the note is not UTF-8", hint=HINT) from None
    return data


def _parse_line(row: str) -> Signature:
    name, space, encoded = row.removeprefix(DASH).partition(" ")
    data = decode_base64(encoded)
    if not row.startswith(DASH) or not space or not data or len(data) < 5:
        raise BadInput("a malformed signature line", hint=HINT)
    return Signature(require_name(name), int.from_bytes(data[:4]), data[4:])
