"""Numbers in the state that a page's scripts fill it from: `window.__DATA__ = {…}`, JSON of a framework.

Rules held here:
- A number counts under a key that says telephone, and belongs to the nearest object around it that has a name.
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
NUMBER = re.compile(r":\s{0,2}[\"'](?:\+?86[ -]?)?\(?(?:0\d{2,3}|[48]00|1[3-9]\d|9[56]\d)[\d )-]{2,16}[\"']")
BEGINS = re.compile(r"(?:window\.\w{1,40}|(?:var|let|const)\s\w{1,40})\s{0,2}=\s{0,2}(?=[\[{])")
PHONE = re.compile(r"\w{0,20}?(?:(?<!ho)tel|phone|mobile|hotline|fax)\w{0,6}", re.IGNORECASE)
FAX = re.compile(r"fax", re.IGNORECASE)
NAME = re.compile(
    r"name|title|legal_?name|full_?name|company"
    r"|(?:company|corp|org|shop|store|dealer|agency|brand|site|branch|outlet|station|partner|school|hospital)_?name",
    re.IGNORECASE,
)
PAIR = re.compile(r"[\"']?(?P<key>[A-Za-z_]\w{1,30})[\"']?\s{0,2}:\s{0,2}[\"'](?P<value>[^\"'\n]{1,200})[\"']")


def holds_numbers(source: str) -> bool:
    """Whether a script could hold numbers as state does."""
    return NUMBER.search(source, 0, LONGEST) is not None


def in_state(source: str) -> list[Stated]:
    """The numbers of one script's state.

    >>> in_state('window.__DATA__={"site":{"name":"甲银行","serviceTel":"021-38784800"}}')
    [Stated(text='021-38784800', owner='甲银行', fax=False, contact='serviceTel')]
    """
    source = source[:LONGEST].strip()
    starts = [0] if source[:1] in ("{", "[") else [hit.end() for hit in BEGINS.finditer(source)]
    found: list[Stated] = []
    for start in starts:
        try:
            value, _ = json.JSONDecoder(strict=False).raw_decode(source, start)
        except (ValueError, RecursionError):
            return list(_by_keys(source))[:MOST]
        found.extend(_within(value, None, 0))
    return found[:MOST]


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
    for key, item in value.items():
        for one in item if isinstance(item, list) else [item]:
            if isinstance(one, str) and PHONE.fullmatch(str(key)):
                yield Stated(one[:200], own, bool(FAX.search(str(key))), str(key))
            else:
                yield from _within(one, own, depth + 1)


def _by_keys(source: str) -> Iterator[Stated]:
    owner = None
    for hit in PAIR.finditer(source):
        key, value = hit["key"], hit["value"]
        if NAME.fullmatch(key):
            owner = value
        elif PHONE.fullmatch(key):
            yield Stated(value, owner, bool(FAX.search(key)), key)
