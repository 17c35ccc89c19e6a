"""The text of lines in plain characters, and where in it a number could be.

Rules held here:
- A plain character stands in the place of each: what is found in the plain text is found in the printed one.
- A line that could hold no number is not looked at again; nor is one of so many digits that it is data.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache

from haoma.guard.extract.lines import lines_with

__all__ = ["flat", "perhaps", "possible"]

DENSE = re.compile(r"(?:\d{1,2}[\s.\-]{1,3}){60,}")
_DIALLED = r"(?<=[打拨撥線线话話]\d)\d\d|(?<=[線线话話][ :：]\d)\d\d"  # short numbers, of help
_DIGIT = r"[\d〇零○一二三四五六七八九幺壹贰叁肆伍陆柒捌玖]"
# What a number needs at least, on one line.
SOME = re.compile(
    rf"{_DIGIT}(?:(?:(?:_|[^\w\n]){{0,4}}{_DIGIT}){{4}}|{_DIALLED}|(?<=[48])[0Oo]{{2}}[- ]?[\dOo]{{3}}|(?<=[2-9])\d\d[^\w\n]{{0,2}}[A-Z0-9]{{0,4}}[-. ]?[A-Z]{{2}})"
)
# The lines that have it, and a few more: looked for in a whole page, where each way that fails is paid for. So each run
# of digits is asked once, at its beginning: whether it is long, or what follows it could go on.
PERHAPS = re.compile(
    rf"{_DIGIT}(?<!{_DIGIT}{{2}})(?:{_DIALLED}|{_DIGIT}*+(?:(?<={_DIGIT}{{5}})|[^\w\n]{{1,4}}{_DIGIT}|[Oo]|(?<=00)[- ][\dOo]{{3}}|[^\w\n]{{0,2}}[A-Z0-9]{{0,4}}[-. ]?[A-Z]{{2}}))"
)
# What is no plain character of its own: all but ASCII, kana, hanzi and hangul.
ODD = re.compile("[^\x00-\x7f\u3041-\u3096\u30a1-\u30fa\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3]")


def flat(text: str) -> str:
    """The text in plain characters, each in its place: full-width, mathematical and circled digits are digits.

    >>> flat("４００－８２０－８８２０")
    '400-820-8820'
    """
    return text if text.isascii() else ODD.sub(_flat_one, text)


def _flat_one(hit: re.Match[str]) -> str:
    return _flat_char(hit.group())


@cache
def _flat_char(char: str) -> str:
    plain = unicodedata.normalize("NFKC", char)
    if unicodedata.category(char) == "Cf":
        return "\u200b"
    return plain if len(plain) == 1 else char


def possible(plain: str) -> bool:
    """Whether a text could hold a number at all, or holds so many digits that it is data."""
    return SOME.search(plain) is not None and DENSE.search(plain) is None


def perhaps(text: str) -> list[int]:
    """Which lines of a text could hold a number; of those it tells, a few are not `possible`."""
    # A mark of its own for what parts digits and yet is of words: one class of characters is faster than two.
    return lines_with(PERHAPS, flat(text).replace("_", "\0"))
