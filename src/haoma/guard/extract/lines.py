"""A page's lines: what its reader sees side by side, each with the elements it is from.

Rules held here:
- Values alone. walk.py makes them out of a tree, attributes.py what no text says; markup.py makes the tree.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from haoma.guard.extract.grid import Grids

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lxml import etree

    Element: TypeAlias = etree._Element  # noqa: SLF001 - the name that lxml gives it

__all__ = ["Kind", "Line", "Page", "lines_having", "lines_with"]


class Kind:
    """Where a line's text stands in the page."""

    TEXT = "text"
    ALT = "alt"
    LINK = "link"
    DATA = "data"
    COMMENT = "comment"


@dataclass(slots=True)
class Line:
    """One line: its text, the element that it begins in, and from which offset on it is whose.

    `order` counts the lines; `front` is what a reader sees in front of what an attribute says.
    """

    order: int
    text: str
    element: Element
    further: Sequence[tuple[int, Element]] = ()
    hidden: bool = False
    struck: bool = False
    kind: str = Kind.TEXT
    front: str = ""

    def element_at(self, offset: int) -> Element:
        """The element of a character."""
        place = bisect_right([start for start, _ in self.further], offset)
        return self.further[place - 1][1] if place else self.element


@dataclass(slots=True)
class Page:
    """A page's lines, and which of them each element holds: `spans[element] = (first, last + 1)`."""

    root: Element
    lines: list[Line] = field(default_factory=list)
    spans: dict[Element, tuple[int, int]] = field(default_factory=dict)
    data: list[tuple[str, Element]] = field(default_factory=list)
    state: list[tuple[str, Element]] = field(default_factory=list)
    title: str = ""
    meta: dict[str, str] = field(default_factory=dict)
    text: str = ""  # of all lines, one below the other
    links: list[tuple[int, str]] = field(default_factory=list)  # addresses with a host, and the line that each is at
    classes: Counter[str] = field(default_factory=Counter)  # classes, and ids behind a #
    grids: Grids = field(init=False)

    def __post_init__(self) -> None:
        self.grids = Grids(self.root)


def lines_with(pattern: re.Pattern[str], text: str) -> list[int]:
    r"""Which lines of a text a pattern is found in, from 0 on; the pattern crosses no line's end.

    >>> lines_with(re.compile("a"), "a a\nb\nca")
    [0, 2]
    """
    begun, line = 0, 0
    found: list[int] = []
    for hit in pattern.finditer(text):
        line += text.count("\n", begun, hit.start())
        begun = hit.start()
        if not found or found[-1] != line:
            found.append(line)
    return found


def lines_having(words: Sequence[str], text: str) -> list[int]:
    r"""Which lines of a text have any of some words, from 0 on: in a tenth of the time of a pattern.

    >>> lines_having(("b", "c"), "a a\nb\nca")
    [1, 2]
    """
    places: list[int] = []
    for word in words:
        at = text.find(word)
        while at >= 0:
            places.append(at)
            end = text.find("\n", at)
            at = text.find(word, end) if end >= 0 else -1
    found: list[int] = []
    begun, line = 0, 0
    for place in sorted(places):
        line += text.count("\n", begun, place)
        begun = place
        if not found or found[-1] != line:
            found.append(line)
    return found
