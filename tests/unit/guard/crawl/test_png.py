from __future__ import annotations

import struct
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from haoma.guard.crawl.picture import Box
from haoma.guard.crawl.png import cut

NOWHERE = Box(-100, -100, 1, 1)


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png_of(pixels: np.ndarray, filters: list[int], said: bytes = b"") -> bytes:
    """A PNG of these pixels, each row with the filter of its number (PNG §9.2), by the letter and slowly."""
    height, width, channels = pixels.shape
    rows = pixels.astype(int).reshape(height, -1)
    raw = bytearray()
    for y in range(height):
        raw.append(filters[y])
        for x in range(width * channels):
            before = rows[y][x - channels] if x >= channels else 0
            up = rows[y - 1][x] if y else 0
            corner = rows[y - 1][x - channels] if y and x >= channels else 0
            guess = min((before, up, corner), key=lambda one: abs(before + up - corner - one))
            least = (0, before, up, (before + up) // 2, guess)[filters[y]]
            raw.append(int(rows[y][x] - least) % 256)
    head = struct.pack(">IIBBBBB", width, height, 8, 2 if channels == 3 else 6, 0, 0, 0)
    packed = zlib.compress(bytes(raw))
    half = len(packed) // 2
    body = chunk(b"IDAT", packed[:half]) + chunk(b"IDAT", packed[half:])
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + said + body + chunk(b"IEND", b"")


def pixels_in(png: bytes) -> np.ndarray:
    """The pixels of a PNG as `cut` writes it."""
    width, height = struct.unpack(">II", png[16:24])
    length = int.from_bytes(png[33:37])
    raw = np.frombuffer(zlib.decompress(png[41 : 41 + length]), np.uint8).reshape(height, -1)
    assert not raw[:, 0].any()
    return raw[:, 1:].reshape(height, width, 3)


@settings(max_examples=30)
@given(
    st.integers(1, 12),
    st.integers(1, 9),
    st.sampled_from([3, 4]),
    st.lists(st.integers(0, 4), min_size=9, max_size=9),
    st.tuples(st.integers(0, 11), st.integers(0, 8), st.integers(1, 12), st.integers(1, 9)),
    st.integers(0, 2**32 - 1),
)
def test_a_part_is_what_stands_there_whatever_the_filters(
    width: int, height: int, channels: int, filters: list[int], part: tuple[int, int, int, int], seed: int
) -> None:
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width, channels), dtype=np.uint8)
    left, top, wide, tall = part
    made = cut(png_of(pixels, filters, chunk(b"iTXt", b"x")), Box(*part), NOWHERE)
    there = pixels[top : top + tall, left : left + wide, :3]
    if there.size == 0:
        assert made is None
    else:
        assert made is not None
        assert (pixels_in(made) == there).all()


def test_what_is_meant_stands_in_a_red_frame() -> None:
    white = np.full((40, 60, 3), 255, np.uint8)
    made = cut(png_of(white, [2] * 40), Box(10, 10, 40, 20), Box(20, 18, 10, 5))
    assert made is not None
    shown = pixels_in(made)
    red = (shown == (204, 0, 0)).all(axis=2)
    assert red[5:8, 7:23].all()
    assert red[13:16, 7:23].all()
    assert not red[8:13, 10:20].any()
    assert int(red.sum()) == 16 * 11 - 10 * 5


def test_a_large_part_is_a_picture_too() -> None:
    pixels = np.random.default_rng(1).integers(0, 256, (300, 400, 3), dtype=np.uint8)
    made = cut(png_of(pixels[:3], [0] * 3), Box(-5, -5, 900, 900), NOWHERE)
    assert made is not None
    assert (pixels_in(made) == pixels[:3]).all()


GOOD = png_of(np.zeros((2, 2, 3), np.uint8), [0, 0])


@pytest.mark.parametrize(
    "png",
    [b"", b"GIF89a", GOOD[:20], GOOD[:40], GOOD[:24] + b"\x10" + GOOD[25:], GOOD[:28] + b"\x01" + GOOD[29:],
     GOOD[:16] + b"\xff\xff\xff\xff" + GOOD[20:], GOOD.replace(b"IDAT", b"XDAT"),
     GOOD[:20] + b"\0\0\0\x09" + GOOD[24:]],
)  # fmt: skip
def test_what_is_no_such_picture_has_no_part(png: bytes) -> None:
    assert cut(png, Box(0, 0, 9, 9), NOWHERE) is None
