"""Hiding the numbers of persons in what is shown of pages.

Rules held here:
- What may be a mobile number of China is masked unless it is known to be a hotline: who published it does not matter.
- What is kept as evidence is kept as it came, or its digest would tell nothing; it is shown through here alone.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from haoma.guard.crawl.urls import MOBILE

__all__ = ["masked"]

_DIGIT = re.compile("[0-9]")


def masked(text: str, is_hotline: Callable[[str], bool] = lambda _uri: False) -> str:
    """The text with the middle of every mobile number hidden, but those whose URI `is_hotline` knows.

    >>> masked("客服 95588，王经理 138 0013 8000")
    '客服 95588，王经理 138 **** 8000'
    """
    return MOBILE.sub(lambda found: found[0] if is_hotline(_uri(found[0])) else _hidden(found[0]), text)


def _uri(printed: str) -> str:
    return f"tel:+86{''.join(_DIGIT.findall(printed))[-11:]}"


def _hidden(printed: str) -> str:
    places = [found.start() for found in _DIGIT.finditer(printed)][-8:-4]
    return "".join("*" if at in places else char for at, char in enumerate(printed))
