"""A part of a picture, as a picture of its own: what of a page is shown to others is cut out, and not only laid over.

Rules held here:
- A PNG of eight bits a channel, RGB or RGBA and not interlaced, as Chromium makes them; nothing else is read (PNG 3rd
  edition §9: filters; §11.2: chunks).
- Of what is packed no more is unpacked than stands above and left of the part's end: no picture costs more than that.
- What comes out is packed by no compressor, whose bytes would depend on its version: the same part is the same bytes.
"""

from __future__ import annotations

import struct
import zlib

import numpy as np
import numpy.typing as npt

from haoma.guard.crawl.picture import Box

__all__ = ["cut"]

FRAME_PX = 3
RED = (204, 0, 0)
WIDEST, TALLEST = 4_096, 16_384
_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_CHANNELS = {2: 3, 6: 4}
_BLOCK = 65_535  # the longest stored block (RFC 1951 §3.2.4)


def cut(png: bytes, part: Box, framed: Box) -> bytes | None:
    """The part of a picture, with a red frame around what stands in it; None where the picture cannot be read.

    What of the part lies outside the picture is left out.
    """
    try:
        width, height, channels, packed = _read(png)
        left, top = max(0, part.left), max(0, part.top)
        right, bottom = min(width, part.left + part.width), min(height, part.top + part.height)
        if left >= right or top >= bottom:
            return None
        shown = _rows(packed, width, channels, right, bottom)[top:, left:, :3].copy()
    except (ValueError, struct.error, zlib.error):
        return None
    _frame(shown, Box(framed.left - left, framed.top - top, framed.width, framed.height))
    return _written(shown)


def _read(png: bytes) -> tuple[int, int, int, bytes]:
    """Width, height, channels, and what is packed; raises ValueError for a picture of another form."""
    if not png.startswith(_SIGNATURE):
        raise ValueError("no PNG")
    width, height, depth, colour, _, _, interlaced = struct.unpack(">IIBBBBB", png[16:29])
    if not (0 < width <= WIDEST and 0 < height <= TALLEST and depth == 8 and colour in _CHANNELS and not interlaced):
        raise ValueError("a PNG of another form")
    at, packed = len(_SIGNATURE), bytearray()
    while at + 8 <= len(png):
        length, kind = struct.unpack(">I4s", png[at : at + 8])
        if kind == b"IDAT":
            packed += png[at + 8 : at + 8 + length]
        at += 12 + length
    return width, height, _CHANNELS[colour], bytes(packed)


def _rows(packed: bytes, width: int, channels: int, right: int, bottom: int) -> npt.NDArray[np.uint8]:
    """The pixels above and left of an end, their filters taken off; an array of rows, columns and channels."""
    stride, wide = width * channels + 1, right * channels
    raw = zlib.decompressobj().decompress(packed, stride * bottom)
    if len(raw) < stride * bottom:
        raise ValueError("a PNG that ends too soon")
    filtered = np.frombuffer(raw, np.uint8).reshape(bottom, stride)
    found = np.zeros((bottom + 1, wide), np.uint8)
    for y in range(bottom):
        found[y + 1] = _unfiltered(int(filtered[y, 0]), filtered[y, 1 : wide + 1], found[y], channels)
    return found[1:].reshape(bottom, right, channels)


def _unfiltered(
    kind: int, row: npt.NDArray[np.uint8], above: npt.NDArray[np.uint8], channels: int
) -> npt.NDArray[np.uint8]:
    if kind == 0:
        return row
    if kind == 1:
        sums = np.cumsum(row.reshape(-1, channels), axis=0, dtype=np.uint32)
        return (sums & 255).astype(np.uint8).reshape(-1)
    if kind == 2:
        return row + above
    if kind not in (3, 4):
        raise ValueError("a filter that there is none of")
    made = (_paeth if kind == 4 else _average)(bytearray(row.tobytes()), above.tobytes(), channels)
    return np.frombuffer(bytes(made), np.uint8)


def _average(row: bytearray, above: bytes, channels: int) -> bytearray:
    for at in range(len(row)):
        before = row[at - channels] if at >= channels else 0
        row[at] = (row[at] + ((before + above[at]) >> 1)) & 255
    return row


def _paeth(row: bytearray, above: bytes, channels: int) -> bytearray:
    for at in range(channels):
        row[at] = (row[at] + above[at]) & 255
    for at in range(channels, len(row)):
        before, up, corner = row[at - channels], above[at], above[at - channels]
        of_before, of_up = abs(up - corner), abs(before - corner)
        of_corner = abs(before + up - 2 * corner)
        nearest = before if of_before <= of_up and of_before <= of_corner else up if of_up <= of_corner else corner
        row[at] = (row[at] + nearest) & 255
    return row


def _frame(shown: npt.NDArray[np.uint8], box: Box) -> None:
    """Draw a frame around a box, as far as it is in the picture."""
    left, top, right, bottom = box.left, box.top, box.left + box.width, box.top + box.height
    for x, y, end, under in (
        (left - FRAME_PX, top - FRAME_PX, right + FRAME_PX, top),
        (left - FRAME_PX, bottom, right + FRAME_PX, bottom + FRAME_PX),
        (left - FRAME_PX, top, left, bottom),
        (right, top, right + FRAME_PX, bottom),
    ):
        shown[max(0, y) : max(0, under), max(0, x) : max(0, end)] = RED


def _written(shown: npt.NDArray[np.uint8]) -> bytes:
    """A PNG of these pixels, RGB, unfiltered, stored."""
    height, width, _ = shown.shape
    rows = np.zeros((height, width * 3 + 1), np.uint8)
    rows[:, 1:] = shown.reshape(height, width * 3)
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return _SIGNATURE + _chunk(b"IHDR", head) + _chunk(b"IDAT", _stored(rows.tobytes())) + _chunk(b"IEND", b"")


def _stored(data: bytes) -> bytes:
    """Data in the form of zlib, as it is (RFC 1950, RFC 1951 §3.2.4)."""
    made = bytearray(b"\x78\x01")
    for at in range(0, len(data), _BLOCK):
        block = data[at : at + _BLOCK]
        made += struct.pack("<BHH", at + _BLOCK >= len(data), len(block), 0xFFFF - len(block)) + block
    return bytes(made) + struct.pack(">I", zlib.adler32(data))


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
