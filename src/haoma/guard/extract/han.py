"""Chinese characters as names are compared: in simplified writing, and as domains spell them.

Rules held here:
- A character's simplified form is its commonest one, its reading the commonest, without tone: enough to compare, not to
  write. tools/build_han.py makes the table.
"""

from __future__ import annotations

import json
from functools import cache, lru_cache
from importlib import resources

__all__ = ["simple", "sounds", "written"]

FILE = "han.json"


def simple(text: str) -> str:
    """A text in simplified characters, each in its place.

    >>> simple("雲山銀行")
    '云山银行'
    """
    return text if text.isascii() else text.translate(_tables()[0])


def sounds(text: str) -> tuple[str, ...]:
    """How a text's characters are read in Mandarin, as far as they are known.

    >>> sounds("云山银行")
    ('yun', 'shan', 'yin', 'xing')
    """
    readings = _tables()[1]
    return tuple(readings[char] for char in simple(text) if char in readings)


@lru_cache(maxsize=1_000)
def written(chars: str) -> str:
    """Characters in simplified writing, with the others that are simplified to these.

    >>> written("银")
    '银銀'
    """
    return chars + "".join(chr(one) for one, other in _tables()[0].items() if other in chars)


@cache
def _tables() -> tuple[dict[int, str], dict[str, str]]:
    row = json.loads(resources.files("haoma.guard.extract").joinpath(FILE).read_text(encoding="utf-8"))
    simplified = {ord(one): other for one, other in zip(row["from"], row["to"], strict=True)}
    return simplified, {char: sound for sound, chars in row["readings"].items() for char in chars}
