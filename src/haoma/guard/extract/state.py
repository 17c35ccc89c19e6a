"""Numbers in the state that a page's scripts fill it from: `window.__DATA__ = {…}`, JSON of a framework.

Rules held here:
- A number counts under a key that says telephone, beside a text of its object that does, or in a text behind words
  that do; it belongs to the nearest object around it that has a name.
- What a script writes into the page is read as it stands there; what it calls a variable of its own, no reader sees.
- State that is no JSON (a function's arguments, keys without quotes) is read by its keys, in order.
- Nothing is run; nesting and size are bounded.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping

from haoma.guard.extract.structured import Stated

__all__ = ["holds_numbers", "in_state"]

DEEPEST, LONGEST, MOST = 30, 400_000, 200
NUMBER = re.compile(
    r"(?:电话|热线|专线|传真)[：:\s]{0,3}(?:<[^<>]{0,60}>){0,3}\(?\d{3}"
    r"|:\s{0,2}[\"'](?:\+?86[ -]?)?\(?(?:0\d{2,3}|[48]00|1[3-9]\d|9[56]\d)[\d )-]{2,16}[\"']"
)
BEGINS = re.compile(r"(?:window\.\w{1,40}|(?:var|let|const)\s\w{1,40})\s{0,2}=\s{0,2}(?=[\[{])")
WRITTEN = re.compile(r"document\.write(?:ln)?\(\s{0,4}([\"'])(?P<text>[^\n]{1,2000}?)\1\s{0,4}\)")
PHONE = re.compile(r"\w{0,20}?(?:(?<!ho)tel|phone|mobile|hotline|fax)\w{0,6}", re.IGNORECASE)
FAX = re.compile(r"fax", re.IGNORECASE)
NAME = re.compile(
    r"name|title|legal_?name|full_?name|company"
    r"|(?:company|corp|org|shop|store|dealer|agency|brand|site|branch|outlet|station|partner|school|hospital)_?name",
    re.IGNORECASE,
)
SAYS = re.compile(r"电话|電話|热线|熱線|专线|專線|传真|傳真|客服|总机|hotline|phone|\btel\b|\bfax\b", re.IGNORECASE)
ALONE = re.compile(r"[+(]{0,2}\d[\d\s()-]{3,18}\d(?:转\d{1,6})?")
TAG = re.compile(r"<[^<>]{0,300}>")
LONGEST_TEXT, LONGEST_LABEL = 300, 20
PAIR = re.compile(r"[\"']?(?P<key>[A-Za-z_]\w{1,30})[\"']?\s{0,2}:\s{0,2}[\"'](?P<value>[^\"'\n]{1,200})[\"']")


def holds_numbers(source: str) -> bool:
    """Whether a script could hold numbers as state does."""
    return NUMBER.search(source, 0, LONGEST) is not None


def in_state(source: str) -> list[Stated]:
    """The numbers of one script's state.

    >>> in_state('window.__DATA__={"site":{"name":"甲银行","serviceTel":"021-38784800"}}')
    [Stated(text='021-38784800', owner='甲银行', fax=False, contact='serviceTel', told=False)]
    """
    source = source[:LONGEST].strip()
    starts = [0] if source[:1] in ("{", "[") else [hit.end() for hit in BEGINS.finditer(source)]
    found: list[Stated] = []
    for start in starts:
        try:
            value, _ = json.JSONDecoder(strict=False).raw_decode(source, start)
        except (ValueError, RecursionError):
            return [*_by_keys(source), *_written(source)][:MOST]
        found.extend(_within(value, None, 0))
    return [*found, *_written(source)][:MOST]


def _written(source: str) -> Iterator[Stated]:
    """What a script writes into the page."""
    for hit in WRITTEN.finditer(source):
        yield from _in_text(hit["text"], None, "")


def _within(value: object, owner: str | None, depth: int) -> Iterator[Stated]:
    if depth > DEEPEST:
        return
    if isinstance(value, list):
        for one in value:
            yield from _within(one, owner, depth + 1)
    if not isinstance(value, Mapping):
        return
    names = (item for key, item in value.items() if NAME.fullmatch(str(key)))
    own = next((name for name in names if isinstance(name, str) and name.strip()), owner)
    label = next((item for item in value.values() if isinstance(item, str) and _labels(item)), "")
    for key, item in value.items():
        for one in item if isinstance(item, list) else [item]:
            if not isinstance(one, str):
                yield from _within(one, own, depth + 1)
            elif PHONE.fullmatch(str(key)):
                yield Stated(one[:200], own, bool(FAX.search(str(key))), str(key))
            else:
                yield from _in_text(one, own, label)


def _labels(text: str) -> bool:
    """Whether a text is a label of a telephone: short, and without a number of its own."""
    return len(text) <= LONGEST_LABEL and SAYS.search(text) is not None and not re.search(r"\d{3}", text)


def _in_text(text: str, owner: str | None, label: str) -> Iterator[Stated]:
    """A number that is all of a text beside a label, or what words say before a number."""
    if label and ALONE.fullmatch(text.strip()):
        yield Stated(text, owner, bool(FAX.search(label) or re.search("传真|傳真", label)), label)
    elif re.search(r"\d{3}", text) and SAYS.search(text) and len(told := TAG.sub("", text)) <= LONGEST_TEXT:
        yield Stated(told, owner, False, "", told=True)


def _by_keys(source: str) -> Iterator[Stated]:
    owner = None
    for hit in PAIR.finditer(source):
        key, value = hit["key"], hit["value"]
        if NAME.fullmatch(key):
            owner = value
        elif PHONE.fullmatch(key):
            yield Stated(value, owner, bool(FAX.search(key)), key)
