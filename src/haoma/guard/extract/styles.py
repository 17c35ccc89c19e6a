"""What a page's own style sheets hide from its reader.

Rules held here:
- Sheets are read once, from front to end: none, however broken, costs more than its length. Half a megabyte is read.
- A page has `MOST_STEPS` to compare its elements with rules; after these an element is hidden by its own `style` alone.
- A selector counts where it is made of tags, ids, classes and attributes, one below another. What has a pseudo class or
  a sibling in it says when something is hidden, not that it is, and is left out.
- Of rules that quarrel the stronger wins: `!important`, then ids, classes, tags, then the later one (CSS Cascade 4 §6).
- The reader sits at a screen 1280 pixels wide: what is hidden in print or on a telephone alone is not hidden.
- Hidden is also what is clipped to nothing, folded to a pixel with the rest cut off, laid outside the screen, or drawn
  too faint or too small to be read. What a colour hides is not told.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from haoma.guard.extract.lines import Element

__all__ = ["Sheets", "hides_by", "sheets_of"]

LONGEST = 500_000
MOST_RULES = 5_000
MOST_STEPS = 5_000_000  # comparisons of an element with a part of a selector: seconds
MOST_ASKED = 10_000  # kinds of elements whose rules are kept
MOST_OF_ONE = 40  # rules that one tag, class or id is looked up in
DEEPEST = 16
SCREEN_PX = 1280
BRACE = re.compile(r"[{};]")
AT_RULE = re.compile(r"@(?:media|supports|layer|container)\b", re.IGNORECASE)
WIDTH = re.compile(r"(min|max)-width\s*:\s*(\d{1,6})", re.IGNORECASE)
OTHER_MEDIA = re.compile(r"(?<!not )\b(?:print|speech|aural|braille|tty|tv|handheld)\b", re.IGNORECASE)
COMPOUND = re.compile(
    r"(?:\*|[a-z][\w-]*)?(?:[.#][\w\u0080-\uffff-]+|\[[\w-]+(?:=[\"']?[\w-]+[\"']?)?\])*", re.IGNORECASE
)
PART = re.compile(r"([.#])([^.#\[]+)|\[([\w-]+)(?:=[\"']?([\w-]+)[\"']?)?\]")
STEP = re.compile(r"(\s*>\s*|\s+)")
SAYS = {
    "display": re.compile(r"(?<![\w-])display\s*:\s*([\w-]+)([^;]*)", re.IGNORECASE),
    "visibility": re.compile(r"(?<![\w-])visibility\s*:\s*([\w-]+)([^;]*)", re.IGNORECASE),
    "opacity": re.compile(r"(?<![\w-])opacity\s*:\s*([\d.]+)([^;]*)", re.IGNORECASE),
    "content": re.compile(r"(?<![\w-])content-visibility\s*:\s*([\w-]+)([^;]*)", re.IGNORECASE),
    "font-size": re.compile(r"(?<![\w-])font(?:-size)?\s*:\s*([\d.]*[\w%-]+)([^;]*)", re.IGNORECASE),
    "away": re.compile(
        r"(?<![\w-])(?:left|top|right|bottom|inset|margin-left|margin-top|text-indent)\s*:\s*(-?[\d.]{1,9}[a-z%]*)([^;]*)",
        re.IGNORECASE,
    ),
    "moved": re.compile(r"(?<![\w-])transform\s*:\s*(none|(?:translate|scale)\w*\([^()]{0,60})([^;]*)", re.IGNORECASE),
    "clip": re.compile(r"(?<![\w-])clip\s*:\s*(auto|rect\([^()]{0,60})([^;]*)", re.IGNORECASE),
    "clip-path": re.compile(r"(?<![\w-])clip-path\s*:\s*(none|[a-z]+\([^()]{0,60})([^;]*)", re.IGNORECASE),
    "height": re.compile(r"(?<![\w-])(?:max-)?height\s*:\s*([\w.%-]+)([^;]*)", re.IGNORECASE),
    "width": re.compile(r"(?<![\w-])(?:max-)?width\s*:\s*([\w.%-]+)([^;]*)", re.IGNORECASE),
}
FOLDING = frozenset({"height", "width"})
SEVERAL = frozenset({"away", "height", "width"})  # said more than once by one rule: one that hides is enough
ANY = re.compile(
    r"(?<![\w-])(?:display|visibility|opacity|content-visibility|font|font-size|left|top|right|bottom|inset|margin-left"
    r"|margin-top|text-indent|transform|clip|clip-path)\s*:",
    re.IGNORECASE,
)
FOLD = re.compile(r"(?<![\w-])(?:max-)?(?:height|width)\s*:\s*(?:[01]|0?\.\d+)(?![\d.])", re.IGNORECASE)
CUT = re.compile(r"(?<![\w-])overflow(?:-[xy])?\s*:\s*(?:hidden|clip)", re.IGNORECASE)
ROOM = re.compile(r"(?<![\w-])(?:padding(?:-\w+)?|min-height|min-width)\s*:(?!\s*0(?![.\d%]))", re.IGNORECASE)
LAID = re.compile(r"(?<![\w-])position\s*:\s*(?:absolute|fixed)", re.IGNORECASE)
SIZE = re.compile(r"(-?(?:\d+\.?\d*|\.\d+))([a-z%]*)", re.IGNORECASE)
FAINT, FAR_PX = 0.05, 900
EM_PX, SCREEN_HUNDREDTH_PX = 16.0, 12.8
INLINE, WEAKEST = (1 << 20, 0, 0, 0), (-1, 0, 0, 0)

Compound = tuple[
    str, frozenset[str], frozenset[str], tuple[tuple[str, str | None], ...]
]  # tag, ids, classes, attributes


@dataclass(frozen=True, slots=True)
class _Rule:
    steps: tuple[tuple[bool, Compound], ...]  # from the element up: whether the next is right above
    says: Mapping[str, tuple[bool, bool]]  # by property: whether it hides, whether it is important
    strength: tuple[int, int, int, int]  # ids, classes, tags, place


@dataclass(slots=True)
class Sheets:
    """The rules of a page that hide or show, each where its last tag, id or class is looked up."""

    rules: dict[str, list[_Rule]] = field(default_factory=dict)
    count: int = 0
    hiding: bool = False
    asked: dict[tuple[str, str, str], tuple[list[_Rule], bool]] = field(default_factory=dict)
    folding: bool = False
    room: int = MOST_STEPS

    def hides(self, element: Element) -> bool:
        """Whether an element itself is hidden, by a rule or by its own `style`."""
        own = hides_by(element.get("style", ""), folding=self.folding)
        if not self.hiding or self.room <= 0:
            return any(hidden for hidden, _ in own.values())
        rules, _ = self._of(str(element.tag), element.get("class", ""), element.get("id", ""))
        said = {name: (important, INLINE, hidden) for name, (hidden, important) in own.items()}
        for rule in rules:
            if self._matches(rule.steps, element):
                for name, (hidden, important) in rule.says.items():
                    said[name] = max(said.get(name, (False, WEAKEST, False)), (important, rule.strength, hidden))
        return any(hidden for _, _, hidden in said.values())

    def may_hide(self, tag: str, told: Mapping[str, str]) -> bool:
        """Whether an element of such attributes could be hidden: by its own `style`, or by a rule for it."""
        return "style" in told or (self.hiding and self._of(tag, told.get("class", ""), told.get("id", ""))[1])

    def _of(self, tag: str, classes: str, own: str) -> tuple[list[_Rule], bool]:
        """The rules that may be said of an element with such classes and id, and whether any of them hides."""
        asked = (tag, classes, own)
        if (known := self.asked.get(asked)) is not None:
            return known
        keys = ["*", tag, *(f".{name}" for name in classes.split()), f"#{own}"]
        rules = [rule for key in keys for rule in self.rules.get(key, ())]
        if len(self.asked) >= MOST_ASKED:
            self.asked.clear()
        self.asked[asked] = told = rules, any(hidden for rule in rules for hidden, _ in rule.says.values())
        return told

    def _matches(self, steps: tuple[tuple[bool, Compound], ...], element: Element) -> bool:
        (_, own), *above = steps
        if not self._fits(own, element):
            return False
        around = element.getparent()
        for right_above, compound in above:
            while around is not None and not self._fits(compound, around):
                if right_above:
                    return False
                around = around.getparent()
            if around is None:
                return False
            around = around.getparent()
        return True

    def _fits(self, compound: Compound, element: Element) -> bool:
        self.room -= 1
        return self.room >= 0 and _fits(compound, element)

    def add(self, selectors: str, body: str) -> None:
        """Take in a rule, if it hides or shows anything."""
        says = hides_by(body, folding=self.folding)
        if not says or self.count > MOST_RULES:
            return
        self.hiding |= any(hidden for hidden, _ in says.values())
        for selector in selectors.split(","):
            steps = _steps(selector.strip())
            if steps:
                self.count += 1
                tag, ids, classes, _ = steps[0][1]
                key = f"#{min(ids)}" if ids else f".{min(classes)}" if classes else tag
                rules = self.rules.setdefault(key, [])
                if len(rules) < MOST_OF_ONE:
                    rules.append(_Rule(steps, says, (*_weight(steps), self.count)))


@lru_cache(maxsize=4096)
def hides_by(style: str, *, folding: bool = False) -> Mapping[str, tuple[bool, bool]]:
    """What declarations say of being seen: by property, whether it hides and whether that is important.

    What unfolds is told where the page folds anything (`folding`): nearly every rule would do.

    >>> hides_by("color: red; DISPLAY : none !important")
    {'display': (True, True)}
    >>> hides_by("position:absolute; clip:rect(0 0 0 0); height:1px; overflow:hidden")
    {'clip': (True, False), 'height': (True, False)}
    """
    cut = CUT.search(style) is not None
    folds = folding or (cut and FOLD.search(style) is not None)
    if not folds and not ANY.search(style):
        return {}
    gone = _Gone(cut and ROOM.search(style) is None, LAID.search(style) is not None)
    said: dict[str, tuple[bool, bool]] = {}
    for name, form in SAYS.items():
        for hit in form.finditer(style) if folds or name not in FOLDING else ():
            before = name in SEVERAL and name in said and said[name][0]
            hidden = before or _hidden(name, hit.group(1).lower(), gone)
            said[name] = (hidden, "!important" in hit.group(2).lower().replace(" ", ""))
    return said


class _Gone(NamedTuple):
    """What else a rule says: whether it cuts off what has no room, and whether it lays its element freely."""

    cut: bool
    laid: bool


def _hidden(name: str, value: str, gone: _Gone) -> bool:
    """Whether a value of a property hides, beside whatever else its rule says."""
    if name in FOLDING:
        return gone.cut and _px(value) <= 1
    if name == "clip":
        return gone.laid and _is_nothing(value)
    hides = HIDES.get(name)
    return value in ("none", "hidden", "collapse") if hides is None else hides(value)


def _px(value: str) -> float:
    """A length in pixels, about, or endless where it is none; a percentage as it stands."""
    found = SIZE.fullmatch(value)
    if found is None:
        return float("inf")
    number, unit = float(found.group(1)), found.group(2)
    return number * (EM_PX if unit in ("em", "rem") else SCREEN_HUNDREDTH_PX if unit in ("vw", "vh") else 1)


def _number(value: str) -> float:
    found = SIZE.fullmatch(value)
    return float(found.group(1)) if found else 1.0


def _is_moved_away(value: str) -> bool:
    """Whether a transform takes an element off the screen, or leaves nothing of it."""
    kind, _, told = value.partition("(")
    sizes = [part.strip() for part in told.split(",")]
    if kind.startswith("scale"):
        return any(_number(size) == 0 for size in sizes)
    return any(_px(size) <= -FAR_PX for size in sizes)


def _is_nothing(value: str) -> bool:
    """Whether `rect(top, right, bottom, left)` leaves nothing (CSS 2.1 §11.1.2)."""
    sizes = [_px(part) for part in re.split(r"[\s,]+", value.partition("(")[2].strip())]
    if len(sizes) != 4 or float("inf") in sizes:
        return False
    top, right, bottom, left = sizes
    return bottom <= top or right <= left


def _cuts_all(value: str) -> bool:
    """Whether a shape leaves nothing: an inset of half and more, a circle without a radius."""
    kind, _, told = value.partition("(")
    sizes = told.split()
    if kind == "inset":
        return len(sizes) == 1 and sizes[0].endswith("%") and _number(sizes[0]) >= 50
    return kind in ("circle", "ellipse") and bool(sizes) and all(_number(size) == 0 for size in sizes[:1])


HIDES: Mapping[str, Callable[[str], bool]] = {
    "opacity": lambda value: _number(value) <= FAINT,
    "font-size": lambda value: _px(value) <= 0,
    "away": lambda value: _px(value) <= -FAR_PX,
    "moved": _is_moved_away,
    "clip-path": _cuts_all,
}


def sheets_of(texts: Iterable[str]) -> Sheets:
    """The rules of a page's style sheets that hide or show something."""
    sheets, room, read = Sheets(), LONGEST, list[str]()
    for text in texts:
        read.append(_without_comments(text[:room]))
        room -= min(room, len(text))
    sheets.folding = any(FOLD.search(text) and CUT.search(text) for text in read)
    for text in read:
        for selectors, body in _rules(text):
            sheets.add(selectors, body)
    return sheets


def _without_comments(text: str) -> str:
    text = text.replace("<!--", " ").replace("-->", " ")
    parts = text.split("/*")
    return parts[0] + "".join(part.partition("*/")[2] for part in parts[1:])


def _rules(text: str) -> Iterator[tuple[str, str]]:
    """Each rule of a sheet that holds at the reader's screen: its selectors and its declarations."""
    begun, inside, holding = 0, False, [True]
    for brace in BRACE.finditer(text):
        sign = brace.group()
        if sign == ";" and inside:
            continue
        prelude = text[begun : brace.start()]
        if sign == "{" and not inside:
            inside = not AT_RULE.match(prelude.strip())
            selectors = prelude
            if not inside and len(holding) < DEEPEST:
                holding.append(holding[-1] and _holds(prelude))
        elif sign == "}" and inside:
            inside = False
            if holding[-1]:
                yield selectors, prelude
        elif sign == "}" and len(holding) > 1:
            holding.pop()
        begun = brace.end()


def _holds(media: str) -> bool:
    return any(
        not OTHER_MEDIA.search(query)
        and all((int(px) <= SCREEN_PX) is (end.lower() == "min") for end, px in WIDTH.findall(query))
        for query in media.split(",")
    )


def _steps(selector: str) -> tuple[tuple[bool, Compound], ...]:
    """A selector from its end to its beginning; empty where it is none of the plain ones."""
    if len(selector) > 300:
        return ()
    steps, right_above = [], False
    for part in reversed(STEP.split(selector)):
        if part.strip() in ("", ">"):
            right_above = ">" in part
        elif COMPOUND.fullmatch(part):
            steps.append((right_above, _compound(part)))
        else:
            return ()
    return tuple(steps)


def _compound(text: str) -> Compound:
    tag = re.split(r"[.#\[]", text, maxsplit=1)[0].lower() or "*"
    found = PART.findall(text)
    ids = frozenset(name for sign, name, _, _ in found if sign == "#")
    classes = frozenset(name for sign, name, _, _ in found if sign == ".")
    return tag, ids, classes, tuple((name.lower(), value or None) for _, _, name, value in found if name)


def _weight(steps: tuple[tuple[bool, Compound], ...]) -> tuple[int, int, int]:
    parts = [compound for _, compound in steps]
    return (
        sum(len(ids) for _, ids, _, _ in parts),
        sum(len(classes) + len(told) for _, _, classes, told in parts),
        sum(tag != "*" for tag, _, _, _ in parts),
    )


@lru_cache(maxsize=4096)
def _classes(told: str) -> frozenset[str]:
    return frozenset(told.split())


def _fits(compound: Compound, element: Element) -> bool:
    """Whether an element is what a part of a selector says."""
    tag, ids, classes, told = compound
    return (
        tag in ("*", element.tag)
        and (not ids or ids == {element.get("id")})
        and (not classes or classes <= _classes(element.get("class", "")))
        and all(name in element.attrib and value in (None, element.get(name)) for name, value in told)
    )
