"""Numbers in running text, and where they stand.

Rules held here:
- Text is read by the same grammar as a cell, but a short code needs more evidence: a label, a well-known code,
  Chinese words.
- Time and memory are linear in the text: it is read in windows that overlap.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from haoma.numbers import world
from haoma.numbers.grammar.layout import END, START, TEXT
from haoma.numbers.model import Mention
from haoma.numbers.service import as_text, number_of, parse, records

__all__ = ["find"]

KEYCAP = re.compile("\ufe0f?\u20e3")  # behind a digit: 8️⃣
WINDOW, MARGIN = 4096, 256  # characters; UTF-8 makes four times as many bytes at most, a cell's bound


def find(text: str, region: str | None = "CN") -> list[Mention]:
    """The telephone numbers in a text, in order, each with its place: `text[mention.start:mention.end]`.

    `region` says whose national forms to read: CN is haoma's own grammar; any other (ISO 3166-1 alpha-2)
    libphonenumber's;
    None takes only numbers that are written with a country code.

    >>> [(m.start, m.end, m.number.uri) for m in find("客服热线95588，转人工请按9")]
    [(4, 9, 'tel:95588;phone-context=+86')]

    Raises BadInput where `text` is no string or the region is unknown.
    """
    whole = as_text(text)
    return list(_chinese(whole) if region == "CN" else _foreign(whole, region))


def _foreign(text: str, region: str | None) -> Iterator[Mention]:
    for start, end, number, written in world.find(text, region):
        found = parse(written) if number is None else number
        if found.valid:
            yield Mention(found, start, end)


def _chinese(text: str) -> Iterator[Mention]:
    """Read window by window; each keeps what begins between its margins: no cut parts a number from its label."""
    end = 0
    step = WINDOW - 2 * MARGIN
    for keep in range(0, len(text), step):
        for mention in _in_window(text, max(0, keep - MARGIN), keep + step + MARGIN):
            if keep <= mention.start < keep + step and mention.start >= end:
                end = mention.end
                yield mention


def _in_window(text: str, start: int, stop: int) -> Iterator[Mention]:
    window = text[start:stop]
    if window.isdigit() and len(window) > MARGIN:
        return  # a run that no number is as long as
    data = window.encode("utf-8", "surrogatepass")
    byte, char = 0, start
    for record in records(data, TEXT)[0]:
        first, last = record[START], record[END]
        begins = char + _length(data[byte:first])
        byte, char = last, begins + _length(data[first:last])
        keycap = KEYCAP.match(text, char)
        opened = begins > 0 and text[begins - 1] in "(（" and re.match(r"[^(（]*[)）]", text[begins:char])
        yield Mention(number_of(record), begins - 1 if opened else begins, keycap.end() if keycap else char)


def _length(data: bytes) -> int:
    return len(data.decode("utf-8", "surrogatepass"))
