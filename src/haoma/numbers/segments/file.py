"""The container of the packed file: a magic word, a JSON header, sections of bytes.

    8 bytes  magic: "haoma-1" and a line feed; another version of the format has another number
    uint32   length of the header, little-endian
    uint32   CRC-32 of the header
    header   JSON; "sections" gives each section's offset (from the file's start, a multiple of 64) and length,
             "digest" the SHA-256 of everything after the header
    sections

Rules held here:
- A file is written under another name, synced, and renamed: a reader sees the old or the new, never half a file.
- A damaged file is an error that says so: magic, header and sizes are checked on opening, the digest by `verify`.
- What is no regular file is never opened, for a pipe would wait for ever.
- Numbers in sections are little-endian, as on every machine haoma runs on.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import mmap
import os
import stat
import struct
import sys
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import TypedDict

from haoma.errors import Tampered

__all__ = [
    "FORMAT",
    "Header",
    "Image",
    "Source",
    "digest_of",
    "open_image",
    "pack_image",
    "parse_image",
    "write_atomically",
]

FORMAT = 1
MAGIC = b"haoma-1\n"
ALIGNMENT = 64
_PREFIX = struct.Struct("<8sII")

if sys.byteorder != "little":  # pragma: no cover
    raise ImportError("haoma's packed tables need a little-endian machine")


class Source(TypedDict):
    """One source of a pack; its position in the header is its bit in `row_sources`. `date` is that of the data."""

    name: str
    title: str
    version: str
    date: str
    licence: str
    sha256: str | None


class Contents(TypedDict):
    """What a builder says about a pack. `agreement` counts open prefixes that two sources of places both answer."""

    format: int
    haoma: str
    built_at: str
    fingerprint: str
    sources: list[Source]
    agreement: dict[str, int]
    unknown_places: list[str]
    fine_first: int


class Header(Contents):
    """The whole header: `sections` gives offset and length by name, `digest` the SHA-256 of the body."""

    sections: dict[str, tuple[int, int]]
    digest: str


class Image:
    """An open packed file: its header, and its sections as bytes without a copy."""

    __slots__ = ("_view", "header")

    def __init__(self, header: Header, view: memoryview) -> None:
        self.header = header
        self._view = view

    def section(self, name: str) -> memoryview:
        """A section's bytes; KeyError where the file has none of that name."""
        offset, length = self.header["sections"][name]
        return self._view[offset : offset + length]

    @property
    def whole(self) -> memoryview:
        """All bytes of the file."""
        return self._view

    @property
    def body(self) -> memoryview:
        """All bytes behind the header, as the digest covers them."""
        header_length = _PREFIX.unpack_from(self._view)[1]
        return self._view[_PREFIX.size + header_length :]


def _aligned(offset: int) -> int:
    return -(-offset // ALIGNMENT) * ALIGNMENT


def _layout(sections: Mapping[str, bytes], start: int) -> dict[str, tuple[int, int]]:
    places, offset = {}, start
    for name, body in sections.items():
        offset = _aligned(offset)
        places[name] = (offset, len(body))
        offset += len(body)
    return places


def pack_image(contents: Contents, sections: Mapping[str, bytes]) -> bytes:
    """The bytes of a packed file."""
    room = 0
    while True:
        start = _PREFIX.size + room
        places = _layout(sections, start)
        body = bytearray(max((offset + length for offset, length in places.values()), default=start) - start)
        for name, (offset, length) in places.items():
            body[offset - start : offset - start + length] = sections[name]
        full: Header = {**contents, "sections": places, "digest": hashlib.sha256(body).hexdigest()}
        text = json.dumps(full, ensure_ascii=False, separators=(",", ":")).encode()
        if len(text) <= room:
            text = text.ljust(room)
            return _PREFIX.pack(MAGIC, len(text), zlib.crc32(text)) + text + bytes(body)
        room = _aligned(len(text) + ALIGNMENT)


def parse_image(view: memoryview, name: str) -> Image:
    """Read the header of a packed file in memory; raises `Tampered` with the file's name where it is damaged."""
    try:
        magic, length, checksum = _PREFIX.unpack_from(view)
    except struct.error:
        raise _damaged(name) from None
    text = bytes(view[_PREFIX.size : _PREFIX.size + length])
    if magic != MAGIC or zlib.crc32(text) != checksum:
        raise _damaged(name)
    try:
        header: Header = json.loads(text)
        end = max(offset + size for offset, size in header["sections"].values())
    except (ValueError, KeyError, TypeError, AttributeError):
        raise _damaged(name) from None
    if end > len(view):
        raise _damaged(name)
    return Image(header, view)


def _damaged(name: str) -> Tampered:
    return Tampered(f"{name}: not a whole segment file", hint="haoma data build --force")


def open_image(path: Path) -> Image:
    """Map a packed file into memory; FileNotFoundError where there is none, `Tampered` where it is damaged."""
    if not stat.S_ISREG(path.stat().st_mode):
        kind = "a directory" if path.is_dir() else "no file"
        raise Tampered(f"{path}: this is {kind}", hint="move it away; haoma data build makes the table")
    with path.open("rb") as file:
        if os.fstat(file.fileno()).st_size == 0:
            raise _damaged(str(path))
        view = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
    return parse_image(view, str(path))


def digest_of(image: Image) -> str:
    """The SHA-256 of the body as it is now; equal to the header's `digest` in a sound file."""
    return hashlib.sha256(image.body).hexdigest()


def write_atomically(path: Path, body: bytes) -> None:
    """Put bytes under a name, whole or not at all; OSError where the directory cannot be written."""
    import tempfile

    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(body)
            file.flush()
            os.fsync(file.fileno())
        temporary.chmod(0o644)
        temporary.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise
