"""The numbers of a whole page with what stands around each: its label, its heading, whether anybody sees it.

Rules held here:
- A label is looked for on the number's own line behind the number before it, then in front of the line (a cell to the
  left, the line above), then in the head of its column, then right behind it.
- Seven or eight digits alone are a number where one of their exchange stands on the page with its area code.
- A tel: link whose text shows the same number is one mention, the text.
- Where the page itself says that a number is dead (停用, no longer in use, struck through), that is kept with it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from haoma.guard.extract.abroad import Readings
from haoma.guard.extract.candidate import MAINLAND, Candidate
from haoma.guard.extract.country import named
from haoma.guard.extract.forms import candidates, exchange, in_exchange
from haoma.guard.extract.grid import block_head
from haoma.guard.extract.lines import Kind, Line, Page
from haoma.guard.extract.markup import names_of
from haoma.guard.extract.plain import flat, perhaps, possible
from haoma.guard.extract.state import in_state
from haoma.guard.extract.structured import Scopes, Stated, in_json
from haoma.guard.extract.words import CHANGED, DEAD, FORMER, Cue, cue_before, cue_behind
from haoma.guard.model import Role

if TYPE_CHECKING:
    from haoma.guard.extract.lines import Element

__all__ = ["Found", "found_on"]

CLAUSE = re.compile(r"[。；;！!\n]|(?<=[^\d])[,，](?=[^\d])")
SENTENCE = re.compile(r"[。！!\n]")
ENDED = re.compile(
    r"(?:该|此|上述|原)(?:服务|客服|预订|投诉)?(?:号码|专线|热线|电话|座机|号)[^，。；,;\d]{0,6}(?:停用|停机|撤销|取消|作废|注销)"
)
LABEL_LONG = 60
NOT_LONG = 10
SAYS_ITSELF = 8  # characters in front of a number that need no heading to say what it is
MOST_LEFT, MOST_BESIDE = 8, 400  # cells to the left, elements beside a term of a list
MOST = 400  # numbers of a page: a directory has hundreds, a data dump thousands
MOST_STATED = 2 * MOST  # texts of its structured data, and as many of the state of its scripts
CELLS = frozenset(("td", "th", "dd", "dt"))
NEAR_LINES = 7
BRACKETED = re.compile(r"^\s{0,2}[(（][^)）]{1,12}[)）]")  # said of the number before it
RENEWED = re.compile(r"新|改|现|启用|拨打|以.{0,12}为准|\d[\d-]{5}")  # not said of what follows
WORD = re.compile(r"[^\W\d_]{2}")
FRONT = re.compile(r"[:：]|^.{1,12}$")
BOTH = re.compile(r"[兼同]")  # 兼传真, 传真同号: a telephone that takes faxes too
# What templates show until somebody fills in a number.
PLACEHOLDER = re.compile(
    r"1380013800\d|1[38]\d(?:0{8}|12345678)|12345678901|400(?:0000000|1234567)|(?:0\d{2,3})?(?:12345678|0{7,8})"
)
IN_CLASS = re.compile(r"fax|chuanzhen", re.IGNORECASE)


@dataclass(slots=True)
class Found:
    """One number on the page, its role read off its label, and what is known around it."""

    line: Line
    one: Candidate
    role: Role
    cue: Cue | None
    before: str
    behind: str
    heading: str
    dead: bool = False
    owner: str | None = None
    contact: str = ""
    lead: str = ""
    said: str = ""  # all that stands in front of it on its line
    spoken: float = 0.0  # whose its sentence says that it is: 1 the target's, -1 another's

    @property
    def hidden(self) -> bool:
        """Whether no reader sees it."""
        return self.line.hidden

    @property
    def text(self) -> str:
        """The number as printed."""
        return self.line.text[self.one.start : self.one.end]


def found_on(page: Page, regions: Sequence[str]) -> list[Found]:
    """The numbers of a page in order, those of its structured data last; `regions` likeliest first."""
    found: list[Found] = []
    scopes, readings = Scopes(), Readings()
    for line, ones in _read(page, regions, readings):
        found.extend(_on_line(page, line, ones, scopes))
    found = _without_echoes(found)
    stated = ((one, element) for source, element in page.data for one in in_json(source))
    for one, element in islice(stated, MOST_STATED):
        found.extend(_stated(page, one, element, regions, readings))
    if MAINLAND in regions and len(found) < 2 * MOST:
        found.extend(_in_scripts(page, found, regions, readings))
    return found[: 2 * MOST]


def _in_scripts(page: Page, shown: Sequence[Found], regions: Sequence[str], readings: Readings) -> Iterator[Found]:
    """The numbers of the state of a page's scripts that stand nowhere else on it, each once."""
    known = {one.one.digits[-8:] for one in shown}
    every = ((stated, element) for source, element in page.state for stated in in_state(source))
    for stated, element in islice(every, MOST_STATED):
        for one in _stated(page, stated, element, regions, readings):
            if one.one.digits[-8:] not in known:
                known.add(one.one.digits[-8:])
                yield one


def _read(page: Page, regions: Sequence[str], readings: Readings) -> list[tuple[Line, list[Candidate]]]:
    """The lines that have numbers, with these."""
    read: list[tuple[Line, list[Candidate]]] = []
    many = 0
    for line in (page.lines[order] for order in perhaps(page.text)):
        if many < MOST and possible(flat(line.text)):
            read.append((line, candidates(line.text, _local(page, line, regions), _label(page, line), readings)))
            many += len(read[-1][1])
    known = {told for _, ones in read for one in ones if (told := exchange(one))}
    if MAINLAND in regions and known:
        read = [(line, _with_local(line, ones, known)) for line, ones in read]
    return read


def _with_local(line: Line, ones: list[Candidate], known: set[str]) -> list[Candidate]:
    """The numbers of a line and those that it has without area code."""
    more = [one for one in in_exchange(line.text, known) if line.kind == Kind.TEXT]
    apart = [one for one in more if all(one.end <= other.start or other.end <= one.start for other in ones)]
    return sorted([*ones, *apart], key=lambda one: one.start) if apart else ones


def _local(page: Page, line: Line, regions: Sequence[str]) -> list[str]:
    """The page's countries, those first that the lines above or right below name."""
    if len(regions) == 1:
        return list(regions)
    near = [
        region
        for one in page.lines[max(0, line.order - NEAR_LINES) : line.order + 2]
        for region in named(one.text[:200])
    ]
    return list(dict.fromkeys([*reversed(near), *regions]))[:6]


def _on_line(page: Page, line: Line, ones: Sequence[Candidate], scopes: Scopes) -> Iterator[Found]:
    lead, (front, called) = _lead(page, line), _labels(line)
    label = called if cue_before(called)[0] else front + called
    last, cue = 0, None
    for place, one in enumerate(ones):
        until = ones[place + 1].start if place + 1 < len(ones) else len(line.text)
        before, behind = line.text[last : one.start], line.text[one.end : until]
        before = BRACKETED.sub("", before) if place else f"{label}{before}"
        cue = _cue(page, line, before, behind, cue if place else None, more=place + 1 < len(ones))
        heading = _heading(page, line)
        role = _role(line, one, cue)
        if line.hidden and cue is not Cue.VOICE and role is Role.VOICE:
            role = Role.OTHER
        yield Found(
            line,
            one,
            role,
            cue,
            before[-200:],
            behind[:80],
            heading,
            _dead(line, before, behind, heading),
            scopes.name(line.element_at(one.start)),
            lead=lead,
            said=f"{front}{called}{line.text[: one.start]}"[-200:],
        )
        last = one.end


def _labels(line: Line) -> tuple[str, str]:
    """What stands in front of what an attribute says, with a colon or short; and what a link is called."""
    front = line.front if FRONT.search(line.front) else ""
    if line.kind != Kind.LINK:
        return front, ""
    told = line.element.get("aria-label") or "".join(islice(line.element.itertext(), 8))
    return front, "" if re.search(r"\d{3}", told) else f"{told[:LABEL_LONG]} ".lstrip()


def _cue(page: Page, line: Line, before: str, behind: str, previous: Cue | None, *, more: bool) -> Cue | None:
    cue, far = cue_before(flat(before)[-120:])
    done = cue is Cue.NOT and re.search(r"\d\s", flat(before)[-far:] if far else "") is not None  # ¥0.85 has its number
    if cue is not None and not done and far <= (NOT_LONG if cue is Cue.NOT else LABEL_LONG):
        return cue
    after, off = cue_behind(flat(behind)[:40])
    said = behind[: off + 12]
    if after is Cue.FAX and BOTH.search(said):
        after = Cue.VOICE
    if after is Cue.FAX and off <= 16 and not more and not re.search(r"[:：]", said):
        return after
    if previous is not None and not re.search(r"[A-Za-z\u4e00-\u9fff]{4}", before):
        return previous
    above = None if re.search(r"[^\W\d_]{3}", before) and len(before) > LABEL_LONG else _cue_in_front(page, line)
    if above is not None and not re.search(r"[\u4e00-\u9fff]{2}" if above is Cue.FAX else r"[^\W\d_]{3}", before):
        return above
    return (
        after
        if after is not None
        and after is not Cue.NOT
        and off <= 3
        and not more
        and not re.match(r"[^:：]{0,14}[:：]", behind)
        else None
    )


def _lead(page: Page, line: Line) -> str:
    """What stands in front of a line: the line above that nobody would read apart from it."""
    for above in range(line.order - 1, max(-1, line.order - 3), -1):
        if page.lines[above].kind == Kind.TEXT:
            text = page.lines[above].text.strip()
            return text if len(text) <= 40 else ""
    return ""


def _label(page: Page, line: Line) -> str:
    """What says that a line is a telephone: words left of its cell, the head of its column, else its lead."""
    cell = _around(line.element, CELLS)
    labels = () if cell is None else _labels_of_cell(page, line, cell)
    return next((label for label in labels if label and cue_before(flat(label)[-80:])[0]), _lead(page, line))


def _cue_in_front(page: Page, line: Line) -> Cue | None:
    """What a cell to the left, the head of the column or the lines above say."""
    cell = _around(line.element, CELLS)
    if cell is not None:
        for label in _labels_of_cell(page, line, cell):
            cue, far = cue_before(flat(label)[-80:])
            if cue is not None and far <= 20 and not re.search(r"\d{3}", label[-far:] if far else ""):
                return cue
    elif (head := block_head(line.element)) and (cue := cue_before(flat(head))[0]) in (Cue.FAX, Cue.VOICE):
        return cue
    for above in range(line.order - 1, max(-1, line.order - 6), -1):
        text = flat(page.lines[above].text)
        if page.lines[above].kind != Kind.TEXT or page.lines[above].hidden != line.hidden:
            continue
        cue, far = cue_before(text[-60:])
        if not re.search(r"\d{4}", text):
            return cue if far <= 16 and (above == line.order - 1 or cue in (Cue.FAX, Cue.VOICE)) else None
        if cue is not None:
            return None
    return None


def _labels_of_cell(page: Page, line: Line, cell: Element) -> Iterator[str]:
    """Texts that may label a cell: the line beside it, the head of its column, what stands left of no words."""
    laid = cell.tag in ("td", "th")
    lefts = islice(page.grids.left_of(cell) if laid else _terms(cell), MOST_LEFT)
    nearest = next(lefts, None)
    label = _beside(page, line, cell, nearest)
    yield label
    head = page.grids.head_of(cell) if laid else None
    if head is not None and len(said := _lines_of(page, head)) == 1:
        yield said[0].text[:40]
    while nearest is not None and not WORD.search(label):
        nearest = next(lefts, None)
        label = _beside(page, line, cell, nearest)
        yield label


def _terms(cell: Element) -> Iterator[Element]:
    """The terms and descriptions of a list before one, nearest first."""
    return (one for one in islice(cell.itersiblings(preceding=True), MOST_BESIDE) if one.tag in ("dt", "dd"))


def _beside(page: Page, line: Line, cell: Element, left: Element | None) -> str:
    """What a cell to the left says of a line: its only line, or that beside it."""
    beside = [] if left is None else _lines_of(page, left)
    first, last = page.spans.get(cell, (line.order, line.order + 1))
    if beside and len(beside) == last - first:
        return beside[line.order - first].text
    return beside[0].text if len(beside) == 1 else ""


def _lines_of(page: Page, element: Element) -> list[Line]:
    first, last = page.spans.get(element, (0, 0))
    return page.lines[first:last]


def _around(element: Element | None, tags: frozenset[str]) -> Element | None:
    for _ in range(8):
        if element is None:
            return None
        if element.tag in tags:
            return element
        element = element.getparent()
    return None


def _heading(page: Page, line: Line) -> str:
    """The nearest short line above that has no number: what the number's block is called."""
    for above in range(line.order - 1, max(-1, line.order - 6), -1):
        text = page.lines[above].text.strip()
        if page.lines[above].kind == Kind.TEXT and 1 < len(text) <= 40 and not re.search(r"\d{5}", text):
            return text
    return ""


def _role(line: Line, one: Candidate, cue: Cue | None) -> Role:
    if PLACEHOLDER.fullmatch(one.digits):
        return Role.OTHER
    element: Element | None = line.element_at(one.start)
    for _ in range(2):
        if element is None:
            break
        told = f"{element.get('itemprop', '')} {names_of(element)}" if element.attrib else ""
        if IN_CLASS.search(told) and cue is not Cue.VOICE:
            return Role.FAX
        element = element.getparent()
    if cue is Cue.FAX:
        return Role.FAX
    return Role.OTHER if cue is Cue.NOT else Role.VOICE


def _dead(line: Line, before: str, behind: str, heading: str) -> bool:
    if line.struck:
        return True
    front = CLAUSE.split(before)[-1]
    rest = CLAUSE.split(behind)[0]
    if CHANGED.search(front):
        return False
    if ENDED.search(SENTENCE.split(behind)[0]):
        return True
    if FORMER.search(front) or DEAD.search(rest) or (DEAD.search(front) and not rest.strip()) or CHANGED.match(rest):
        return True
    if len(front.strip()) > SAYS_ITSELF or SENTENCE.search(heading) or BRACKETED.fullmatch(heading):
        return False
    return bool(
        (FORMER.search(heading) and len(heading) < 16)
        or (len(heading) < LABEL_LONG / 2 and DEAD.search(heading) and not RENEWED.search(heading))
    )


def _without_echoes(found: list[Found]) -> list[Found]:
    """Drop links and alternative texts of a number that a text beside them shows."""
    shown = {(one.one.digits[-8:], one.line.order) for one in found if one.line.kind == Kind.TEXT}
    kept = []
    for one in found:
        near = range(one.line.order - 2, one.line.order + 4)
        if one.line.kind == Kind.TEXT or not any((one.one.digits[-8:], order) in shown for order in near):
            kept.append(one)
    return kept


def _stated(
    page: Page, stated: Stated, element: Element, regions: Sequence[str], readings: Readings
) -> Iterator[Found]:
    line = Line(len(page.lines), stated.text, element, kind=Kind.DATA)
    last = 0
    for one in candidates(stated.text, regions, stated.contact, readings):
        before, behind = stated.text[last : one.start], stated.text[one.end :]
        last = one.end
        said = cue_before(flat(before)[-LABEL_LONG:])[0] or cue_behind(flat(behind)[:LABEL_LONG])[0]
        cue = Cue.FAX if stated.fax else said if stated.told and said else Cue.VOICE
        role = Role.FAX if cue is Cue.FAX else Role.OTHER if cue is Cue.NOT else Role.VOICE
        yield Found(
            line,
            one,
            role,
            cue,
            before[-200:] if stated.told else "",
            behind[:80] if stated.told else "",
            "",
            said=before[-200:] if stated.told else "",
            owner=stated.owner,
            contact=stated.contact,
        )
