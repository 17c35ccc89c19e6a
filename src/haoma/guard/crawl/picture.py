"""The picture of a rendered page: where each number stands in it, and no person's mobile.

Rules held here:
- What may be a mobile number of China is covered before the picture is taken, also where its digits are wide or torn
  apart by marks; then the page is as it was. What a page draws itself, in an image or a frame, is as it draws it.
- Where each number stands is written into the PNG (a text chunk, PNG §11.3.3.4): the digest that the log holds of the
  picture is of that too.
"""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.async_api import Page

__all__ = ["Box", "box_of", "boxes_in", "picture_of", "with_boxes"]

TALLEST, PICTURE_MS = 8_000, 10_000
MOST_BOXES, LONGEST = 500, 200_000
_KEYWORD = b"haoma numbers\0\0\0\0\0"  # not compressed, of no language
_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_HEAD = 33  # the signature, and the chunk of width and height

_COVER = r"""([most, tallest]) => {
  const plain = one => { const made = one.normalize('NFKC'); return made.length === one.length ? made : ' ' };
  const block = node => {
    let at = node.parentElement;
    while (at && getComputedStyle(at).display.startsWith('inline')) at = at.parentElement;
    return at;
  };
  const path = node => {
    const steps = [];
    for (let at = node; at; at = at.parentElement) {
      const name = at.localName, like = at.parentElement
        ? [...at.parentElement.children].filter(one => one.localName === name) : [at];
      steps.unshift(like.length > 1 ? `${name}[${like.indexOf(at) + 1}]` : name);
    }
    return '/' + steps.join('/');
  };
  const walker = document.createTreeWalker(document.documentElement, NodeFilter.SHOW_TEXT);
  const nodes = [], starts = [], boxes = {};
  let text = '', last = null, count = 0;
  while (walker.nextNode() && text.length < 1e6) {
    const node = walker.currentNode, said = [...Array(node.data.length).keys()].map(n => plain(node.data[n])).join('');
    if (!said.trim()) continue;
    const within = block(node);
    if (within !== last) text += '\n\n\n\n';
    last = within;
    nodes.push(node); starts.push(text.length); text += said;
    if ((said.match(/[0-9]/g) || []).length < 3 || count >= most) continue;
    const range = document.createRange();
    range.selectNodeContents(node);
    const box = range.getBoundingClientRect(), top = box.top + scrollY;
    const where = path(node.parentElement);
    if (box.width && box.height && top < tallest && !(where in boxes)) {
      boxes[where] = [box.left + scrollX, top, box.width, box.height].map(Math.round);
      count += 1;
    }
  }
  const gap = '[-\\s.·•・_()（）\\u2010-\\u2015\\u2212\\u00ad\\u200b-\\u200f\\u2060\\ufeff]{0,3}';
  const mobile = new RegExp(`(?<![0-9])(?:(?:\\+|00)?86${gap})?1[3-9](?:${gap}[0-9]){9}(?![0-9])`, 'g');
  const spot = at => {
    let n = starts.findLastIndex(start => start <= at);
    return [nodes[n], Math.min(at - starts[n], nodes[n].data.length)];
  };
  const covers = [];
  for (const found of text.matchAll(mobile)) {
    const range = document.createRange(), end = spot(found.index + found[0].length - 1);
    range.setStart(...spot(found.index));
    range.setEnd(end[0], Math.min(end[1] + 1, end[0].data.length));
    for (const box of range.getClientRects()) {
      const cover = document.createElement('div'), at = cover.style;
      for (const [name, value] of Object.entries({all: 'initial', position: 'absolute', background: '#000',
          'z-index': '2147483647', left: `${box.left + scrollX}px`, top: `${box.top + scrollY}px`,
          width: `${box.width}px`, height: `${box.height}px`})) at.setProperty(name, value, 'important');
      covers.push(document.documentElement.appendChild(cover));
    }
  }
  window[Symbol.for('haoma covers')] = covers;
  return [Math.ceil(document.documentElement.scrollHeight), JSON.stringify(boxes)];
}"""
_UNCOVER = "() => { for (const one of window[Symbol.for('haoma covers')] || []) one.remove() }"


@dataclass(frozen=True, slots=True)
class Box:
    """Where something stands in a picture, in pixels."""

    left: int
    top: int
    width: int
    height: int


async def picture_of(page: Page) -> bytes | None:
    """A PNG of the page, of 8,000 pixels at the most; none where it cannot be drawn in time."""
    with suppress(Exception):
        tall, boxes = await page.evaluate(_COVER, [MOST_BOXES, TALLEST])
        try:
            width = (page.viewport_size or {"width": 1_280})["width"]
            part = {"x": 0, "y": 0, "width": width, "height": max(1, min(int(tall), TALLEST))}
            shot = await page.screenshot(full_page=True, clip=part, timeout=PICTURE_MS, animations="disabled")
        finally:
            await page.evaluate(_UNCOVER)
        return with_boxes(shot, str(boxes))
    return None


def with_boxes(png: bytes, boxes: str) -> bytes:
    """The picture with a text in it that says where each number stands."""
    said = b"iTXt" + _KEYWORD + boxes[:LONGEST].encode()
    chunk = struct.pack(">I", len(said) - 4) + said + struct.pack(">I", zlib.crc32(said))
    return png[:_HEAD] + chunk + png[_HEAD:]


def boxes_in(png: bytes) -> Mapping[str, Box] | None:
    """Where each number stands in a picture, by the XPath of its element; None for one that does not say."""
    length = int.from_bytes(png[_HEAD : _HEAD + 4]) if png.startswith(_SIGNATURE) else 0
    said = png[_HEAD + 4 : _HEAD + 8 + length]
    if not said.startswith(b"iTXt" + _KEYWORD):
        return None
    with suppress(ValueError, TypeError, AttributeError):
        found = json.loads(said.removeprefix(b"iTXt" + _KEYWORD))
        return {str(path): Box(*map(int, box)) for path, box in found.items()}
    return {}


def box_of(png: bytes, xpath: str) -> Box | None:
    """Where the number of an element stands, or, where marks tear it apart, what is in that element or it is in."""
    boxes = boxes_in(png) or {}
    inside = sorted(path for path in boxes if path.startswith(f"{xpath}/"))
    steps = xpath.split("/")
    around = ["/".join(steps[:count]) for count in range(len(steps), 3, -1)]
    found = next((path for path in [*around[:1], *inside, *around[1:]] if path in boxes), None)
    return boxes[found] if xpath and found else None
