"""Chains: groups of digits joined by separators, and what spoils or sets aside a group.

Rules held here:
- A chain goes on across a gap of blanks, hyphens, dots and brackets, and across the colon of a time.
- Dates, times and counted things are set aside (INERT): they neither are numbers nor spoil one.
- Letters that are no label, masks, currency and addresses joined to a group spoil it (SPOILT).
"""

from __future__ import annotations

from haoma.numbers.grammar.layout import (
    DIG,
    G_DOT,
    G_TIE,
    GROUP_AT,
    GROUP_FLAG,
    GROUP_GAP,
    GROUP_LEN,
    GROUP_SYM,
    INERT,
    LATIN_X,
    LOOSE_NUMERALS,
    MAX_GAP,
    S_DIGITS,
    S_END,
    S_GROUPS,
    S_LOOSE,
    SOUND,
    STATE,
    SYM,
    Scratch,
)
from haoma.numbers.grammar.plan import value
from haoma.numbers.grammar.symbols import BLANK, CLOSE, COLON, LATIN, OPEN, PLUS, STAR

__all__ = ["after_plus", "begins_digits", "prefix", "read_chain", "starts_group", "undo_spreadsheet"]


def numeral_end(s: Scratch, at: int, n: int, mode: int) -> int:
    """End of the Chinese numerals at `at` where they are digits (three or more, or among digits), else `at`."""
    end = at
    while end < n and 10 <= s[SYM][end] < 20:
        end += 1
    before = at > 0 and s[SYM][at - 1] < 10
    after = end < n and s[SYM][end] < 10
    if end - at >= 3 or (before and after):
        return end
    if before or after:
        s[STATE][S_LOOSE] = 1
        return end if mode & LOOSE_NUMERALS else at
    return at


def begins_digits(s: Scratch, at: int, n: int, mode: int) -> bool:
    """Whether digits begin at symbol `at`."""
    return at < n and (s[SYM][at] < 10 or (s[SYM][at] < 20 and numeral_end(s, at, n, mode) > at))


def take_digits(s: Scratch, at: int, n: int, mode: int) -> int:
    """Append the digits that begin at symbol `at` to `dig`; where they end."""
    place = s[STATE][S_DIGITS]
    while at < n and s[SYM][at] < 20:
        end = at + 1 if s[SYM][at] < 10 else numeral_end(s, at, n, mode)
        if end == at:
            break
        for i in range(at, end):
            s[DIG][place] = s[SYM][i] if s[SYM][i] < 10 else s[SYM][i] - 10
            place += 1
        at = end
    s[STATE][S_DIGITS] = place
    return at


def read_gap(s: Scratch, end: int, n: int, length: int) -> tuple[int, int]:
    """(where the gap behind a group of `length` digits ends, what it holds); a tie as in 10:30 or 7×24."""
    if length <= 2 and end + 1 < n and s[SYM][end + 1] < 10:
        two = end + 2 < n and s[SYM][end + 2] < 10
        more = two and end + 3 < n and s[SYM][end + 3] < 20
        times = s[SYM][end] == STAR or s[SYM][end] == LATIN_X
        if not more and (times or (two and s[SYM][end] == COLON)):
            return end + 1, G_TIE
    at, gap = end, 0
    while at < n and at - end <= MAX_GAP and BLANK <= s[SYM][at] <= CLOSE:
        gap |= 1 << (s[SYM][at] - BLANK)
        at += 1
    return at, gap


def after_plus(s: Scratch, at: int, n: int) -> int:
    """Where the digits behind the plus sign at `at` begin, -1 where none follow."""
    first = at + 1
    while first < n and first - at <= 2 and (s[SYM][first] == BLANK or s[SYM][first] == OPEN or s[SYM][first] == PLUS):
        first += 1
    return first if first < n and s[SYM][first] < 20 else -1


def read_chain(s: Scratch, first: int, n: int, mode: int) -> None:
    """Fill the groups of the chain whose digits begin at symbol `first`; `state` takes their number and the end."""
    s[STATE][S_DIGITS] = 0
    groups, gap, at = 0, 0, first
    while True:
        s[GROUP_AT][groups], s[GROUP_GAP][groups], s[GROUP_SYM][groups] = s[STATE][S_DIGITS], gap, at
        s[GROUP_FLAG][groups] = INERT if gap == G_TIE else SOUND
        end = take_digits(s, at, n, mode)
        s[GROUP_LEN][groups] = end - at
        groups += 1
        at, gap = read_gap(s, end, n, end - at)
        if gap == G_TIE:
            s[GROUP_FLAG][groups - 1] = INERT
        if at < n and s[SYM][at] == PLUS and prefix(s, 0, groups, True)[0] == s[STATE][S_DIGITS]:
            at = max(at, after_plus(s, at, n))
        if not begins_digits(s, at, n, mode):
            break
    s[STATE][S_GROUPS] = groups
    s[STATE][S_END] = end


def undo_spreadsheet(s: Scratch, n: int) -> None:
    """Undo 13800138000.0 and 1.3800138000E+10, where no digit is lost."""
    end = s[STATE][S_END]
    if s[STATE][S_GROUPS] != 2 or s[GROUP_GAP][1] != G_DOT:
        return
    if s[GROUP_LEN][0] >= 3 and s[GROUP_LEN][1] <= 2 and value(s[DIG], s[GROUP_AT][1], s[GROUP_LEN][1]) == 0:
        if s[GROUP_LEN][1] == 1 or s[GROUP_LEN][0] >= 10:
            s[STATE][S_GROUPS] = 1
    elif (
        s[GROUP_LEN][0] == 1
        and s[GROUP_LEN][1] == 10
        and end + 4 <= n
        and s[SYM][end] == LATIN + 4
        and s[SYM][end + 1] == PLUS
    ):
        if s[SYM][end + 2] == 1 and s[SYM][end + 3] == 0 and (end + 4 == n or s[SYM][end + 4] >= 20):
            s[STATE][S_GROUPS], s[STATE][S_END], s[GROUP_LEN][0] = 1, end + 4, 11


def starts_group(s: Scratch, i: int, j: int, at: int) -> bool:
    """Whether digit `at` begins one of the groups `i` to `j`."""
    for g in range(i, j):
        if s[GROUP_AT][g] == at:
            return True
    return False


def prefix(s: Scratch, i: int, j: int, plus: bool) -> tuple[int, bool]:
    """(where the number proper begins, whether China's country code was there) in groups `i` to `j`.

    Drops +86, 0086, 086, 86 (also twice) and the IP-dial prefixes. A bare 86 must stand apart or leave nine digits.
    """
    dig = s[DIG]
    at, end = s[GROUP_AT][i], s[GROUP_AT][j - 1] + s[GROUP_LEN][j - 1]
    country = False
    for _ in range(4):
        left = end - at
        if left < 2 or (dig[at] != 0 and dig[at] != 8 and (dig[at] != 1 or left < 5)):
            break
        if dig[at] == 8:
            if dig[at + 1] != 6 or not (left >= 11 or plus or country or starts_group(s, i, j, at + 2)):
                break
            at += 2
            country = True
        elif dig[at] == 0:
            size = 3 if dig[at + 1] == 8 else 4 if dig[at + 1] == 0 else 0
            if size == 0 or left < size or value(dig, at, size) != 86:
                break
            if size == 3 and not (left >= 12 or plus or starts_group(s, i, j, at + 3)):
                break
            at += size
            country = True
        elif left >= 14 and is_dial_prefix(value(dig, at, 5)):
            at += 5
        elif left == 5 and plus and is_dial_prefix(value(dig, at, 5)):
            return end, country
        else:
            break
    return at, country


def is_dial_prefix(code: int) -> bool:
    """The carriers' prefixes for cheaper long-distance calls."""
    return code == 17951 or code == 17911 or code == 17909 or code == 17969 or code == 12593
