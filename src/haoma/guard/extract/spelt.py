"""Whether a domain spells a Chinese name: in whole syllables, in their first letters, or in both.

Rules held here:
- Syllables come in the name's order and may skip characters: 泉岭农商行 is quannongshang. The place in front of a name
  alone spells nobody: a town's yellow pages are spelt so too.
- Three syllables or letters at least; behind them stands a number, a word of the trade (bank, fund), or nothing.
"""

from __future__ import annotations

import re
from functools import lru_cache

from haoma.guard.extract.han import sounds

__all__ = ["spelt"]

LEAST = 3  # syllables or letters
LONGEST = 16  # characters of a name
BEHIND = re.compile(r"(?:\d|bank|fund|group|hotel|air|online|china|cn|app|life|edu|hospital|net|group)*")


@lru_cache(maxsize=4096)
def spelt(name: str, label: str) -> bool:
    """Whether a domain's own label, in small letters, spells a name that no place stands before.

    >>> spelt("泉岭农商行", "quannongshang"), spelt("泉岭农商行", "quanzhouhuangye")
    (True, False)
    """
    syllables = sounds(name[:LONGEST])
    return len(syllables) >= LEAST and _follows(syllables, label, 0)


def _follows(syllables: tuple[str, ...], label: str, told: int) -> bool:
    """Whether a label goes on with some of the syllables, in order, from the first on where none is told yet."""
    if told >= LEAST and BEHIND.fullmatch(label):
        return True
    if not label:
        return False
    for at, sound in enumerate(syllables if told else syllables[:1]):
        for piece in {sound, sound[0]}:
            if label.startswith(piece) and _follows(syllables[at + 1 :], label[len(piece) :], told + 1):
                return True
    return False
