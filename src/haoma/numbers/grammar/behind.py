"""What follows a number and belongs to it: its extension and its phone-context.

Rules held here:
- An extension has one to seven digits behind a mark (转, 分机, ext., x, #, ;ext=). A whole long number there is none.
"""

from __future__ import annotations

from haoma.numbers.grammar.beside import is_letter, passes, word_behind
from haoma.numbers.grammar.layout import DIG, MARK, PARAM, S_CONTEXT, S_DIGITS, S_EXT, S_EXT_AT, STATE, SYM, Scratch
from haoma.numbers.grammar.plan import Tables, area_code, fixed, is_local, mobile, value
from haoma.numbers.grammar.symbols import BLANK, CLOSE, EQUALS, HASH, HYPHEN, LIST, OPEN, PLUS

__all__ = ["context_area", "read_behind"]


def mark_end(t: Tables, s: Scratch, end: int, n: int) -> int:
    """Where the extension's digits begin behind a mark (转, 分机, ext., x, #, ;ext=), -1 where there is no mark."""
    at = end
    while at < n and at - end < 3 and (passes(s[SYM][at]) or s[SYM][at] == LIST) and s[SYM][at] != HASH:
        at += 1
    marked = False
    if at < n and s[SYM][at] == HASH and at - end <= 2:
        marked = True
    while at < n and at - end < 16:
        found, length = word_behind(t, s, at, n)
        if found == MARK and (at == end or length > 1 or not is_letter(s[SYM][at]) or BLANK <= s[SYM][at - 1] <= OPEN):
            marked = True
            at += length
        elif marked and passes(s[SYM][at]):
            at += 1
        else:
            break
    return at if marked else -1


def extension_end(s: Scratch, at: int, n: int) -> int:
    """End of one to seven digits at `at` that make an extension, `at` where they make none."""
    end = at
    while end < n and s[SYM][end] < 20:
        end += 1
    return end if 1 <= end - at <= 7 else at


def read_extension(t: Tables, s: Scratch, end: int, n: int) -> int:
    """Take the extension marked behind symbol `end` into `state`; where reading goes on."""
    at = mark_end(t, s, end, n)
    if at < 0:
        return end
    last = extension_end(s, at, n)
    if last == at or is_number_at(t, s, at, n):
        return end
    s[STATE][S_EXT_AT] = s[STATE][S_DIGITS]
    s[STATE][S_EXT] = last - at
    for i in range(at, last):
        s[DIG][s[STATE][S_DIGITS]] = s[SYM][i] if s[SYM][i] < 10 else s[SYM][i] - 10
        s[STATE][S_DIGITS] += 1
    return last


def is_number_at(t: Tables, s: Scratch, at: int, n: int) -> bool:
    """Whether a whole long number stands at `at` (转 13800138000 puts a caller through, it is no extension)."""
    digits, i, base = 0, at, s[STATE][S_DIGITS]
    while i < n and i - at < 24 and (s[SYM][i] < 20 or BLANK <= s[SYM][i] <= CLOSE):
        if s[SYM][i] < 20:
            s[DIG][base + digits] = s[SYM][i] if s[SYM][i] < 10 else s[SYM][i] - 10
            digits += 1
        i += 1
    if digits < 10:
        return False
    area = area_code(t, s[DIG], base + 1, digits - 1) if s[DIG][base] == 0 else 0
    if area and is_local(t, value(s[DIG], base + 1, area), s[DIG], base + 1 + area, digits - 1 - area):
        return True
    return mobile(t, s[DIG], base, digits) != 0 or fixed(s[DIG], base, digits) != 0


def read_context(t: Tables, s: Scratch, end: int, n: int) -> int:
    """Take `;phone-context=+86571` behind symbol `end` into `state`; where reading goes on. A foreign one is -1."""
    if end + 1 >= n or s[SYM][end] != LIST or word_behind(t, s, end + 1, n)[0] != PARAM:
        return end
    at = end + 1 + word_behind(t, s, end + 1, n)[1]
    if at + 2 >= n or s[SYM][at] != EQUALS or s[SYM][at + 1] != PLUS:
        return end
    first, at = at + 2, at + 2
    context = 0
    length = 0
    while at < n and at - first < 12 and (s[SYM][at] < 10 or (s[SYM][at] == HYPHEN and length)):
        if s[SYM][at] < 10:
            context = context * 10 + s[SYM][at]
            length += 1
        at += 1
    if length < 2 or length > 5 or context // 10 ** max(0, length - 2) != 86:
        s[STATE][S_CONTEXT] = -1
    else:
        s[STATE][S_CONTEXT] = context
    return at


def read_behind(t: Tables, s: Scratch, end: int, n: int) -> int:
    """Take extension and phone-context, in either order; where reading goes on."""
    s[STATE][S_EXT] = s[STATE][S_CONTEXT] = 0
    at = read_extension(t, s, read_context(t, s, end, n), n)
    return read_context(t, s, at, n) if s[STATE][S_CONTEXT] == 0 else at


def context_area(context: int) -> int:
    """The area code in a phone-context of 86, 8610 or 86571; 0 for none."""
    return context - (86000 if context >= 86000 else 8600 if context >= 8600 else 860) if context > 86 else 0
