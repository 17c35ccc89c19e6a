"""Numbers in a page's structured data, JSON-LD and microdata, malformed or not.

Rules held here:
- JSON that no reader takes is mended where the mistake is a usual one (a comma too many, a comment, a raw line break);
  what is left is read by its keys, for the numbers are there all the same.
- A number belongs to the nearest object around it that has a name.
- Nesting and size are bounded: data is no program.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from haoma.guard.extract.lines import Element

__all__ = ["Scopes", "Stated", "in_json"]

DEEPEST = 30
LONGEST = 400_000
MOST_WALKED = 300_000  # elements of all items of a page
PHONE = re.compile(
    r"^(?:\w+:)?(?:telephone|phone|tel|telefon|phone_?number|fax_?number|fax|mobile|hotline)$", re.IGNORECASE
)
FAX = re.compile(r"fax", re.IGNORECASE)
COMMENT = re.compile(r"^[^\S\n]*//.*$|<!--|-->|<!\[CDATA\[|\]\]>", re.MULTILINE)
COMMA = re.compile(r",\s*([}\]])")
LOOSE = re.compile(
    r"""["']?(?P<key>name|legalName|telephone|faxNumber|phone|contactType)["']?\s*:\s*["'](?P<value>[^"'\n]{1,200})["']"""
)
NAMED = ("org", "legalName", "brand", "name", "fn")  # a card's organisation before its person


@dataclass(frozen=True, slots=True)
class Stated:
    """A number that structured data states: its text, whose it is, what kind of contact it is called.

    `told` is set where the text is words with a number among them.
    """

    text: str
    owner: str | None
    fax: bool
    contact: str
    told: bool = False


def in_json(source: str) -> list[Stated]:
    """The numbers of one JSON-LD script.

    >>> in_json('{"@type": "Bank", "name": "甲银行", "telephone": "95588",}')
    [Stated(text='95588', owner='甲银行', fax=False, contact='', told=False)]
    """
    source = source[:LONGEST].strip()
    for attempt in (source, html.unescape(COMMA.sub(r"\1", COMMENT.sub("", _without_blocks(source))))):
        try:
            return list(_within(json.loads(attempt, strict=False), None, "", 0))
        except (ValueError, RecursionError):
            continue
    return list(_loose(source))


def _without_blocks(source: str) -> str:
    """A script without what stands between /* and */; what is never closed is none."""
    kept, at = [], 0
    while (begun := source.find("/*", at)) >= 0 and (ended := source.find("*/", begun + 2)) >= 0:
        kept.append(source[at:begun])
        at = ended + 2
    return "".join((*kept, source[at:]))


def _within(value: object, owner: str | None, contact: str, depth: int) -> Iterator[Stated]:
    if depth > DEEPEST:
        return
    if isinstance(value, list):
        for one in value:
            yield from _within(one, owner, contact, depth + 1)
    if not isinstance(value, Mapping):
        return
    own = next(
        (name for key in ("name", "legalName") if isinstance(name := value.get(key), str) and name.strip()), owner
    )
    kind = value.get("contactType", contact)
    for key, item in value.items():
        if PHONE.match(str(key)):
            yield from _stated(item, own, str(key), str(kind))
        else:
            yield from _within(item, own, str(kind), depth + 1)


def _stated(item: object, owner: str | None, key: str, contact: str) -> Iterator[Stated]:
    values: Sequence[object] = item if isinstance(item, list) else [item]
    for value in values:
        if isinstance(value, str | int) and re.search(r"\d{3}|\d\D{1,2}\d\D{1,2}\d", str(value)):
            yield Stated(str(value)[:200], owner, bool(FAX.search(key)), contact)


def _loose(source: str) -> Iterator[Stated]:
    owner, contact = None, ""
    for hit in LOOSE.finditer(source):
        key, value = hit.group("key"), html.unescape(hit.group("value"))
        if key in ("name", "legalName"):
            owner = value
        elif key == "contactType":
            contact = value
        elif re.search(r"\d{3}", value):
            yield Stated(value, owner, key == "faxNumber", contact)


class Scopes:
    """The microdata items and vCards of a page, each asked for its name once."""

    def __init__(self) -> None:
        self._names: dict[Element, str | None] = {}
        self._room = MOST_WALKED

    def name(self, element: Element) -> str | None:
        """The name of the item or card that an element stands in; None where it stands in none."""
        around = element
        for _ in range(12):
            around = around.getparent()
            if around is None:
                return None
            if "itemscope" in around.attrib or "vcard" in around.get("class", "").lower():
                if around not in self._names:
                    self._names[around] = self._named_in(around)
                return self._names[around]
        return None

    def _named_in(self, scope: Element) -> str | None:
        found: dict[str, str] = {}
        for inner in islice(scope.iter(), max(0, self._room)):
            self._room -= 1
            told = (
                f"{inner.get('itemprop', '')} {inner.get('property', '')} {inner.get('class', '')}"
                if inner.attrib
                else ""
            )
            for word in told.split():
                if word in NAMED and word not in found:
                    name = inner.get("content") or self._text(inner)
                    if name.strip():
                        found[word] = " ".join(name.split())[:120]
        return next((found[word] for word in NAMED if word in found), None)

    def _text(self, element: Element) -> str:
        """What an element says, as far as there is room."""
        from lxml.etree import iterwalk

        walked = islice(iterwalk(element, ("start", "end", "comment", "pi")), max(0, self._room))
        texts = []
        for event, one in walked:
            self._room -= 1
            text = one.text if event == "start" else one.tail if one is not element else None
            texts.append(text or "")
        return "".join(texts)
