"""From bytes to symbols: UTF-8 decoded by hand, each character looked up in the alphabet's tables.

Rules held here:
- Malformed UTF-8 is U+FFFD, a byte at a time: no input stops a reader.
"""

from __future__ import annotations

from haoma.numbers.grammar.layout import POS, S_PLAIN, S_WORDS, STATE, SYM, Scratch
from haoma.numbers.grammar.plan import EXPANSIONS, PAGES, SYMBOLS, Octets, Tables, look
from haoma.numbers.grammar.symbols import EXPAND, PLUS, VANISH, WORD

__all__ = ["code_point", "symbolise"]


def code_point(data: Octets, at: int, end: int) -> tuple[int, int]:
    """(code point, bytes taken) of the UTF-8 character at `at`; a malformed one is U+FFFD and one byte."""
    lead = data[at]
    size = 2 if lead < 0xE0 else 3 if lead < 0xF0 else 4
    if lead < 0xC2 or lead > 0xF4 or at + size > end:
        return 0xFFFD, 1
    point = lead & (0x7F >> size)
    for i in range(at + 1, at + size):
        if data[i] & 0xC0 != 0x80:
            return 0xFFFD, 1
        point = point << 6 | data[i] & 0x3F
    return (point, size) if point < 0x110000 else (0xFFFD, 1)


def symbolise(t: Tables, s: Scratch, data: Octets, start: int, end: int) -> int:
    """Fill `sym` and `pos` (byte offset of each symbol's character, and `end` behind the last); how many symbols."""
    n = 0
    at = start
    words, plain = 0, 1
    while at < end:
        byte = data[at]
        if byte < 0x80:
            symbol = look(t, SYMBOLS, byte)
            size = 1
        else:
            point, size = code_point(data, at, end)
            symbol = look(t, SYMBOLS, (look(t, PAGES, point >> 7) << 7) + (point & 127))
        if symbol < EXPAND:
            if symbol != VANISH:
                s[SYM][n] = symbol
                s[POS][n] = at
                n += 1
                if symbol > PLUS or 10 <= symbol < 20:
                    plain = 0
                    if symbol >= WORD:
                        words = 1
        else:
            plain = 0
            run = symbol - EXPAND
            # U+FDFA alone means eighteen characters: no digits are lost by cutting it
            for i in range(run + 1, run + 1 + min(look(t, EXPANSIONS, run), 2 * size)):
                s[SYM][n] = look(t, EXPANSIONS, i)
                s[POS][n] = at
                n += 1
                if s[SYM][n - 1] >= WORD:
                    words = 1
        at += size
    s[POS][n] = end
    s[STATE][S_WORDS], s[STATE][S_PLAIN] = words, plain
    return n
