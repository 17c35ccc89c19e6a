"""Whose a number is by the page's anatomy: the nearest title that names anybody, from its own line outwards.

Rules held here:
- Whom structured data name comes first. Then titles are asked from the number outwards: the clause before it, its cell,
  the cells of its row and the head of its column, the title of its item, the headings over it. The first that names
  somebody decides (`titles`).
- A heading that says that others follow (附近商户, 合作机构, 友情链接) tells it of all below it; a warning that
  ends with a colon tells it of the numbers that it lists.
- What stands in a block of its own with numbers in it is title to those alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from haoma.guard.extract.found import Found
from haoma.guard.extract.lines import Kind, Line, Page
from haoma.guard.extract.names import Target
from haoma.guard.extract.titles import NOBODY, NUMBER, OTHER, WE, Titles
from haoma.guard.extract.words import FAKE

if TYPE_CHECKING:
    from haoma.guard.extract.lines import Element

__all__ = ["ITEM", "Owner", "Owners"]

FURTHEST = 14  # lines up
HIGHEST = 7  # elements up
LONGEST, LONGEST_HEADING = 24, 40  # characters of a title
BEFORE = 120  # characters in front of a number
SIBLINGS, CELLS, SENTENCES = 40, 8, 3
OWN_BLOCK = 4  # lines of a block that may stand over what follows it
LABELLED, ROW, ITEM, HEADING, NOWHERE = 0, 1, 3, 4, 5  # how far out a title stands
HEADS = frozenset("h1 h2 h3 h4 h5 h6 b strong dt th caption figcaption summary legend em font u big".split())
IN_CLASS = re.compile(
    r"(?:^|[\s_-])(?:\w*name|n|nm|\w*title|t|tit|hd|head|bt|bn|brand|shop|org|fn|cname|company|logo)(?:$|[\s_-])",
    re.IGNORECASE,
)
ITEMS = frozenset("li tr dl article section figure td dd address".split())
OTHERS = re.compile(
    r"附近|周边|周围|同类|同行|同城|同楼|相关|相似|推荐|其他|其它|看了又看|猜你|也喜欢|合作|伙伴|友情链接"
    r"|经销|代理|代销|授权|服务商|入驻|商户|商铺|租户|品牌墙|加盟店|广告|推广|赞助|展商|成员单位|会员单位"
    r"|参展|第三方|航空公司|兄弟|热门"
)
SAID = re.compile(r"[，。；！？,;!?]")  # of a sentence, no title
CLAUSE = re.compile(r"[。！？!?；;\n]|\s{3,}|[①-⑳]")
INVITES = re.compile(r"加盟|入驻|招商|热线|电话|洽谈|经销商?合作")  # others to come
APART = re.compile(
    r"(?:^|[\s_-])(?:ads?|advert\w*|gg|guanggao|promo\w*|sponsor\w*|tuiguang|near\w*|similar|related|recommend\w*|rec|also)(?:$|[\s_-])",
    re.IGNORECASE,
)
COLON = ("：", ":")

Title = tuple[int, str, bool]  # how far out it stands, its text, whether it stands as a title does


@dataclass(frozen=True, slots=True)
class Owner:
    """Who a number's titles name (`sign` of `Titles.judge`), how far out, whether a heading says that others follow."""

    sign: float
    level: int
    others: bool
    name: str = ""


class Owners:
    """The owners of a page's numbers, asked for one target."""

    def __init__(self, page: Page, target: Target) -> None:
        self.page, self.titles = page, Titles(target)

    def of(self, one: Found) -> Owner:
        """The owner that the titles around a number name."""
        others = _set_apart(one.line.element_at(one.one.start))
        if one.owner and (sign := self.titles.judge(one.owner, stands=True)):
            return Owner(sign, ROW, others, one.owner[:LONGEST])
        for level, text, stands in self._around(one):
            if level >= ITEM:
                others |= len(text) <= LONGEST and OTHERS.search(text) is not None and not INVITES.search(text)
                if text.endswith(COLON) and FAKE.search(text) and not WE.search(text):
                    return Owner(OTHER, level, others, text[:LONGEST])
                if text.startswith(("关于", "關於")):
                    continue
            if sign := self.titles.judge(text, stands=stands, clause=level == LABELLED):
                return Owner(sign, level, others, text[:LONGEST])
        return Owner(NOBODY, NOWHERE, others)

    def _around(self, one: Found) -> Iterator[Title]:
        line, start = one.line, one.one.start
        before = CLAUSE.split(line.text[max(0, start - BEFORE) : start])
        for part in reversed(NUMBER.split(before[-1])[-4:]):
            if part.strip():
                yield LABELLED, part, True
        for sentence in reversed(before[-1 - SENTENCES : -1]):
            yield LABELLED, sentence, False
        if line.order < len(self.page.lines):
            element = line.element_at(start)
            cell = _cell(element)
            if cell is not None:
                yield from self._in_cell(cell, line.order)
                yield from self._beside(cell)
            yield from self._over(element, line.order)

    def _in_cell(self, cell: Element, order: int) -> Iterator[Title]:
        begins = max(self.page.spans.get(cell, (order, 0))[0], order - FURTHEST)
        for above in range(order - 1, begins - 1, -1):
            text = self.page.lines[above].text
            if len(text) <= LONGEST and not NUMBER.search(text):
                yield ROW, text, above == begins

    def _beside(self, cell: Element) -> Iterator[Title]:
        """The cells to the left that have no number of their own, and the head of the column."""
        column = 0
        for left in cell.itersiblings(preceding=True):
            column += 1
            if column <= CELLS and (text := self._text(left)):
                yield ROW, text, left.tag in ("dt", "td", "th")
            if left.tag == "dt":
                return
        row = cell.getparent()
        head = _head(row) if row is not None and row.tag == "tr" else None
        if head is not None and column < len(head) and (text := self._text(head[column])):
            yield ROW, text, False

    def _over(self, element: Element, order: int) -> Iterator[Title]:
        """The lines over a number that stand over it: titles of the items that it is in, headings beside and above."""
        told = order
        inner: Element = element
        around: Element | None = element
        for _ in range(HIGHEST + 3):
            if around is None or not isinstance(around.tag, str) or around.tag == "html":
                return
            first = self.page.spans.get(around, (order, order))[0]
            item = _is_item(around)
            for above in range(min(told, order) - 1, max(first, order - FURTHEST, 0) - 1, -1):
                line = self.page.lines[above]
                if _reads_as_title(line) and self._stands_over(line.element, inner, around, above):
                    heads = _heads(line.element)
                    stands = (heads and around.tag != "body") or (item and above == first)
                    if heads or not SAID.search(line.text) or line.text.rstrip().endswith(COLON):
                        yield (ITEM if item else HEADING), line.text.strip(), stands
            told = min(told, first)
            inner, around = around, around.getparent()

    def _stands_over(self, title: Element, inner: Element, around: Element, order: int) -> bool:
        """Whether a line within `around` is over what `inner` holds: not in a block of its own with numbers in it."""
        block = title
        while block is not around and (parent := block.getparent()) is not None and parent is not around:
            block = parent
        first, last = self.page.spans.get(block, (order, order + 1))
        if block is inner or block is around or last - first <= 1:
            return True
        return last - first <= OWN_BLOCK and not any(NUMBER.search(line.text) for line in self.page.lines[first:last])

    def _text(self, element: Element) -> str:
        first, last = self.page.spans.get(element, (0, 0))
        lines = [line for line in self.page.lines[first:last] if line.kind == Kind.TEXT and not line.hidden]
        if any(NUMBER.search(line.text) for line in lines):
            return ""
        return lines[0].text if lines and (len(lines) == 1 or len(lines[0].text) <= LONGEST) else ""


def _reads_as_title(line: Line) -> bool:
    if line.kind != Kind.TEXT or line.hidden or NUMBER.search(line.text):
        return False
    text = line.text.strip()
    return len(text) <= LONGEST_HEADING or text.endswith(COLON)


def _cell(element: Element) -> Element | None:
    around: Element | None = element
    for _ in range(HIGHEST):
        if around is None or around.tag in ("td", "th", "dd"):
            return around
        around = around.getparent()
    return None


def _head(row: Element) -> Element | None:
    """The first row of the table section above a row."""
    return next((above for above in reversed(list(row.itersiblings(preceding=True))) if above.tag == "tr"), None)


def _is_item(element: Element) -> bool:
    if element.tag in ITEMS:
        return True
    parent, told = element.getparent(), element.get("class")
    if parent is None or told is None or element.tag in ("body", "span", "a", "b", "i", "em"):
        return False
    beside = (other for other in list(parent)[:SIBLINGS] if other is not element)
    return any(other.tag == element.tag and other.get("class") == told for other in beside)


def _set_apart(element: Element) -> bool:
    """Whether a class says that a block holds others: adverts, neighbours, what is alike."""
    around: Element | None = element
    for _ in range(HIGHEST):
        if around is None:
            return False
        if APART.search(f"{around.get('class', '')} {around.get('id', '')}"):
            return True
        around = around.getparent()
    return False


def _heads(element: Element) -> bool:
    around: Element | None = element
    for _ in range(3):
        if around is None:
            return False
        if around.tag in HEADS or IN_CLASS.search(around.get("class", "")):
            return True
        around = around.getparent()
    return False
