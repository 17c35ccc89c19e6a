"""Who is on a page and where: each line marked with the target, other organisations, and whose domains it links to.

Rules held here:
- Rivals need not be known: names are told by their endings, by their place over a number, by structured data; those of
  the registry count wherever they stand.
- A domain is the target's own if it is registered so, if it is the page's own on a page about the target, or if it
  reads like the name. Platforms that everybody links to are nobody's.
- Only lines near numbers are searched for names: cost follows the numbers, not the page.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import accumulate
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from haoma.guard.extract.civic import FORM, Local
from haoma.guard.extract.disowned import disowned, is_strangers
from haoma.guard.extract.everyday import everyday
from haoma.guard.extract.found import Found
from haoma.guard.extract.han import simple, written
from haoma.guard.extract.lines import Kind, Line, Page, lines_with
from haoma.guard.extract.names import (
    CJK,
    NOT_NAMES,
    PLACES,
    WORD,
    Target,
    core,
    known_in,
    likeness,
    one_house,
    organisations_in,
    titled,
)
from haoma.guard.extract.replies import answered
from haoma.guard.extract.site import GENERAL, LIKE, TITLE_GAPS, mine_of
from haoma.guard.extract.subject import is_about
from haoma.guard.extract.titles import Titles
from haoma.guard.extract.words import SOCIAL

if TYPE_CHECKING:
    from haoma.guard.extract.lines import Element

__all__ = ["Scene", "Section", "scene_of", "site_of"]

NAMED = 0.45  # strength from which a page names the target at all
CALLED = 0.65  # strength of a line that has the target's own word alone
ABOVE, BELOW = 30, 12  # lines around a number that are searched for names
SIZES = (60, 160, 450, 1300)  # characters of the sections around a number
EMAIL = re.compile(r"[\w.+-]@([\w-]+(?:\.[\w-]+)+)")
BARE = re.compile(r"(?<![\w@./-])(?:https?://)?(?:www\.)([\w-]+(?:\.[\w-]+)+)", re.IGNORECASE)
COPYRIGHT = re.compile(  # in small letters
    r"©|&copy|\(c\)|copyright|版权|版權|all rights reserved|icp备|icp证|主办单位|主办：|著作權"
)
SITES = re.compile(r"网|在线|论坛|社区|贴吧|知道|百科|问答|黄页|[日晚早]报|地图|平台|点评|导航|之家|大全$")
# Of text in small letters.
NO_WORD = bytes(code for code in range(128) if chr(code) not in "abcdefghijklmnopqrstuvwxyz0123456789\n")
ASCII = bytes(code for code in range(128) if code != ord("\n"))
NO_CJK = re.compile(rf"[^\n{CJK.pattern[1:]}")
WORDS_APART = bytes(code if code > 127 or chr(code).isalnum() else ord(" ") for code in range(256))
NO_WORD_ABROAD = re.compile(r"[^\x00-\x7f\u0370-\u04ff\u3040-\u30ff\u4e00-\u9fff\uac00-\ud7af]+")
LONG_WORD = re.compile(r"[^\W_]{3,}")
HAN_RUN = re.compile(r"[\u4e00-\u9fff]{2,}")
PAIR = 2  # characters of a word where words have no spaces
SECOND = frozenset("co com net org gov edu ac or ne go".split())
EMPHASIS = frozenset("h1 h2 h3 h4 h5 h6 strong b th dt caption legend a em font".split())


@dataclass(frozen=True, slots=True)
class Section:
    """A run of lines that one element holds: `first` to `last`, the last one left out."""

    element: Element
    first: int
    last: int


@dataclass(slots=True)
class Scene:
    """A page with its marks; the lists run beside `page.lines`."""

    page: Page
    target: Target
    found: list[Found]
    host: str
    strength: list[float]
    rivals: dict[int, str] = field(default_factory=dict)
    titles: dict[int, float] = field(default_factory=dict)
    own: list[int] = field(default_factory=list)
    foreign: list[int] = field(default_factory=list)
    lengths: list[int] = field(default_factory=list)
    words: Counter[str] = field(default_factory=Counter)
    line_words: dict[int, tuple[str, ...]] = field(default_factory=dict)
    classes: Counter[str] = field(default_factory=Counter)
    target_lines: list[int] = field(default_factory=list)
    rival_lines: list[int] = field(default_factory=list)
    named: list[tuple[int, int, bool, str]] = field(default_factory=list)
    judge: Titles | None = None  # of a target with a Chinese name
    brand: str = ""
    signs: list[float] = field(default_factory=list)
    claims: list[Line] = field(default_factory=list)  # that speak of copyright
    official: bool = False
    mine: float = 0.0  # whose site it is: 1 the target's, 0.5 perhaps, 0 not told, -1 another's
    about: bool = False  # whether the target is the page's subject
    strangers: bool = False  # whether the page says that it is a shop's that mends what others make
    said: dict[int, int] = field(default_factory=dict)  # numbers, by identity, that the page says are whose: 1, -1
    headline: frozenset[str] = frozenset()
    host_own: float = 0.0
    title_strength: float = 0.0

    @property
    def names_target(self) -> bool:
        """Whether anything on the page, or its host, is at least half the target's name."""
        return max(self.title_strength, self.host_own, *self.strength, 0.0) >= NAMED

    def sections(self, line: Line) -> list[Section]:
        """The largest elements around a line that stay below each of `SIZES` characters."""
        found: list[Section] = []
        element: Element | None = line.element
        best = Section(line.element, line.order, min(line.order + 1, len(self.page.lines)))
        size = 0
        while element is not None and size < len(SIZES):
            first, last = self.page.spans.get(element, (line.order, line.order + 1))
            first, last = min(first, line.order), max(last, line.order + 1)
            while size < len(SIZES) and self._length(first, last) > SIZES[size]:
                found.append(best)
                size += 1
            best = Section(element, first, last)
            element = element.getparent()
        return found + [best] * (len(SIZES) - len(found))

    def _length(self, first: int, last: int) -> int:
        return self.lengths[min(last, len(self.lengths) - 1)] - self.lengths[first]

    def words_of(self, order: int) -> tuple[str, ...]:
        """The words of a line, in small letters; two characters at a time where words have no spaces."""
        if order not in self.line_words:
            self.line_words[order] = words_in(self.page.lines[order].text)
        return self.line_words[order]


def words_in(text: str) -> tuple[str, ...]:
    """The words of a text that tell places and names: not the shortest, no digits but postcodes."""
    return tuple(word for word in _words(text.casefold()) if len(word) == PAIR or not CJK.match(word))


def _words(small: str) -> list[str]:
    """The same with the runs of characters that have no spaces, of three or more, among them."""
    words: list[str] = LONG_WORD.findall(small)
    for run in HAN_RUN.findall(small):
        words += [run[at : at + PAIR] for at in range(len(run) - 1)]
    return words


def _counted(small: str) -> Counter[str]:
    """How often a text in small letters has each word that `words_in` tells, and a few that it does not."""
    counts = Counter(_translated(small, WORDS_APART).split())
    mixed = [(run, counts.pop(run)) for run in [run for run in counts if not run.isascii()]]
    for run, times in mixed:
        for word in _words(run):
            counts[word] += times
    return counts


def site_of(host: str) -> str:
    """The registrable part of a host name, near enough: www.shop.example.co.uk → example.co.uk.

    >>> site_of("www.example.com.cn"), site_of("shop.example.org")
    ('example.com.cn', 'example.org')
    """
    parts = host.lower().strip(".").split(".")
    size = 3 if len(parts) > 2 and len(parts[-1]) == 2 and parts[-2] in SECOND else 2
    return ".".join(parts[-size:])


def scene_of(
    page: Page, found: list[Found], target: Target, url: str | None, rivals: Sequence[tuple[str, str]]
) -> Scene:
    """Mark a page; `rivals` are registry names as (core, name), longest first."""
    small = page.text.casefold()
    letters = _letters(small)
    squeezed = letters.split("\n")
    strength = _strengths(target, page, letters, squeezed)
    scene = Scene(page, target, found, _host(page, url), strength)
    scene.judge = Titles(target) if any(CJK.search(own) for own in target.names) else None
    scene.claims = [page.lines[order] for order in lines_with(COPYRIGHT, small)]
    scene.lengths = list(accumulate(_widths(page), initial=0))
    scene.target_lines = [order for order, worth in enumerate(strength) if worth >= 0.7]
    scene.title_strength = _strength(target, page.title, "".join(WORD.findall(simple(page.title.casefold()))))
    _called(scene)
    scene.host_own = target.owns(scene.host, _squeezed(scene.host)) if scene.host else 0.0
    scene.brand = _brand(scene)
    _names(scene, squeezed, [*rivals, (scene.brand, scene.brand)] if scene.brand else rivals)
    scene.signs = _signs(scene)
    scene.strangers = is_strangers(scene)
    scene.mine = -1.0 if scene.strangers else mine_of(scene)
    scene.about = is_about(scene)
    scene.official = _official(scene)
    scene.said = {**dict.fromkeys(answered(scene), 1), **dict.fromkeys(disowned(scene), -1)}
    _links(scene)
    scene.words = _counted(small)
    meta = f"{page.title} {page.meta.get('description', '')} {page.meta.get('keywords', '')}"
    scene.headline = frozenset(words_in(meta))
    scene.classes = page.classes
    return scene


def _translated(text: str, to: bytes | None, without: bytes = b"") -> str:
    """A text with other characters for those of ASCII, or none: as bytes, in a third of the time of a pattern."""
    return text.encode("utf-8", "surrogatepass").translate(to, without).decode("utf-8", "surrogatepass")


def _letters(small: str) -> str:
    """What a text in small letters has of letters, characters, digits and ends of lines."""
    plain = _translated(small, None, NO_WORD)
    return plain if plain.isascii() else NO_WORD_ABROAD.sub("", plain)


def _official(scene: Scene) -> bool:
    """Whether the page is the target's own: a sign says so, and none that it is another's."""
    if any(CJK.search(own) for own in scene.target.names):
        return scene.mine > 0
    last, first, _, mine, others, branded = scene.signs
    return not branded and not others and max(last, first, mine, scene.host_own) >= LIKE


def _signs(scene: Scene) -> list[float]:
    """Signs of the target's own site: it ends or is the title, the copyright is its, or somebody else's."""
    parts = [part for part in TITLE_GAPS.split(scene.page.title) if part.strip()]
    worth = [max((likeness(part, own) for own in scene.target.names), default=0.0) for part in parts] or [0.0]
    mine = others = 0.0
    for line in scene.claims:
        mine = max(mine, scene.strength[line.order])
        named = [name for _, name in organisations_in(line.text[:300])]
        others = max(
            others, float(any(not _means(scene.target, name) and not _of_house(scene, name) for name in named))
        )
    return [worth[-1], worth[0], float(len(parts)), mine, others if mine < 0.7 else 0.0, float(bool(scene.brand))]


def _of_house(scene: Scene, name: str) -> bool:
    """Whether a name has the target's own word, or stands beside the target's in the title: its name in English."""
    titles, whole = scene.judge, core(name)
    if titles is None:
        return False
    return (titles.coined and titles.brand in whole) or (
        whole in core(scene.page.title) and scene.title_strength >= LIKE
    )


def _widths(page: Page) -> list[int]:
    """How much each line says, in Latin letters: a Chinese character says as much as a few."""
    wide = NO_CJK.sub("", _translated(page.text, None, ASCII)).split("\n")
    return [len(line.text) + 2 * len(chars) for line, chars in zip(page.lines, wide, strict=False)]


def _brand(scene: Scene) -> str:
    """The site's own name, where the site is not the target's: what ends its titles."""
    if scene.host_own >= 0.6:
        return ""
    names = [scene.page.meta.get("og:site_name", ""), *reversed(TITLE_GAPS.split(scene.page.title)[1:])]
    text = scene.page.text
    for name in names:
        whole = core(name)
        least = 3 if CJK.search(whole) else 4
        if (
            least <= len(whole) <= 24
            and not NOT_NAMES.match(name)
            and not GENERAL.search(name)
            and not (everyday(name) and not SITES.search(name))
            and not _means(scene.target, name)
            and not (scene.judge and scene.judge.trades_as(name))
        ) and (name == names[0] or any(form in text for form in _forms(name.strip()))):
            return whole
    return ""


def _forms(name: str) -> set[str]:
    """A site's name as its title ends with it, and without its town or 网."""
    plain = PLACES.sub("", name)
    return {form for form in (name, plain, name.removesuffix("网"), plain.removesuffix("网")) if len(form) >= PAIR}


def _strengths(target: Target, page: Page, letters: str, squeezed: Sequence[str]) -> list[float]:
    """How surely each line names the target; most lines have not even a piece of its name."""
    found = [0.0] * len(page.lines)
    firsts = written("".join(sorted({core[0] for core in target.cores if len(core) >= 2})))
    if not found or not target.pieces:
        return found
    likely = set(lines_with(re.compile("|".join(map(re.escape, target.pieces))), letters))
    likely.update(
        lines_with(re.compile(f"[{re.escape(firsts)}]"), page.text) if firsts and not page.text.isascii() else ()
    )
    for order in likely:
        found[order] = _strength(target, page.lines[order].text, simple(squeezed[order]))
    return found


def _called(scene: Scene) -> None:
    """Raise the strength of lines and of a title that have the target's own coined word, as short forms do."""
    titles = scene.judge
    if titles is None:
        return
    if titles.local.bodies:
        _local(scene, titles.local)
    if not titles.coined:
        return
    for order in lines_with(re.compile(re.escape(titles.brand)), simple(scene.page.text)):
        if scene.strength[order] < CALLED and titles.calls(scene.page.lines[order].text):
            scene.strength[order] = CALLED
    if titles.calls(scene.page.title):
        scene.title_strength = max(scene.title_strength, CALLED)


def _local(scene: Scene, local: Local) -> None:
    """Raise the strength of lines and of a title that call the target as its own town does."""
    for order in lines_with(FORM, simple(scene.page.text)):
        if scene.strength[order] < CALLED and local.names(simple(scene.page.lines[order].text)):
            scene.strength[order] = CALLED
    if local.names(simple(scene.page.title)):
        scene.title_strength = max(scene.title_strength, CALLED)


def _strength(target: Target, text: str, squeezed: str) -> float:
    if not squeezed or not target.cores:
        return 0.0
    # Most lines lack even the first character of the name, and reading a line's core costs the most.
    if CJK.search(text) and any(
        len(whole) >= 2 and whole[0] in simple(text) and whole in core(text[:400]) for whole in target.cores
    ):
        return 1.0
    return target.strength(squeezed, frozenset(WORD.findall(simple(text.casefold()))))


def _host(page: Page, url: str | None) -> str:
    for address in (url, page.meta.get("canonical"), page.meta.get("base"), page.meta.get("og:url")):
        try:
            host = urlsplit(address or "").hostname
        except ValueError:
            host = None
        if host and "." in host:
            return site_of(host)
    return ""


def _squeezed(domain: str) -> str:
    return re.sub(r"[^a-z0-9]", "", domain.partition(".")[0])


def _names(scene: Scene, squeezed: Sequence[str], rivals: Sequence[tuple[str, str]]) -> None:
    orders = {order for one in scene.found for order in range(one.line.order - ABOVE, one.line.order + BELOW)}
    for order in sorted(orders):
        if not 0 <= order < len(scene.page.lines):
            continue
        line = scene.page.lines[order]
        if line.kind == Kind.COMMENT:
            continue
        text = line.text
        for start, name in organisations_in(text) if len(text) <= 1500 else []:
            if not _means(scene.target, name):
                scene.rivals[order] = name
                scene.named.append((order, start, False, name))
        if known := known_in(squeezed[order], rivals):
            if scene.strength[order] < 1.0 or len(known) > 2 * len(scene.target.cores[0] if scene.target.cores else ""):
                scene.rivals[order] = known
            scene.named.append((order, max(text.casefold().find(known.casefold()), 0), False, known))
        if scene.strength[order] >= 0.6:
            scene.named.append((order, scene.target.place(text), True, scene.target.names[0]))
        if titled(text) and _stands_out(line):
            scene.titles[order] = max((likeness(text, own) for own in scene.target.names), default=0.0)
    scene.rival_lines = sorted(scene.rivals)
    scene.named.sort()


def _means(target: Target, name: str) -> bool:
    """Whether a name on the page is the target's."""
    if max((likeness(name, own) for own in target.names), default=0.0) >= LIKE:
        return True
    if any(one_house(name, own) for own in target.names):
        return True
    return target.strength(core(name), frozenset(WORD.findall(name.casefold()))) >= 0.7


def _stands_out(line: Line) -> bool:
    """Whether a line is printed as a heading or name is: in an element for that, or the first of its block."""
    element: Element | None = line.element
    for _ in range(3):
        if element is None:
            return False
        if element.tag in EMPHASIS or re.search(r"\b(?:name|title|org|fn|head)", element.get("class", "")):
            return True
        element = element.getparent()
    return False


def _links(scene: Scene) -> None:
    """Mark lines by the domains that they link to or write: the target's own and foreign ones."""
    own, foreign = [0] * len(scene.page.lines), [0] * len(scene.page.lines)
    seen: dict[str, int] = {}
    for order, domains in _domains(scene.page):
        if order >= len(own):
            continue
        for domain in domains:
            if domain not in seen:
                seen[domain] = _whose(scene, domain)
            own[order] += seen[domain] > 0
            foreign[order] += seen[domain] < 0
    scene.own = list(accumulate(own, initial=0))
    scene.foreign = list(accumulate(foreign, initial=0))


def _whose(scene: Scene, domain: str) -> int:
    """1 the target's own, -1 somebody else's, 0 nobody's."""
    if scene.target.owns(domain, _squeezed(domain)) >= 0.6:
        return 1
    if domain == scene.host:
        return 1 if scene.host_own or scene.title_strength >= 0.7 else 0
    return 0 if SOCIAL.search(domain) else -1


def _domains(page: Page) -> Iterable[tuple[int, list[str]]]:
    for line in page.lines:
        if "@" in line.text or "www." in line.text:
            hosts = [*EMAIL.findall(line.text), *BARE.findall(line.text)]
            yield line.order, [site_of(host) for host in hosts]
    for order, address in page.links:
        if address.startswith("mailto:"):
            if "@" in address:
                yield order, [site_of(address.partition("@")[2].partition("?")[0])]
            continue
        if site := _linked("/".join(address.split("/", 3)[:3])):
            yield order, [site]


@lru_cache(maxsize=1024)
def _linked(address: str) -> str:
    """The registrable part of an address's host; empty where it has none."""
    try:
        host = urlsplit(address).hostname
    except ValueError:
        return ""
    return site_of(host) if host and "." in host else ""


def nearest(orders: Sequence[int], order: int) -> tuple[int, int]:
    """How many lines above and below the nearest marked line is; 99 where none is; the line itself is 0 above."""
    place = bisect_left(orders, order + 1)
    above = order - orders[place - 1] if place else 99
    below = orders[place] - order if place < len(orders) else 99
    return min(above, 99), min(below, 99)
