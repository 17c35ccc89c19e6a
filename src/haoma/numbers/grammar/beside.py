"""The words beside the digits: labels in front, remarks behind.

Rules held here:
- The longest word wins; a Latin word counts only whole.
- 是, 号码, colons, quotes and blanks between a label and its digits are passed over.
"""

from __future__ import annotations

from haoma.numbers.grammar.layout import BOUND, COUNT, LATIN_END, MAX_GAP, SERIAL, SKIP, SYM, UNIT, Scratch
from haoma.numbers.grammar.plan import BEFORE_CLASS, BEFORE_NEXT, BEHIND_CLASS, BEHIND_NEXT, Tables, look
from haoma.numbers.grammar.symbols import BLANK, CLOSE, COLON, EQUALS, HASH, HYPHEN, LATIN, LETTER, OPEN, QUOTE, WIDTH

__all__ = ["is_letter", "label_of", "passes", "remark_of", "word_before", "word_behind"]


def is_letter(symbol: int) -> bool:
    """Letters that people join to a code: Latin, Greek, Cyrillic; not Han or kana."""
    return symbol == LETTER or LATIN <= symbol < LATIN_END


def word_before(t: Tables, s: Scratch, last: int) -> tuple[int, int]:
    """(class, length) of the longest word that ends at symbol `last`; (0, 0) for none."""
    node, best, length, at = 0, 0, 0, last
    while at >= 0 and s[SYM][at] >= LATIN:
        node = look(t, BEFORE_NEXT, node * WIDTH + s[SYM][at])
        if node == 0:
            break
        whole = not is_letter(s[SYM][at]) or at == 0 or not is_letter(s[SYM][at - 1])
        at -= 1
        if whole and look(t, BEFORE_CLASS, node):
            best, length = look(t, BEFORE_CLASS, node), last - at
    return best, length


def word_behind(t: Tables, s: Scratch, first: int, n: int) -> tuple[int, int]:
    """(class, length) of the longest word that begins at symbol `first`; (0, 0) for none."""
    node, best, length, at = 0, 0, 0, first
    while at < n and (s[SYM][at] >= LATIN or s[SYM][at] == HYPHEN):
        node = look(t, BEHIND_NEXT, node * WIDTH + s[SYM][at])
        if node == 0:
            break
        whole = not is_letter(s[SYM][at]) or at + 1 == n or not is_letter(s[SYM][at + 1])
        at += 1
        if whole and look(t, BEHIND_CLASS, node):
            best, length = look(t, BEHIND_CLASS, node), at - first
    return best, length


def label_of(t: Tables, s: Scratch, first: int) -> int:
    """Class of the word that speaks of the digits from symbol `first` on, 是, 号码, colons and blanks passed over."""
    at = first - 1
    serial = False
    for _ in range(MAX_GAP):
        passed = 0
        while at >= 0 and passed < MAX_GAP and passes(s[SYM][at]):
            at -= 1
            passed += 1
        if at < 0:
            break
        found, length = word_before(t, s, at)
        if found == SERIAL:
            if at >= length and s[SYM][at - length] < 20:
                break  # 120号 is a house number
            serial = True
        elif found != SKIP:
            return COUNT if found == 0 and serial else found
        at -= length
    return COUNT if serial else 0


def passes(symbol: int) -> bool:
    """Whether a symbol may stand between a label and its digits."""
    return symbol == COLON or symbol == QUOTE or symbol == EQUALS or symbol == HASH or BLANK <= symbol <= CLOSE


def remark_of(t: Tables, s: Scratch, end: int, n: int) -> int:
    """Class of the word behind the digits, looking past a blank and an opening bracket."""
    at = end
    while at < n and at - end < 2 and (s[SYM][at] == BLANK or s[SYM][at] == OPEN):
        at += 1
    found, _ = word_behind(t, s, at, n)
    return found if (found != UNIT and found != BOUND) or at == end or s[SYM][at - 1] == BLANK else 0
