"""A picture as a file: SVG without any other program, PNG by Pillow.

Rules held here:
- Both show the same shapes. An SVG has no scripts and nothing from elsewhere, and no markup out of a name reaches it.
- A PNG has letters of the Latin alphabet alone: the font that comes with Pillow has no others, and those of a machine
  are not looked for.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from io import BytesIO
from typing import TYPE_CHECKING

from haoma.errors import Unavailable
from haoma.watch.running.plot import Picture, printable
from haoma.watch.running.shapes import WIDTH, Area, Box, Line, Shape, Words, height_of, shapes

if TYPE_CHECKING:
    from PIL.ImageDraw import ImageDraw
    from PIL.ImageFont import FreeTypeFont
    from PIL.ImageFont import ImageFont as Bitmap

__all__ = ["png", "svg"]

SCALE = 2  # dots of a PNG for each unit of the sheet
DASH, GAP = 4, 3
ANCHORS = {"start": "ls", "middle": "ms", "end": "rs"}


def svg(picture: Picture) -> str:
    """The picture as SVG."""
    height, title = height_of(picture), escape(printable(picture.title))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}"'
        f' role="img" font-family="sans-serif"><title>{title}</title>'
        f"{''.join(map(_element, shapes(picture)))}</svg>\n"
    )


def png(picture: Picture) -> bytes:
    """The picture as PNG, twice as large; raises Unavailable without Pillow."""
    try:
        from PIL import Image, ImageDraw, ImageFont
    except ImportError:
        raise Unavailable(
            "a PNG is drawn by Pillow", hint="pip install pillow, or name a file that ends in .svg"
        ) from None
    sheet = Image.new("RGB", (WIDTH * SCALE, height_of(picture) * SCALE))
    draw, fonts = ImageDraw.Draw(sheet, "RGBA"), dict[int, "FreeTypeFont | Bitmap"]()
    for one in shapes(picture):
        if isinstance(one, Words):
            font = fonts.setdefault(one.size, ImageFont.load_default(one.size * SCALE))
            text = "".join(char if char.isascii() else "�" for char in one.text)
            draw.text((one.x * SCALE, one.y * SCALE), text, one.fill, font, ANCHORS[one.anchor])
        else:
            _draw(draw, one)
    told = BytesIO()
    sheet.save(told, "PNG")
    return told.getvalue()


def _element(one: Shape) -> str:
    match one:
        case Box():
            return f'<rect x="{one.x}" y="{one.y}" width="{one.width}" height="{one.height}" fill="{one.fill}"/>'
        case Area():
            return f'<polygon points="{_points(one.points)}" fill="{one.fill}" fill-opacity="{one.opacity}"/>'
        case Line():
            dashes = f' stroke-dasharray="{DASH} {GAP}"' if one.dashed else ""
            stroke = f'fill="none" stroke="{one.stroke}" stroke-width="{one.width}"{dashes}'
            return f'<polyline points="{_points(one.points)}" {stroke}/>'
        case Words():
            return (
                f'<text x="{one.x}" y="{one.y}" text-anchor="{one.anchor}" font-size="{one.size}" fill="{one.fill}">'
                f"{escape(one.text)}</text>"
            )


def _points(points: Sequence[tuple[float, float]]) -> str:
    return " ".join(f"{x},{y}" for x, y in points)


def _draw(draw: ImageDraw, one: Box | Area | Line) -> None:
    """One shape on the sheet of a PNG."""
    match one:
        case Box():
            right, bottom = (one.x + one.width) * SCALE - 1, (one.y + one.height) * SCALE - 1
            if bottom >= one.y * SCALE and right >= one.x * SCALE:
                draw.rectangle((one.x * SCALE, one.y * SCALE, right, bottom), one.fill)
        case Area() if len(one.points) > 1:
            draw.polygon([(x * SCALE, y * SCALE) for x, y in one.points], f"{one.fill}{round(one.opacity * 255):02x}")
        case Line() if one.dashed:
            (x, top), (_, bottom) = one.points
            for dash in range(round(top), round(bottom), DASH + GAP):
                end = min(dash + DASH, bottom)
                draw.line([(x * SCALE, dash * SCALE), (x * SCALE, end * SCALE)], one.stroke, SCALE)
        case Line() if len(one.points) > 1:
            points = [(x * SCALE, y * SCALE) for x, y in one.points]
            draw.line(points, one.stroke, round(one.width * SCALE))
        case _:
            return
