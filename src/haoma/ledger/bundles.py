"""Entry bundles: up to 256 entries one behind the other, each behind its length (C2SP tlog-tiles, "Log entries").

Rules held here:
- A length is two bytes, big-endian: an entry has at most 65,535 bytes.
- A bundle holds exactly as many entries as its name says, and nothing behind them; anything else is BadInput.
"""

from __future__ import annotations

from collections.abc import Sequence

from haoma.errors import BadInput
from haoma.ledger.tiles import TILE_WIDTH

__all__ = ["LONGEST_ENTRY", "bytes_of", "decode_bundle", "encode_bundle"]

LONGEST_ENTRY = 65_535


def encode_bundle(entries: Sequence[bytes]) -> bytes:
    """The bundle of 1 to 256 entries.

    >>> encode_bundle([b"a", b"", b"bc"]).hex(" ", 1)
    '00 01 61 00 00 00 02 62 63'
    """
    if not isinstance(entries, list | tuple) or not 0 < len(entries) <= TILE_WIDTH:
        raise BadInput("a bundle is a list of 1 to 256 entries")
    for entry in entries:
        if not isinstance(entry, bytes) or len(entry) > LONGEST_ENTRY:
            raise BadInput("an entry is too long, or not bytes", hint=f"entries have at most {LONGEST_ENTRY} bytes")
    return b"".join([len(entry).to_bytes(2) + entry for entry in entries])


def decode_bundle(bundle: bytes, width: int = TILE_WIDTH) -> list[bytes]:
    r"""The `width` entries of a bundle.

    >>> decode_bundle(b"\0\1a\0\0", 2)
    [b'a', b'']
    """
    if not isinstance(bundle, bytes):
        raise BadInput(f"a bundle is bytes, and this is {type(bundle).__name__}")
    if type(width) is not int or not 0 < width <= TILE_WIDTH:
        raise BadInput("a bundle has 1 to 256 entries")
    entries: list[bytes] = []
    at, end = 0, len(bundle)
    for _ in range(width):
        start = at + 2
        if start <= end:
            at = start + (bundle[at] << 8 | bundle[at + 1])
        if start > end or at > end:
            raise BadInput(f"the bundle ends within entry {len(entries)}", hint=f"it should have {width} entries")
        entries.append(bundle[start:at])
    if at != end:
        raise BadInput(f"{end - at} bytes stand behind the last entry", hint=f"the bundle should have {width} entries")
    return entries


def bytes_of(bundle: bytes, count: int) -> int:
    r"""How many bytes the first `count` entries of a bundle take; there are as many.

    >>> bytes_of(b"\0\1a\0\0\0\2bc", 2)
    5
    """
    at = 0
    for _ in range(count):
        at += 2 + (bundle[at] << 8 | bundle[at + 1])
    return at
