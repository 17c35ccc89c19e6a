"""What an element says in its attributes: numbers to ring, texts instead of pictures, data of scripts.

Rules held here:
- A link's number is that of `tel:` and its like, or of what a click or touch runs.
- `alt` and `aria-label` are read, `title` and `value` where a reader sees them; of others what is named after calling,
  and tips that say themselves that they tell a telephone.
- A text without a digit says no number and is left out.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING
from urllib.parse import unquote

from haoma.guard.extract.lines import Kind
from haoma.guard.extract.words import LABELLED

if TYPE_CHECKING:
    from collections.abc import Mapping

    from haoma.guard.extract.lines import Element

__all__ = ["SIGNS", "address_in", "icon_of", "is_reversed", "kind_of", "said_by"]

SAYING = frozenset(("alt", "aria-label"))
CALLING = re.compile(r"tel|phone|mobile|hotline|call|number|clipboard|copy")
TITLED = frozenset(("a", "img", "abbr", "span", "i", "em", "b", "button"))
RUNS = re.compile(r"on(?:click|touch(?:start|end)|tap)|(?:@|v-on:|ng-|bind)(?:click|tap)")
TIPS = re.compile(r"data-(?:content|(?:original-)?title|tips?|tooltip)")
SHOWN = frozenset(("text", "button", "submit", "tel"))
ICON = re.compile(
    r"(?:.*[/_-])?((?:tele)?fax|(?:tele)?phone|tel|telefone|mobile|传真|电话|手机)(?:[_-]?(?:icon|img|图标|图片|\d+))?(?:\.\w{3,4})?",
    re.IGNORECASE,
)
SIGNS = frozenset(("img", "i", "em", "span", "b", "use"))  # what may be one
SIGN = re.compile(
    r"(?:[^\W_]*[_-])+(fax|chuanzhen|tel(?:ephone)?|phone|dianhua|mobile|shouji)(?:[_-](?:icon|alt|square|fill|full|o|line|\d+))*",
    re.IGNORECASE,
)
MEANS = {"chuanzhen": "传真", "dianhua": "电话", "shouji": "手机"}
LONGEST_NAME, MOST_CLASSES = 60, 300  # characters of a class, of all of an element
DIGIT = re.compile(r"\d")
RINGS = re.compile(r"(?:tel:|(?:call|dial|phone|tel)\w{0,10}\(\s?[\"'])(\+?\d[\d -]{4,18}\d)", re.IGNORECASE)


def said_by(element: Element, name: str, kind: str, told: Mapping[str, str]) -> str:
    """The text with a digit that one of an element's attributes holds, of a kind of line; empty where it has none."""
    value = told[name]
    if (":" not in value and name.endswith("href")) or not DIGIT.search(value):
        return ""
    if kind == Kind.LINK:
        rung = RINGS.search(value) if RUNS.fullmatch(name) else None
        return rung.group(1) if rung else _rung(value)
    if kind == Kind.ALT and name.startswith("data-"):
        return value if LABELLED.search(DIGIT.split(value, maxsplit=1)[0]) else ""
    if kind == Kind.ALT:
        shown = name in SAYING or (name == "title" and element.tag in TITLED) or _button(element, name)
        return value if shown else ""
    return value if name != "content" or "itemprop" in told else ""


def _rung(address: str) -> str:
    """The number that an address rings."""
    scheme, _, rest = address.strip().partition(":")
    if scheme.lower() not in ("tel", "callto", "wtai") or not DIGIT.search(rest):
        return ""
    rest = rest.removeprefix("//wp/mc;") if scheme.lower() == "wtai" else rest
    return unquote(rest).lstrip("/")


@lru_cache(maxsize=4096)
def kind_of(name: str) -> str:
    """What kind of line an attribute may hold; none, as most do."""
    if name in ("href", "data-href", "data-url") or RUNS.fullmatch(name):
        return Kind.LINK
    if name in SAYING or name in ("title", "value") or TIPS.fullmatch(name):
        return Kind.ALT
    named = name == "content" or (name.startswith("data-") and CALLING.search(name))
    return Kind.DATA if named else ""


def _button(element: Element, name: str) -> bool:
    return name == "value" and element.tag == "input" and element.get("type", "text").lower() in SHOWN


def icon_of(element: Element, tag: str, told: Mapping[str, str]) -> str:
    """What a picture or an empty element is the sign of: `fax` of class="icon-fax"; empty where of no telephone."""
    if tag == "img":
        icon = ICON.fullmatch(told.get("alt", "")) or ICON.fullmatch(told.get("src", ""))
        return icon.group(1) if icon else ""
    if tag == "use":
        return _sign((told.get("xlink:href") or told.get("href") or "")[:MOST_CLASSES].lstrip("#"))
    empty = not element.text and next(element.iterchildren("*"), None) is None
    return _sign(told.get("class", "")[:MOST_CLASSES]) if empty else ""


@lru_cache(maxsize=4096)
def _sign(classes: str) -> str:
    """The sign that one of some classes names, as sets of icons name theirs."""
    signs = (SIGN.fullmatch(name) for name in classes.split() if len(name) <= LONGEST_NAME)
    return next((MEANS.get(sign[1].lower(), sign[1]) for sign in signs if sign), "")


def is_reversed(tag: str, told: Mapping[str, str]) -> bool:
    """Whether an element shows its characters from right to left, as `<bdo>` and its style do."""
    if tag == "bdo":
        return told.get("dir", "").strip().lower() == "rtl"
    style = told.get("style", "")
    return "bidi-override" in style and "rtl" in style


def address_in(told: Mapping[str, str]) -> str:
    """Where an element leads, if that names a host or an address of mail."""
    address = told.get("href") or told.get("src") or told.get("action") or ""
    return address if address.startswith(("http:", "https:", "//", "mailto:")) else ""
