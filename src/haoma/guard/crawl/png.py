"""A part of a picture, as a picture of its own: what of a page is shown to others is cut out, and not only laid over.

Rules held here:
- A PNG no wider and taller than pages are shot is read, and nothing else: no picture of another form or size costs
  anything.
- What comes out is stored and not compressed, whose bytes would depend on the compressor: the same part is the same
  bytes.
"""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING

from haoma.guard.crawl.picture import Box

if TYPE_CHECKING:
    from PIL.Image import Image

__all__ = ["cut"]

FRAME_PX = 3
RED = (204, 0, 0)
WIDEST, TALLEST = 4_096, 16_384


def cut(png: bytes, part: Box, framed: Box) -> bytes | None:
    """The part of a picture, with a red frame around what stands in it; None where the picture cannot be read.

    What of the part lies outside the picture is left out.
    """
    from PIL import Image

    try:
        with Image.open(BytesIO(png), formats=["PNG"]) as whole:
            left, top = max(0, part.left), max(0, part.top)
            right, bottom = min(whole.width, part.left + part.width), min(whole.height, part.top + part.height)
            if whole.width > WIDEST or whole.height > TALLEST or left >= right or top >= bottom:
                return None
            shown = whole.crop((left, top, right, bottom)).convert("RGB")
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError):  # what Pillow says of a broken file
        return None
    _frame(shown, Box(framed.left - left, framed.top - top, framed.width, framed.height))
    made = BytesIO()
    shown.save(made, "PNG", compress_level=0)
    return made.getvalue()


def _frame(shown: Image, box: Box) -> None:
    """Draw a frame around a box, as far as it is in the picture."""
    from PIL import ImageDraw

    around = (box.left - FRAME_PX, box.top - FRAME_PX)
    end = (box.left + box.width + FRAME_PX - 1, box.top + box.height + FRAME_PX - 1)
    ImageDraw.Draw(shown).rectangle((around, end), outline=RED, width=FRAME_PX)
