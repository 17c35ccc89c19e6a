"""What a process that reads pages is asked, and what it answers.

Rules held here:
- A message is two lengths, a text of JSON and the bytes of a page: nothing that is received is run.
- An answer is held to the types of a mention: who reads strangers' pages is not trusted.
- Half of a pair of surrogates, which a page's JSON may hold and no text can, arrives as a question mark.
"""

from __future__ import annotations

import json
import socket
import struct
import time

import msgspec

from haoma.guard.model import Mention, Names

__all__ = ["MOST_ANSWERED", "Answer", "Question", "answered", "encoded", "questioned", "receive", "send"]

LENGTHS = struct.Struct(">II")
MOST_ANSWERED = 64 << 20


class Question(msgspec.Struct, frozen=True):
    """What `mentions_of` is called with beside a page."""

    url: str | None
    content_type: str | None
    names: Names | None
    rivals: tuple[Names, ...]


class Answer(msgspec.Struct, frozen=True):
    """The mentions on a page, or what its reader failed with: the name of an exception."""

    mentions: tuple[Mention, ...] = ()
    failed: str = ""


def encoded(said: Question | Answer) -> bytes:
    """A question or an answer as it is sent."""
    try:
        return msgspec.json.encode(said)
    except UnicodeEncodeError:
        return json.dumps(msgspec.to_builtins(said), ensure_ascii=False).encode("utf-8", "replace")


def questioned(text: bytes) -> Question:
    """A question as it came."""
    return msgspec.json.decode(text, type=Question)


def answered(text: bytes) -> Answer:
    """An answer as it came; raises ValueError for what is none."""
    try:
        said = msgspec.json.decode(text, type=Answer)
    except (msgspec.DecodeError, RecursionError):
        raise ValueError("no answer") from None
    if not all(0 <= one.confidence <= 1 for one in said.mentions) or not f"a{said.failed[:99]}".isidentifier():
        raise ValueError("no answer that a reader gives")
    return said


def send(link: socket.socket, text: bytes, page: bytes = b"", until: float | None = None) -> None:
    """Send a message, until then by the monotonic clock at the latest; raises TimeoutError, and OSError of a link."""
    link.settimeout(_left(until))
    link.sendall(LENGTHS.pack(len(text), len(page)) + text)
    link.settimeout(_left(until))
    link.sendall(page)


def receive(link: socket.socket, most: int, until: float | None = None) -> tuple[bytes, bytes]:
    """A message of at most so many bytes; raises as `send`, EOFError where a link ends, ValueError for a longer one."""
    text, page = LENGTHS.unpack(_exactly(link, LENGTHS.size, until))
    if text + page > most:
        raise ValueError("a message that is too long")
    return _exactly(link, text, until), _exactly(link, page, until)


def _exactly(link: socket.socket, size: int, until: float | None) -> bytes:
    data = bytearray(size)
    rest = memoryview(data)
    while rest:
        link.settimeout(_left(until))
        came = link.recv_into(rest)
        if not came:
            raise EOFError
        rest = rest[came:]
    return bytes(data)


def _left(until: float | None) -> float | None:
    """Seconds until then."""
    if until is None:
        return None
    left = until - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left
