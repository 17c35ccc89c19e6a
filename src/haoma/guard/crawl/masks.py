"""Hiding the numbers of persons in what is shown of pages.

Rules held here:
- What may be a mobile number of China is masked unless it is known to be a hotline: who published it does not matter,
  nor whether its digits are wide, written as entities, or parted by dots, signs of no width or marks of HTML.
- What is kept as evidence is kept as it came, or its digest would tell nothing; it is shown through here alone.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Callable

__all__ = ["masked"]

_DIGIT = r"(?:\d|&#0*(?:4[89]|5[0-7]);|&#[xX]0*3[0-9];)"
_INLINE = (
    r"</?(?:a|b|i|u|s|em|strong|span|font|small|big|mark|code|ins|del|sup|sub|wbr)\b[^<>]{0,300}>|<!--[^<>]{0,99}-->"
)
_ENTITY = r"&(?!#0*(?:4[89]|5[0-7]);|#[xX]0*3[0-9];)[#\w]{2,10};"
_SIGNS = r"[-\s.·•・_()（）\u2010-\u2015\u2212\u00ad\u200b-\u200f\u2060\ufeff]"
_GAP = rf"(?:{_SIGNS}|{_ENTITY}|{_INLINE}){{0,4}}"
_FIRST = r"(?:[1１]|&#0*49;|&#[xX]0*31;)"
_SECOND = r"(?:[3-9３-９]|&#0*5[1-7];|&#[xX]0*3[3-9];)"
_MOBILE = re.compile(rf"(?<!\d)(?:(?:\+|00)?8{_GAP}6{_GAP})?{_FIRST}{_GAP}{_SECOND}(?:{_GAP}{_DIGIT}){{9}}(?!\d)")
_PART = re.compile(rf"{_INLINE}|{_ENTITY}|({_DIGIT})")


def masked(text: str, is_hotline: Callable[[str], bool] = lambda _uri: False) -> str:
    """The text with the middle of every mobile number hidden, but those whose URI `is_hotline` knows.

    >>> masked("客服 95588，王经理 138 0013 8000")
    '客服 95588，王经理 138 **** 8000'
    """
    return _MOBILE.sub(lambda found: _shown(found[0], is_hotline), text)


def _shown(printed: str, is_hotline: Callable[[str], bool]) -> str:
    places = [found.span(1) for found in _PART.finditer(printed) if found[1]][-11:]
    number = "".join(_plain(printed[start:end]) for start, end in places)
    if is_hotline(f"tel:+86{number}"):
        return printed
    for start, end in reversed(places[3:7]):
        printed = f"{printed[:start]}*{printed[end:]}"
    return printed


def _plain(digit: str) -> str:
    """One digit, however it is written, as one of 0-9."""
    return str(unicodedata.decimal(html.unescape(digit)))
