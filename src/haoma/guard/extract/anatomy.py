"""How a page is built around a number: items, headings, cells, and blocks set apart for others.

Rules held here:
- What repeats beside itself with one class is an item, as rows, list entries and cards are.
- A heading ends what stands above it: under an h2 only an h1 is further out.
"""

from __future__ import annotations

import itertools
import re
from typing import TYPE_CHECKING

from haoma.guard.extract.lines import Kind, Line
from haoma.guard.extract.markup import LONGEST_NAMES, names_of
from haoma.guard.extract.title_words import NUMBER, TRANSLATED

if TYPE_CHECKING:
    from haoma.guard.extract.lines import Element

__all__ = [
    "COLON",
    "HIGHEST",
    "NO_RANK",
    "cell_of",
    "heads",
    "is_item",
    "is_menu",
    "list_has_ended",
    "list_is_over",
    "rank_of",
    "reads_as_title",
    "set_apart",
]

HIGHEST, SIBLINGS, LONGEST = 7, 40, 40  # elements up, beside; characters of a heading
LONGEST_INTRO = 300  # with its translation, or with a colon at its end
COLON = ("：", ":")
HEADS = frozenset("h1 h2 h3 h4 h5 h6 b strong dt th caption figcaption summary legend em font u big".split())
RANKS, NO_RANK = frozenset("h1 h2 h3 h4 h5 h6".split()), 7
MENU, BETWEEN = 3, 200  # links; elements from a heading on
POSTER = re.compile(
    r"(?:^|[\s_-])(?:author|authi|user[^\s]*|nick[^\s]*|poster|uname|member|floor|avatar)(?:$|[\s_-])", re.IGNORECASE
)
TRAIL = re.compile(r"\S\s?[>›»→＞;；]\s?\S")  # where a page stands in its site: 首页 > 华东 > 甲店
LISTS = frozenset("table ul ol dl".split())
ITEMS = frozenset("li tr dl article section figure td dd address".split())
ADDRESS = re.compile(r"[路街道巷弄镇村区][甲乙丙丁]?\s?\d{1,4}\s?(?:-\d+\s?)?[号弄]|\d\s?号?[楼层座室](?!.{0,4}店)")
IN_CLASS = re.compile(
    r"(?:^|[\s_-])(?:[^\W_]*name|n|nm|[^\W_]*title|t|tit|hd|head|bt|bn|brand|shop|org|fn|cname|company|logo)(?:$|[\s_-])",
    re.IGNORECASE,
)
APART = re.compile(
    r"(?:^|[\s_-])(?:ads?|advert[^\W_]*|gg|guanggao|promo[^\W_]*|sponsor[^\W_]*|tuiguang|near[^\W_]*|similar|related|recommend[^\W_]*|rec|also)(?:$|[\s_-])",
    re.IGNORECASE,
)


def cell_of(element: Element) -> Element | None:
    """The cell of a table or list of definitions that an element is in."""
    around: Element | None = element
    for _ in range(HIGHEST):
        if around is None or around.tag in ("td", "th", "dd"):
            return around
        around = around.getparent()
    return None


def is_item(element: Element) -> bool:
    """Whether an element is one of several alike: a row, an entry, a card."""
    if element.tag in ITEMS:
        return True
    parent, told = element.getparent(), element.get("class")
    if parent is None or told is None or element.tag in ("body", "span", "a", "b", "i", "em"):
        return False
    beside = (other for other in list(parent)[:SIBLINGS] if other is not element)
    return any(other.tag == element.tag and other.get("class") == told for other in beside)


def set_apart(element: Element) -> bool:
    """Whether a class says that a block holds others: adverts, neighbours, what is alike."""
    around: Element | None = element
    for _ in range(HIGHEST):
        if around is None:
            return False
        if APART.search(names_of(around)):
            return True
        around = around.getparent()
    return False


def rank_of(element: Element) -> int:
    """Which heading an element is in, 1 the highest; `NO_RANK` outside of headings."""
    around: Element | None = element
    for _ in range(3):
        if around is None or not isinstance(around.tag, str):
            break
        if around.tag in RANKS:
            return int(around.tag[1])
        around = around.getparent()
    return NO_RANK


def heads(element: Element) -> bool:
    """Whether an element is printed as a heading or a name is."""
    around: Element | None = element
    for _ in range(3):
        if around is None:
            return False
        if around.tag in HEADS or IN_CLASS.search(around.get("class", "")[:LONGEST_NAMES]):
            return True
        around = around.getparent()
    return False


def reads_as_title(line: Line) -> bool:
    """Whether a line may be a title: seen, short or with a colon at its end, without a number, and no address."""
    if line.kind != Kind.TEXT or line.hidden or len(line.text) > LONGEST_INTRO or NUMBER.search(line.text):
        return False
    text = TRANSLATED.sub("", line.text.strip())
    short = len(text) <= LONGEST or text.endswith(COLON)
    return (
        short
        and TRAIL.search(text) is None
        and not _posts(line.element)
        and ADDRESS.search(text) is None
        and not is_menu(line.element)
    )


def _posts(element: Element) -> bool:
    """Whether an element holds the name of somebody who posts on a site."""
    return any(
        around is not None and around.attrib and POSTER.search(names_of(around))
        for around in (element, element.getparent())
    )


def is_menu(element: Element) -> bool:
    """Whether an element is one of several links in a row, or begins with them: what a menu offers heads nothing."""
    first = element if element.tag == "a" else next(element.iterchildren("*"), None)
    if first is None or first.tag != "a":
        return False
    behind = itertools.takewhile(lambda one: one.tag == "a", first.itersiblings("*"))
    before = itertools.takewhile(lambda one: one.tag == "a", first.itersiblings("*", preceding=True))
    return len([first, *itertools.islice(itertools.chain(behind, before), MENU - 1)]) >= MENU


def list_is_over(intro: Element, inner: Element) -> bool:
    """Whether what an element with a colon introduces ends before `inner`: the list between them is of other tags."""
    if intro.tag != inner.tag or intro.getparent() is not inner.getparent():
        return False
    between = [one.tag for one in _between(intro, inner)]
    return bool(between) and intro.tag not in between


def list_has_ended(heading: Element, inner: Element) -> bool:
    """Whether a list stands between a heading and `inner`, which is a plain paragraph: the heading was the list's."""
    if inner.tag != "p" or heading.getparent() is not inner.getparent():
        return False
    return any(before.tag in LISTS for before in _between(heading, inner))


def _between(heading: Element, inner: Element) -> list[Element]:
    after = itertools.islice(heading.itersiblings(), BETWEEN)
    return list(itertools.takewhile(lambda one: one is not inner, after))
