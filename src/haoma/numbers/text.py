"""Numbers in running text, and where they stand.

Rules held here:
- Text is read by the same grammar as a cell, but a short code needs more evidence: a label, a well-known code,
  Chinese words.
- Time and memory are linear in the text; it is read in windows that end where no number can go on.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from haoma.numbers import world
from haoma.numbers.grammar.layout import END, START, TEXT
from haoma.numbers.model import Mention
from haoma.numbers.service import as_text, number_of, parse, records

__all__ = ["find"]

WINDOW = 16_384  # characters, of which UTF-8 makes four times as many bytes at most
DIGITS = re.compile(
    r"\d|[零〇一二三四五六七八九幺壹贰叁肆伍陆柒捌玖貳參陸]{3}|[\u2070-\u2089\u2460-\u249b\u24ea]|[\U0001f100-\U0001f10a]"
)
# characters that no number goes on across: letters and Han, but for numerals, and sentence marks
BREAK = re.compile(r"[^\W\d_零〇一二三四五六七八九幺壹贰叁肆伍陆柒捌玖貳參陸]|[\n\r。！？!?；;]")


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
    for start, end in _windows(text):
        window = text[start:end]
        if not DIGITS.search(window):
            continue
        data = window.encode("utf-8", "surrogatepass")
        byte, char = 0, start
        for record in records(data, TEXT)[0]:
            first, last = record[START], record[END]
            begins = char + _length(data[byte:first])
            byte, char = last, begins + _length(data[first:last])
            opened = begins > 0 and text[begins - 1] in "(（" and re.match(r"[^(（]*[)）]", text[begins:char])
            yield Mention(number_of(record), begins - 1 if opened else begins, char)


def _length(data: bytes) -> int:
    return len(data.decode("utf-8", "surrogatepass"))


def _windows(text: str) -> Iterator[tuple[int, int]]:
    """Cut a text where no number can go on; digits without such a place for longer than a window are passed over."""
    start = 0
    while start < len(text):
        end = min(len(text), start + WINDOW)
        if end < len(text):
            newline = text.rfind("\n", start, end)
            breaks = [newline + 1] if newline > start else [m.end() for m in BREAK.finditer(text, start, end)][-1:]
            if not breaks:
                following = BREAK.search(text, end)
                start = following.end() if following else len(text)
                continue
            end = breaks[0]
        yield start, end
        start = end
