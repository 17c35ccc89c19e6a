from __future__ import annotations

from io import BytesIO

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from haoma.guard.crawl.picture import Box
from haoma.guard.crawl.png import cut

NOWHERE = Box(-100, -100, 1, 1)


def png_of(pixels: np.ndarray) -> bytes:
    made = BytesIO()
    Image.fromarray(pixels).save(made, "PNG")
    return made.getvalue()


def pixels_in(png: bytes) -> np.ndarray:
    with Image.open(BytesIO(png)) as found:
        assert found.mode == "RGB"
        return np.asarray(found)


@settings(max_examples=30)
@given(
    st.integers(1, 12),
    st.integers(1, 9),
    st.sampled_from([3, 4]),
    st.tuples(st.integers(0, 11), st.integers(0, 8), st.integers(1, 12), st.integers(1, 9)),
    st.integers(0, 2**32 - 1),
)
def test_a_part_is_what_stands_there(
    width: int, height: int, channels: int, part: tuple[int, int, int, int], seed: int
) -> None:
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width, channels), dtype=np.uint8)
    left, top, wide, tall = part
    made = cut(png_of(pixels), Box(*part), NOWHERE)
    there = pixels[top : top + tall, left : left + wide, :3]
    if there.size == 0:
        assert made is None
    else:
        assert made is not None
        assert (pixels_in(made) == there).all()


def test_what_is_meant_stands_in_a_red_frame() -> None:
    white = np.full((40, 60, 3), 255, np.uint8)
    made = cut(png_of(white), Box(10, 10, 40, 20), Box(20, 18, 10, 5))
    assert made is not None
    red = (pixels_in(made) == (204, 0, 0)).all(axis=2)
    assert red[5:8, 7:23].all()
    assert red[13:16, 7:23].all()
    assert not red[8:13, 10:20].any()
    assert int(red.sum()) == 16 * 11 - 10 * 5


def test_a_part_beyond_the_picture_is_cut_at_its_end() -> None:
    pixels = np.random.default_rng(1).integers(0, 256, (3, 400, 3), dtype=np.uint8)
    made = cut(png_of(pixels), Box(-5, -5, 900, 900), NOWHERE)
    assert made is not None
    assert (pixels_in(made) == pixels).all()


def test_the_same_part_is_the_same_bytes_and_nothing_of_the_rest() -> None:
    pixels = np.zeros((50, 50, 3), np.uint8)
    once = cut(png_of(pixels), Box(0, 0, 10, 10), NOWHERE)
    pixels[30:, 30:] = 200
    assert cut(png_of(pixels), Box(0, 0, 10, 10), NOWHERE) == once


GOOD = png_of(np.zeros((2, 2, 3), np.uint8))


@pytest.mark.parametrize(
    "png",
    [b"", b"GIF89a", GOOD[:20], GOOD[:40], GOOD[:16] + b"\x7f\xff\xff\xff" + GOOD[20:],
     GOOD[:20] + b"\0\0\0\x09" + GOOD[24:], png_of(np.zeros((1, 4_097, 3), np.uint8))],
)  # fmt: skip
def test_what_is_no_such_picture_has_no_part(png: bytes) -> None:
    assert cut(png, Box(0, 0, 9, 9), NOWHERE) is None
