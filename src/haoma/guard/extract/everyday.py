"""Whether a Chinese text is made of everyday words alone, as a label is and the name of somebody mostly is not.

Rules held here:
- A text is cut into known words so that the fewest characters are left over; a character on its own that joins words
  (的, 和, 在) is not left over.
- The words are those that a dictionary counts often, without names of people, organisations and makes.
  tools/build_everyday.py makes the table.
"""

from __future__ import annotations

import json
import re
from functools import cache, lru_cache
from importlib import resources

from haoma.guard.extract.han import simple

__all__ = ["everyday", "left_over"]

FILE = "everyday.json"
LONGEST = 40  # characters that are looked at
CHARACTER = re.compile(r"[\u4e00-\u9fff]")
JOINS = frozenset("的和与及或在为是有由向到请可也您我你他个各本该等每按拨打电总部处科室组台线号机点店网站")
WORST = 99


@lru_cache(maxsize=20_000)
def left_over(text: str) -> int:
    """How many characters of a text no everyday word covers.

    >>> left_over("配送咨询"), left_over("岭东快客")
    (0, 2)
    """
    words, plain = _words(), "".join(CHARACTER.findall(simple(text)[:LONGEST]))
    fewest = [0] * (len(plain) + 1)
    for at in range(len(plain) - 1, -1, -1):
        alone = fewest[at + 1] + (plain[at] not in JOINS)
        known = (fewest[at + size] for size in (4, 3, 2) if plain[at : at + size] in words and at + size <= len(plain))
        fewest[at] = min(alone, min(known, default=WORST))
    return fewest[0]


def everyday(text: str) -> bool:
    """Whether a text has Chinese characters and nearly all are of everyday words."""
    return CHARACTER.search(text) is not None and left_over(text) == 0


@cache
def _words() -> frozenset[str]:
    row = json.loads(resources.files("haoma.guard.extract").joinpath(FILE).read_text(encoding="utf-8"))
    return frozenset(
        chars[at : at + int(size)] for size, chars in row["words"].items() for at in range(0, len(chars), int(size))
    )
