"""What a page's own style sheets hide from its reader.

Rules held here:
- Sheets are read once, from front to end: none, however broken, costs more than its length. Half a megabyte is read.
- A selector counts where it is made of tags, ids, classes and attributes, one below another. What has a pseudo class or
  a sibling in it says when something is hidden, not that it is, and is left out.
- Of rules that quarrel the stronger wins: `!important`, then ids, classes, tags, then the later one (CSS Cascade 4 §6).
- The reader sits at a screen 1280 pixels wide: what is hidden in print or on a telephone alone is not hidden.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from haoma.guard.extract.lines import Element

__all__ = ["Sheets", "hides_by", "sheets_of"]

LONGEST = 500_000
MOST_RULES = 5_000
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
    "font-size": re.compile(r"(?<![\w-])font-size\s*:\s*([\d.]*[\w%-]+)([^;]*)", re.IGNORECASE),
    "away": re.compile(r"(?<![\w-])(?:left|top|right|margin-left|text-indent)\s*:\s*(-?\d{1,9})([^;]*)", re.IGNORECASE),
}
NOUGHT = re.compile(r"0*\.?0+(?:px|em|rem|pt|%)?$")
FAR_PX = 900
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

    def hides(self, element: Element) -> bool:
        """Whether an element itself is hidden, by a rule or by its own `style`."""
        own = hides_by(element.get("style", ""))
        if not self.hiding:
            return any(hidden for hidden, _ in own.values())
        said = {name: (important, INLINE, hidden) for name, (hidden, important) in own.items()}
        for rule in self._of(element):
            if _matches(rule.steps, element):
                for name, (hidden, important) in rule.says.items():
                    said[name] = max(said.get(name, (False, WEAKEST, False)), (important, rule.strength, hidden))
        return any(hidden for _, _, hidden in said.values())

    def _of(self, element: Element) -> Iterator[_Rule]:
        keys = ["*", str(element.tag), *(f".{name}" for name in element.get("class", "").split())]
        for key in (*keys, f"#{element.get('id', '')}"):
            yield from self.rules.get(key, ())

    def add(self, selectors: str, body: str) -> None:
        """Take in a rule, if it hides or shows anything."""
        says = hides_by(body)
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
def hides_by(style: str) -> Mapping[str, tuple[bool, bool]]:
    """What declarations say of being seen: by property, whether it hides and whether that is important.

    >>> hides_by("color: red; DISPLAY : none !important")
    {'display': (True, True)}
    """
    said = {}
    for name, form in SAYS.items() if style else ():
        for hit in form.finditer(style):
            said[name] = (_hidden(name, hit.group(1).lower()), "!important" in hit.group(2).lower().replace(" ", ""))
    return said


def _hidden(name: str, value: str) -> bool:
    if name == "away":
        return int(value) <= -FAR_PX
    return bool(NOUGHT.match(value)) if name in ("opacity", "font-size") else value in ("none", "hidden", "collapse")


def sheets_of(texts: Iterable[str]) -> Sheets:
    """The rules of a page's style sheets that hide or show something."""
    sheets, room = Sheets(), LONGEST
    for text in texts:
        for selectors, body in _rules(_without_comments(text[:room])):
            sheets.add(selectors, body)
        room -= min(room, len(text))
    return sheets


def _without_comments(text: str) -> str:
    text = text.replace("<!--", " ").replace("-->", " ")
    parts = text.split("/*")
    return parts[0] + "".join(part.partition("*/")[2] for part in parts[1:])


def _rules(text: str) -> Iterator[tuple[str, str]]:
    """Each rule of a sheet that holds at the reader's screen: its selectors and its declarations."""
    begun, inside, holding = 0, False, [True]
    for brace in BRACE.finditer(text):
        sign, prelude = brace.group(), text[begun : brace.start()]
        if sign == ";" and inside:
            continue
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


def _matches(steps: tuple[tuple[bool, Compound], ...], element: Element) -> bool:
    (_, own), *above = steps
    if not _fits(own, element):
        return False
    around = element.getparent()
    for right_above, compound in above:
        while around is not None and not _fits(compound, around):
            if right_above:
                return False
            around = around.getparent()
        if around is None:
            return False
        around = around.getparent()
    return True


def _fits(compound: Compound, element: Element) -> bool:
    tag, ids, classes, told = compound
    return (
        tag in ("*", element.tag)
        and (not ids or ids == {element.get("id")})
        and (not classes or classes <= set(element.get("class", "").split()))
        and all(name in element.attrib and value in (None, element.get(name)) for name, value in told)
    )
