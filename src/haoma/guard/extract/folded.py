"""What a page hides at first and shows to who asks for it: panes, answers, pop-ups; and the page until its scripts run.

Rules held here:
- A pane is named so and stands beside others named so; a pop-up is named so. What a link or button opens by its id is
  no secret, nor what stands right behind a button that says whether it is open.
- Of several blocks alike that are hidden alike, each behind a head of its own, each is an answer to it. Cells, entries
  and paragraphs are none: columns and rows are hidden for good.
- What holds most of a page's text is the page, which a script uncovers; and so is the body of an article of WeChat's,
  whatever a copy of it has put around.
- A block that is named after what it was (old, bak) or whom it is for (seo) stays hidden.
"""

from __future__ import annotations

import re
from itertools import islice
from typing import TYPE_CHECKING

from haoma.guard.extract.markup import LONGEST_NAMES, names_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from haoma.guard.extract.lines import Element

__all__ = ["Folded"]

PANE = re.compile(
    r"(?:^|[\s_-])(?:tab[^\W_]*|[^\W_]*pane|panel|accordion[^\W_]*|collapse)(?:$|[\s_-])|^acc_(?:body|panel|content)",
    re.IGNORECASE,
)
POPUP = re.compile(
    r"(?:^|[\s_-])(?:modal|dialog|popup|popover|drawer|dropdown|offcanvas|actionsheet)(?:$|[\s_-])", re.IGNORECASE
)
GONE = re.compile(
    r"(?:^|[\s_-])(?:old[^\W_]*|bak|backup|seo[^\W_]*|history|expired|deprecated|unused|trash)(?:$|[\s_-])",
    re.IGNORECASE,
)
FOLDING = frozenset("div section article dd ul ol dl table main aside nav figure".split())
OPENS = ("aria-controls", "data-target", "data-bs-target", "href")
BESIDE, MOST_ASKED, MOST_TEXTS = 60, 200, 20_000  # elements; of one page; elements whose text is counted
MOST_COUNTED = 20 * MOST_TEXTS  # of one page
LEAST_TEXT = 60  # characters
UNCOVERED = "js_content"  # the id of that body
SILENT = frozenset("script style template".split())


class Folded:
    """What of one page is shown to who asks; what is looked up in the whole page is looked up once."""

    def __init__(self, root: Element) -> None:
        self._root = root
        self._asked = 0
        self._left = MOST_COUNTED
        self._opened: frozenset[str] | None = None
        self._text = -1

    def opens(self, element: Element, told: Mapping[str, str]) -> bool:
        """Whether an element that is hidden is shown to a reader who asks for it."""
        names = names_of(told)
        if GONE.search(names):
            return False
        return (
            POPUP.search(names) is not None
            or told.get("role") in ("tabpanel", "dialog")
            or _is_pane(element, told)
            or told.get("id") == UNCOVERED
            or told.get("id", "\0") in self._opened_ids()
            or _is_behind_button(element)
            or _is_answer(element)
            or self._is_all(element)
        )

    def _opened_ids(self) -> frozenset[str]:
        """The ids that links and buttons of the page lead to."""
        if self._opened is None:
            said = (
                one.get(name) or "" for one in self._root.iter("a", "button", "li", "div", "span") for name in OPENS
            )
            self._opened = frozenset(value.lstrip("#") for value in said if value) - {""}
        return self._opened

    def _is_all(self, element: Element) -> bool:
        """Whether an element holds most of the page's text; not asked without end."""
        self._asked += 1
        if element.tag not in FOLDING or self._asked > MOST_ASKED:
            return False
        if self._text < 0:
            self._text = self._length(self._root)
        own = self._length(element)
        return own > LEAST_TEXT and 2 * own > self._text

    def _length(self, element: Element) -> int:
        """Characters of text in an element, without scripts; none once too many elements have been counted."""
        length = 0
        for one in islice(element.iter(), min(MOST_TEXTS, self._left)):
            self._left -= 1
            if one.tag.__class__ is str and one.tag not in SILENT:
                length += len((one.text or "").strip())
            if one is not element:
                length += len((one.tail or "").strip())
        return length


def _is_pane(element: Element, told: Mapping[str, str]) -> bool:
    """Whether an element is one of a set of panes that a reader turns to: named so, beside others named so."""
    around = element.getparent()
    if around is None:
        return False
    beside = [one for one in islice(around, BESIDE) if one is not element and one.tag == element.tag]
    if (slot := told.get("slot")) is not None:
        return any(one.get("slot") == slot for one in beside)
    return _named_pane(element) and any(_named_pane(one) for one in beside)


def _named_pane(element: Element) -> bool:
    return PANE.search(element.get("class", "")[:LONGEST_NAMES]) is not None


def _is_behind_button(element: Element) -> bool:
    """Whether what stands before an element says whether it is open, as buttons of folds do."""
    before = next(element.itersiblings("*", preceding=True), None)
    if before is None:
        return False
    return before.tag == "summary" or any("aria-expanded" in one.attrib for one in islice(before.iter(), 4))


def _is_answer(element: Element) -> bool:
    """Whether an element is hidden as others like it are, each behind a head of its own."""
    head, around = next(element.itersiblings("*", preceding=True), None), element.getparent()
    if head is None or around is None or (element.tag not in FOLDING and "-" not in str(element.tag)):
        return False
    look = _look(element)
    if _look(head) == look:
        return False
    beside = [*islice(around.iterchildren("*"), BESIDE)]
    if sum(_look(one) == look for one in beside) > 1:
        return True
    beyond = around.getparent()
    if beyond is None or element not in beside:
        return False
    place = beside.index(element)
    items = (one for one in islice(beyond.iterchildren("*"), BESIDE) if one.tag == around.tag and one is not around)
    return any(_look(one) == look for item in items for one in islice(item.iterchildren("*"), place, place + 1))


def _look(element: Element) -> tuple[str, str, str, bool]:
    """What makes elements alike: tag, class, style, and whether they say that they are hidden."""
    return (
        str(element.tag),
        element.get("class", ""),
        element.get("style", "").replace(" ", ""),
        "hidden" in element.attrib,
    )
