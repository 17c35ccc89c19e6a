"""A page's tree walked into the lines that its reader sees.

Rules held here:
- A line is what inline elements put side by side; blocks, cells and `<br>` end it. A number split over tags is whole.
- Text that no reader sees is kept and marked: display:none, visibility:hidden, `hidden`, templates, comments; but not
  what folded.py says is shown to who asks.
- What stands in attributes (alt, tel: links, data-) is a line of its own kind, in the place of its element.
- The tree is walked without recursion: depth costs no stack. A page has at most `MOST_LINES` lines.
"""

from __future__ import annotations

import re
from collections import Counter
from itertools import islice
from types import MappingProxyType
from typing import TYPE_CHECKING

from haoma.guard.extract.attributes import SIGNS, address_in, icon_of, is_reversed, kind_of, said_by
from haoma.guard.extract.folded import Folded
from haoma.guard.extract.lines import Kind, Line, Page
from haoma.guard.extract.markup import BLANK, SPACE, read_head, tree_of
from haoma.guard.extract.styles import Sheets, sheets_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from haoma.guard.extract.lines import Element

__all__ = ["read"]

MOST_LINES, MORE_WITH_DIGITS, MOST_COMMENTS = 60_000, 5_000, 500
LONGEST_LINE = 20_000
APART = "\x1f"  # a space that no number goes across
FRONT = 60  # characters in front of what an attribute says
INLINE = frozenset(
    """a abbr acronym b bdi bdo big cite code data em font i img kbd label mark nobr q ruby s samp small span strike
    strong sub sup tt u var wbr time del ins output rt rp tspan o:p st1:phone st1:place svg use""".split()
)
# What HTML has no name for stands in the line too (HTML §15.3.1); what scripts name, with a dash, is mostly a block.
KNOWN = frozenset(
    """html head body title base link meta address article aside footer header h1 h2 h3 h4 h5 h6 hgroup main nav section
    search blockquote dd div dl dt figcaption figure hr li menu ol p pre ul br table caption colgroup col tbody thead
    tfoot tr td th form fieldset legend button input select option optgroup textarea label output progress meter details
    summary dialog script noscript style template slot canvas iframe frame frameset noframes object param embed video
    audio source track picture map area math svg center dir marquee view text swiper block page""".split()
)


class _Breaks(dict[str, bool]):
    """Whether an element begins and ends a line, by its tag."""

    def __missing__(self, tag: str) -> bool:
        return "-" in tag or ":" in tag


BREAKS = _Breaks({**dict.fromkeys(KNOWN, True), **dict.fromkeys(INLINE, False)})
SKIPPED = frozenset("script style iframe object math head select datalist path defs rt rp".split())
OPEN_END, REST = re.compile(r"(?<!\d)(?:0\d{2,3}|[48]00(?:-\d{3})?)-\s*$"), re.compile(r"\s*\d{3,8}(?:-\d{4})?(?!\d)")
REVERSED = re.compile("\u202e([^\u202c\u202d]*)")
FEWEST_LONE = 7
LONE_DIGITS = re.compile(rf"(?:\n[\d-](?=\n|$)){{{FEWEST_LONE},}}")
NOTHING: Mapping[str, str] = MappingProxyType({})
LINKING = frozenset(("a", "form", "img"))
MARKING = frozenset("template del s strike".split())
STRUCK = frozenset("del s strike".split())
DIGIT = re.compile(r"\d")
WHOLE = re.compile(
    r"\s*(?:\(?0\d{2,3}[)-]\s?\d{3,4}[- ]?\d{4}|[48]00-?\d{3}-?\d{4}|1[3-9]\d([- ]?)\d{4}\1\d{4}|\+\d{2,3}[ -])(?!\d)"
)


class _Walk:
    """The state of one walk: the open line, and how deep in hidden and struck elements it is."""

    def __init__(self, page: Page, sheets: Sheets) -> None:
        self.page = page
        self.lines, self.spans = page.lines, page.spans
        self.sheets, self.hiding = sheets, sheets.hiding
        self.folded = Folded(page.root)
        self.parts: list[str] = []
        self.element = page.root  # that the open line begins in, and from which offset on it is of others
        self.further: list[tuple[int, Element]] = []
        self.length = 0
        self.hidden = 0
        self.struck = 0
        self.firsts: list[int] = []  # where each open element begins
        self.marks: dict[Element, tuple[bool, bool, bool]] = {}  # hides, strikes, laid a line aside
        self.reversed: set[Element] = set()
        self.classes: list[str] = []
        self.ids: list[str] = []
        self.span = (0, 0)  # the last one told: mostly the next one too
        self.aside: list[tuple[list[str], Element, list[tuple[int, Element]], int]] = []
        self.comments = 0

    def add(self, text: str, element: Element) -> None:
        """Put text at the end of the open line."""
        if self.length >= LONGEST_LINE:
            return
        text = text[: LONGEST_LINE - self.length]
        if "  " in text or not text.isprintable():
            text = SPACE.sub(" ", text)
        if not self.parts:
            text = text.lstrip(" ")
        elif self.parts[-1][-1].isalnum() and WHOLE.match(text):
            text = f"{APART}{text}"  # what a style sheet sets apart: <b>1F-05</b><i>0760-55500121</i>
        if text:
            if self.parts:
                self.further.append((self.length, element))
            else:
                self.element = element
            self.parts.append(text)
            self.length += len(text)

    def end(self) -> None:
        """Close the open line; a blank one is none."""
        if not self.parts:
            return
        text = "".join(self.parts)
        if "\u202e" in text:
            text = REVERSED.sub(lambda hit: "\u200b" + hit.group(1)[::-1], text)
        lines = self.lines
        if text.strip(" \xa0\u3000\u200b") and (len(lines) < MOST_LINES or self._has_room(text)):
            lines.append(Line(len(lines), text, self.element, self.further or (), self.hidden > 0, self.struck > 0))
        # What is made anew for each line, though it is empty, the collector looks at again and again.
        self.parts.clear()
        self.length = 0
        if self.further:
            self.further = []

    def _has_room(self, text: str) -> bool:
        """A table of a million cells does not keep out the number below it."""
        room = MOST_LINES - len(self.lines)
        return room > 0 or (room > -MORE_WITH_DIGITS and DIGIT.search(text) is not None)

    def lay_aside(self) -> None:
        """Begin a line inside the open one, which goes on behind it."""
        self.aside.append((self.parts, self.element, self.further, self.length))
        self.parts, self.further, self.length = [], [], 0

    def take_up(self) -> None:
        """Go on with the line that was laid aside last."""
        self.parts, self.element, self.further, self.length = self.aside.pop()

    def put(self, text: str, element: Element, kind: str) -> None:
        """A line of its own, beside the open one, which goes on."""
        self.comments += kind == Kind.COMMENT
        text = text[:LONGEST_LINE]
        if text.strip() and self._has_room(text) and (kind != Kind.COMMENT or self.comments <= MOST_COMMENTS):
            hidden = self.hidden > 0 or kind == Kind.COMMENT
            front = "".join(self.parts[-FRONT:])[-FRONT:]
            lines = self.lines
            lines.append(Line(len(lines), SPACE.sub(" ", text), element, hidden=hidden, kind=kind, front=front))


def read(html: str) -> Page:
    """The lines of a page's text.

    >>> [line.text for line in read("<p>热线 <b>400</b>-820-<i>8820</i><br>9:00–18:00</p>").lines]
    ['热线 400-820-8820', '9:00–18:00']
    """
    root = tree_of(html)
    page = Page(root)
    read_head(page)
    walk = _Walk(page, sheets_of(sheet.text or "" for sheet in root.iter("style")))
    _walked(walk)
    walk.end()
    page.classes = _counted(walk)
    page.text = "\n".join([line.text for line in page.lines])
    if sum([len(line.text) == 1 for line in page.lines]) >= FEWEST_LONE:
        _digits_joined(page)
    return page


def _digits_joined(page: Page) -> None:
    for run in list(LONE_DIGITS.finditer(page.text)):
        _joined(page, page.text.count("\n", 0, run.start()) + 1, run.group())
    page.text = "\n".join([line.text for line in page.lines])


def _joined(page: Page, first: int, run: str) -> None:
    """Put lines of a digit each, <li>4</li><li>0</li>…, into the first of them."""
    lines = page.lines[first : first + len(run.split())]
    lines[0].further = [(at, line.element) for at, line in enumerate(lines) if at]
    lines[0].text = "".join(line.text for line in lines)
    for line in lines[1:]:
        line.text = ""


def _walked(walk: _Walk) -> None:
    """Open and close each element in the page's order; what is in a skipped one is neither."""
    around: list[Element] = []
    skipped: Element | None = None
    for element in walk.page.root.iter():
        parent = element.getparent()
        while around and around[-1] is not parent:
            closed = around.pop()
            if closed is skipped:
                skipped = None
            if skipped is None:
                _closed(walk, closed, around[-1])
        around.append(element)
        tag = element.tag
        if skipped is not None:
            _classes(walk, element.items())
        elif tag.__class__ is str:
            _opened(walk, element, tag)
            if tag in SKIPPED:
                skipped = element
    while around:
        closed = around.pop()
        if closed is skipped or skipped is None:
            _closed(walk, closed, around[-1] if around else closed)
            skipped = None


def _classes(walk: _Walk, items: Iterable[tuple[str, str]]) -> None:
    for name, value in items:
        if name == "class":
            walk.classes.append(value)
        elif name == "id" and value:
            walk.ids.append(value)


def _counted(walk: _Walk) -> Counter[str]:
    """How often each class stands on the page, and each id behind a #; few differ, and each is parted once."""
    counts = Counter([f"#{own}" for own in walk.ids])
    for names, times in Counter(walk.classes).items():
        for name in names.split():
            counts[name] += times
    return counts


def _opened(walk: _Walk, element: Element, tag: str) -> None:
    items = element.items()
    told = dict(items) if items else NOTHING
    if walk.hiding or tag in MARKING or (items and ("style" in told or "hidden" in told)):
        _marked(walk, element, tag, told)
    elif walk.parts and BREAKS[tag] and not (tag == "br" and _split(walk, element)):
        walk.end()
    walk.firsts.append(len(walk.lines))
    if tag in SKIPPED:
        _classes(walk, items)
        return
    if items:
        _held(walk, element, tag, told)
    if (text := element.text) and (walk.parts or text.strip(BLANK)):
        # A footnote's mark behind a number is none of its digits.
        walk.add(f"[{text.strip()}]" if tag == "sup" and text.strip().isdigit() else text, element)


def _marked(walk: _Walk, element: Element, tag: str, told: Mapping[str, str]) -> None:
    """Begin an element that may be hidden or struck."""
    hides = _hides(walk, element, tag, told)
    strikes = tag in STRUCK or "line-through" in told.get("style", "")
    aside = hides and not BREAKS[tag] and bool(walk.parts)
    if aside:
        walk.lay_aside()
    elif walk.parts and (BREAKS[tag] or hides or strikes) and not (tag == "br" and _split(walk, element)):
        walk.end()
    if hides or strikes:
        walk.hidden += hides
        walk.struck += strikes
        walk.marks[element] = (hides, strikes, aside)


def _held(walk: _Walk, element: Element, tag: str, told: Mapping[str, str]) -> None:
    """What an element says itself, in its attributes or as a picture."""
    if tag in LINKING and (address := address_in(told)):
        walk.page.links.append((len(walk.lines), address))
    for name, value in told.items():
        if name == "class":
            walk.classes.append(value)
        elif name == "id" and value:
            walk.ids.append(value)
        elif (
            (name != "href" or ":" in value)  # most addresses are paths
            and (kind := kind_of(name))
            and (text := said_by(element, name, kind, told))
        ):
            walk.put(text, element, kind)
    if tag in SIGNS and (icon := icon_of(element, tag, told)):
        walk.add(f"{icon}: ", element)
    if walk.parts and walk.parts[-1][-1:].isdigit() and _is_next_number(element):
        walk.add(APART, element)
    if (tag == "bdo" or "style" in told) and is_reversed(tag, told):
        walk.reversed.add(element)
        walk.add("\u202e", element)


def _is_next_number(element: Element) -> bool:
    """Whether an element holds a number of its own, as the one of its kind right before it does."""
    before = element.getprevious()
    if before is None or before.tail or before.tag != element.tag or before.get("class") != element.get("class"):
        return False
    return all(len(DIGIT.findall("".join(islice(one.itertext(), 40)))) >= FEWEST_LONE for one in (before, element))


def _closed(walk: _Walk, element: Element, parent: Element) -> None:
    tag = element.tag
    if tag.__class__ is not str:
        _commented(walk, element, parent)
    else:
        marked = walk.marks.get(element) if walk.marks else None
        if walk.reversed and element in walk.reversed:
            walk.add("\u202c", element)
        # An inline element's line is still open: it will be the next one.
        first, last = walk.firsts.pop(), len(walk.lines)
        if walk.parts:
            if (marked or BREAKS[tag]) and not (tag == "br" and _split(walk, element)):
                walk.end()
                last = len(walk.lines)
            else:
                last += 1
        span = walk.span
        if span[1] != last or span[0] != first:
            walk.span = span = (first, last)
        walk.spans[element] = span
        if marked:
            _shown_again(walk, *marked)
    if (tail := element.tail) and (walk.parts or tail.strip(BLANK)):
        walk.add(tail, parent)


def _shown_again(walk: _Walk, hides: bool, strikes: bool, aside: bool) -> None:
    walk.hidden -= hides
    walk.struck -= strikes
    if aside:
        walk.take_up()


def _commented(walk: _Walk, comment: Element, parent: Element) -> None:
    if DIGIT.search(text := comment.text or ""):
        walk.put(text, parent, Kind.COMMENT)


def _split(walk: _Walk, element: Element) -> bool:
    """Whether a line break stands inside a number: 0757-<br>55502301."""
    return OPEN_END.search(walk.parts[-1]) is not None and REST.match(element.tail or "") is not None


def _hides(walk: _Walk, element: Element, tag: str, told: Mapping[str, str]) -> bool:
    """Whether an element hides what is in it from who reads the page and opens what it folds."""
    if tag == "template":
        return "shadowrootmode" not in told
    hidden = "hidden" in told or (walk.sheets.may_hide(tag, told) and walk.sheets.hides(element))
    return hidden and not walk.folded.opens(element, told)
