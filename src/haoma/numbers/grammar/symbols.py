"""From Unicode to the grammar's alphabet: every code point becomes one symbol, after NFKC.

Rules held here:
- Compatibility forms (full width, mathematical, circled) are undone code point by code point; one that stands for
  several
  characters (⑩, ½, №) becomes several symbols.
- Format characters, variation selectors and combining marks vanish.
- The tables are compiled once by `haoma data build` for the running Python's Unicode version and kept in the packed
  file.
"""

from __future__ import annotations

import array
import unicodedata
from collections.abc import Mapping
from functools import cache

from haoma.numbers.grammar import words

__all__ = ["build", "letters", "symbols_of"]

# 0–9 are digits, 10–19 Chinese numerals; the rest in this order
NUMERAL = 10
BLANK, HYPHEN, DOT, MIDDOT, OPEN, CLOSE = 20, 21, 22, 23, 24, 25
PLUS, SLASH, LIST, COLON, HASH, STAR, AT, PERCENT, MONEY, QUOTE, EQUALS = 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36
OTHER, WORD, LETTER, VANISH = 37, 38, 39, 40
LATIN = 41  # a–z
HAN = LATIN + 26  # characters of `words`
EXPAND = 1024  # and above: EXPAND + where the run of its symbols begins in `expansions`

WIDTH = HAN + len(words.alphabet())  # symbols in all, expansions aside
PAGE_BITS = 7
BARE_PLANES = (*range(4, 14), 15, 16)  # unassigned, and private use
_NUMERALS = {"零": 0, "〇": 0, "幺": 1, "貳": 2, "贰": 2, "叁": 3, "參": 3, "陆": 6, "陸": 6}
_NUMERALS |= {char: n + 1 for n, char in enumerate("一二三四五六七八九")} | {
    char: n + 1 for n, char in enumerate("壹贰叁肆伍陆柒捌玖")
}
_MARKS = {
    **dict.fromkeys("\t", BLANK), **dict.fromkeys("-−ー─━˗⁃➖", HYPHEN), ".": DOT,
    **dict.fromkeys("·•・‧∙⋅⸱_", MIDDOT), "+": PLUS,
    **dict.fromkeys("/\\⁄∕", SLASH),
    **dict.fromkeys(";,、|或和与與及\r\n\v\f\x1c\x1d\x1e\x1f\x85\u2028\u2029", LIST), ":": COLON,
    "#": HASH, **dict.fromkeys("*×●○■□✱※", STAR), "@": AT, **dict.fromkeys("%‰°", PERCENT),
    **dict.fromkeys("'\"`´‘’“”", QUOTE),
    "=": EQUALS, **dict.fromkeys("\u115f\u1160", VANISH), "\u301c": OTHER,
}  # fmt: skip
_CATEGORIES = {
    "Zs": BLANK, "Pd": HYPHEN, "Pc": MIDDOT,
    "Ps": OPEN, "Pe": CLOSE, "Pi": QUOTE, "Pf": QUOTE, "Sc": MONEY, "Cf": VANISH, "Mn":
    VANISH, "Me": VANISH,
}  # fmt: skip


@cache
def _han() -> Mapping[str, int]:
    return {char: HAN + at for at, char in enumerate(words.alphabet())}


def letters() -> Mapping[str, int]:
    """The symbols that words are spelt with; `-` stands in one of them."""
    return {chr(ord("a") + at): LATIN + at for at in range(26)} | {"-": HYPHEN} | dict(_han())


def _of_char(char: str) -> int:
    """The symbol of one character that NFKC leaves as it is."""
    if char in _NUMERALS:
        return NUMERAL + _NUMERALS[char]
    if char in _MARKS:
        return _MARKS[char]
    category = unicodedata.category(char)
    if category == "Nd":
        return unicodedata.digit(char)
    if category in _CATEGORIES:
        return _CATEGORIES[category]
    lower = char.lower()
    if "a" <= lower <= "z" and len(lower) == 1:
        return LATIN + ord(lower) - ord("a")
    if char in _han():
        return _han()[char]
    if category == "Lo":
        return WORD
    return LETTER if category[0] == "L" else OTHER


def symbols_of(char: str) -> tuple[int, ...]:
    r"""The symbols of one code point, none where it vanishes.

    >>> symbols_of("⑩"), symbols_of("\u200b"), symbols_of("八")
    ((1, 0), (), (18,))
    """
    if "\ud800" <= char <= "\udfff":
        return (OTHER,)
    plain = char if char in _MARKS else unicodedata.normalize("NFKC", char)
    found = tuple(map(_of_char, plain))
    return tuple(s for s in found if s != VANISH) if VANISH in found else found


def _pages() -> tuple[array.array[int], array.array[int], array.array[int]]:
    """(page of each 128 code points, symbols by page, expansions as runs of: count, symbols)."""
    size = 1 << PAGE_BITS
    index, cells, runs = array.array("H"), array.array("H"), array.array("H")
    places: dict[tuple[int, ...], int] = {(): VANISH}
    seen: dict[tuple[int, ...], int] = {}
    for first in range(0, 0x110000, size):
        page = []
        for point in range(first, first + size) if first >> 16 not in BARE_PLANES else ():
            found = symbols_of(chr(point))
            if len(found) > 1 and found not in places:
                places[found] = EXPAND + len(runs)
                runs.extend((len(found), *found))
            page.append(found[0] if len(found) == 1 else places[found])
        page = page or [OTHER] * size
        index.append(seen.setdefault(tuple(page), len(seen)))
        if index[-1] * size == len(cells):
            cells.extend(page)
    return index, cells, runs


def build() -> dict[str, bytes]:
    """The grammar's tables as bytes, by the names of their sections in the packed file (host byte order)."""
    index, cells, runs = _pages()
    sections = {"symbol_pages": index.tobytes(), "symbols": cells.tobytes(), "expansions": runs.tobytes()}
    for name, table, backwards in (("before", words.BEFORE, True), ("behind", words.BEHIND, False)):
        children, ends = words.trie(table, letters(), backwards=backwards)
        sections[f"{name}_next"] = array.array("H", [child for row in children for child in row]).tobytes()
        sections[f"{name}_class"] = array.array("B", ends).tobytes()
    return sections
