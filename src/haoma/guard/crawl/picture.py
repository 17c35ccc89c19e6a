"""The picture of a rendered page: where each number stands in it, and no person's mobile.

Rules held here:
- What may be a mobile number of China is covered before the picture is taken, also where its digits are wide, torn
  apart or turned around, in frames, forms and what a style sheet writes; then the page is as it was.
- What nobody can look into (images, drawings, films, frames that do not answer) is covered whole, hatched, where eleven
  digits could be read in it; but not an image whose own text is a number and no mobile, nor one behind other text. How
  much was covered and how much was left is written into the picture.
- Where each number stands is written into the PNG (a text chunk, PNG §11.3.3.4): the digest that the log holds of the
  picture is of that too.
"""

from __future__ import annotations

import asyncio
import json
import struct
import zlib
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.async_api import Frame, Page

__all__ = ["Box", "Unread", "box_of", "boxes_in", "picture_of", "unread_in", "with_boxes"]

TALLEST, PICTURE_MS = 8_000, 10_000
MOST_BOXES, LONGEST = 500, 200_000
MOST_FRAMES, FRAME_S = 40, 2.0
_KEYWORD, _UNREAD = b"haoma numbers\0\0\0\0\0", b"haoma unread\0\0\0\0\0"  # not compressed, of no language
_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_HEAD = 33  # the signature, and the chunk of width and height

_HATCH = """element => {
  const box = element.getBoundingClientRect(), cover = document.createElement('div'), at = cover.style;
  const known = window[Symbol.for('haoma covers')] = window[Symbol.for('haoma covers')] || [];
  for (const [name, value] of Object.entries({all: 'initial', position: 'absolute', 'z-index': '2147483647',
      background: 'repeating-linear-gradient(45deg,#777 0 6px,#aaa 6px 12px)', left: `${box.left + scrollX}px`,
      top: `${box.top + scrollY}px`, width: `${box.width}px`, height: `${box.height}px`}))
    at.setProperty(name, value, 'important');
  known.push(document.documentElement.appendChild(cover));
}"""
_UNCOVER = "() => { for (const one of (window[Symbol.for('haoma covers')] || []).splice(0)) one.remove() }"


@dataclass(frozen=True, slots=True)
class Box:
    """Where something stands in a picture, in pixels."""

    left: int
    top: int
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Unread:
    """How much of a picture nobody could look into: covered whole, or left as it was."""

    covered: int
    left: int


async def picture_of(page: Page) -> bytes | None:
    """A PNG of the page, of 8,000 pixels at the most; none where it cannot be drawn in time."""
    with suppress(Exception):
        frames = [frame for frame in page.frames if frame is not page.main_frame]
        try:
            inner = [await _cover_frame(frame, n) for n, frame in enumerate(frames)]
            tall, boxes, covered, left = await page.evaluate(_cover(), [MOST_BOXES, TALLEST])
            width = (page.viewport_size or {"width": 1_280})["width"]
            part = {"x": 0, "y": 0, "width": width, "height": max(1, min(int(tall), TALLEST))}
            shot = await page.screenshot(full_page=True, clip=part, timeout=PICTURE_MS, animations="disabled")
        finally:
            for frame in page.frames:
                with suppress(Exception):
                    await asyncio.wait_for(frame.evaluate(_UNCOVER), FRAME_S)
        unread = Unread(int(covered) + sum(one.covered for one in inner), int(left) + sum(one.left for one in inner))
        return with_boxes(shot, str(boxes), unread)
    return None


async def _cover_frame(frame: Frame, number: int) -> Unread:
    """Cover what is in a frame, or all of it where it does not answer; raises where neither can be done."""
    if number < MOST_FRAMES:
        with suppress(Exception):
            found = await asyncio.wait_for(frame.evaluate(_cover(), [0, TALLEST]), FRAME_S)
            return Unread(int(found[2]), int(found[3]))
    if frame.is_detached():
        return Unread(0, 0)
    element = await asyncio.wait_for(frame.frame_element(), FRAME_S)
    await asyncio.wait_for(element.evaluate(_HATCH), FRAME_S)
    return Unread(1, 0)


@cache
def _cover() -> str:
    return files("haoma.guard.crawl").joinpath("cover.js").read_text("utf-8")


def with_boxes(png: bytes, boxes: str, unread: Unread | None = None) -> bytes:
    """The picture with a text in it that says where each number stands, and one that says what nobody looked into."""
    made = _text(_KEYWORD, boxes[:LONGEST])
    if unread is not None:
        made += _text(_UNREAD, json.dumps({"covered": unread.covered, "left": unread.left}))
    return png[:_HEAD] + made + png[_HEAD:]


def unread_in(png: bytes) -> Unread | None:
    """What of a picture nobody could look into; None for one that does not say."""
    with suppress(ValueError, TypeError, KeyError):
        found = json.loads(_said(png, _UNREAD) or "")
        return Unread(int(found["covered"]), int(found["left"]))
    return None


def boxes_in(png: bytes) -> Mapping[str, Box] | None:
    """Where each number stands in a picture, by the XPath of its element; None for one that does not say."""
    said = _said(png, _KEYWORD)
    if said is None:
        return None
    with suppress(ValueError, TypeError, AttributeError):
        return {str(path): Box(*map(int, box)) for path, box in json.loads(said).items()}
    return {}


def box_of(png: bytes, xpath: str) -> Box | None:
    """Where the number of an element stands, or, where marks tear it apart, what is in that element or it is in."""
    boxes = boxes_in(png) or {}
    inside = sorted(path for path in boxes if path.startswith(f"{xpath}/"))
    steps = xpath.split("/")
    around = ["/".join(steps[:count]) for count in range(len(steps), 3, -1)]
    found = next((path for path in [*around[:1], *inside, *around[1:]] if path in boxes), None)
    return boxes[found] if xpath and found else None


def _text(keyword: bytes, text: str) -> bytes:
    said = b"iTXt" + keyword + text.encode()
    return struct.pack(">I", len(said) - 4) + said + struct.pack(">I", zlib.crc32(said))


def _said(png: bytes, keyword: bytes) -> bytes | None:
    """The text of this keyword, of those that stand behind the head of a picture."""
    at = _HEAD if png.startswith(_SIGNATURE) else len(png)
    while png[at + 4 : at + 8] == b"iTXt":
        said = png[at + 8 : at + 8 + int.from_bytes(png[at : at + 4])]
        if said.startswith(keyword):
            return said.removeprefix(keyword)
        at += 12 + int.from_bytes(png[at : at + 4])
    return None
