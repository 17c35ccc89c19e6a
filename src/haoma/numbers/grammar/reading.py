"""Reading a cell or a text: chain after chain, each cut into whole numbers.

Rules held here:
- A chain is one number, or several whole ones with as little rest as can be; a bare local number takes the area code
  before it.
- A cell that is digits and separators alone and one number takes a short way; a law holds it to the same answer.
"""

from __future__ import annotations

from haoma.numbers.grammar.behind import context_area, read_behind
from haoma.numbers.grammar.candidate import match
from haoma.numbers.grammar.chains import after_plus, begins_digits, prefix, read_chain, undo_spreadsheet
from haoma.numbers.grammar.decode import symbolise
from haoma.numbers.grammar.evidence import accepts, is_rest
from haoma.numbers.grammar.layout import (
    ANOTHER_NUMBER,
    AREA,
    CAME,
    COST,
    CUT,
    DIG,
    DIGITS,
    END,
    EXT,
    EXT_LEN,
    FIELDS,
    FOREIGN,
    GROUP_AT,
    GROUP_FLAG,
    GROUP_LEN,
    GROUP_SYM,
    JOINED,
    JUNK,
    KIND,
    LATIN_END,
    LATIN_W,
    LENT,
    LOOSE_NUMERALS,
    MAX_GAP,
    MAX_GROUPS,
    NEVER,
    NO_AREA_CODE,
    NO_BARE,
    NOT_A_NUMBER,
    NUMBER,
    ROW,
    S_ALARM_END,
    S_AREA,
    S_AREA_END,
    S_BARE,
    S_BEHIND,
    S_CONTEXT,
    S_END,
    S_EXT,
    S_EXT_AT,
    S_FAILED,
    S_FIRST,
    S_GROUPS,
    S_LOOSE,
    S_PLAIN,
    S_REASON,
    SOUND,
    SPOILT,
    START,
    STATE,
    SYM,
    TEXT,
    TOO_LONG,
    TOO_SHORT,
    UNALLOCATED,
    UNKNOWN_AREA,
    WRONG_LENGTH,
    Scratch,
)
from haoma.numbers.grammar.marks import (
    has_dot,
    is_counted,
    joined,
    mark_counted,
    mark_decimals,
    mark_edges,
    mark_groups,
)
from haoma.numbers.grammar.plan import (
    INTERNATIONAL,
    LANDLINE,
    NATIONAL_SERVICE,
    Octets,
    Tables,
    area_code,
    row_of,
    value,
)
from haoma.numbers.grammar.symbols import BLANK, CLOSE, COLON, DOT, LIST, PLUS, QUOTE, SLASH, WORD

__all__ = ["read", "read_plain", "scan"]


def cut_chain(t: Tables, s: Scratch, low: int, high: int, plus: bool, alone: bool) -> int:
    """Cut groups `low` to `high` into whole numbers and little rest: `cut[i]` ends the piece that begins at i.

    Returns -1 where libphonenumber is needed and cannot be asked, else 0. A piece is rest where its cost is JUNK.
    """
    s[COST][low], s[LENT][low] = 0, s[STATE][S_AREA]
    kind = match(t, s, low, high, plus, s[STATE][S_AREA], alone)[0]
    if kind:
        s[COST][high], s[CAME][high], s[CUT][low] = 0, low, high
        return min(kind, 0)
    for k in range(low + 1, high + 1):
        s[COST][k] = NEVER
    for i in range(low, high):
        if s[COST][i] + JUNK < s[COST][i + 1]:
            s[COST][i + 1], s[CAME][i + 1], s[LENT][i + 1] = s[COST][i] + JUNK, i, s[LENT][i]
        top = min(high, i + MAX_GROUPS)
        for j in range(i + 1, top + 1):
            if s[GROUP_AT][j - 1] - s[GROUP_AT][i] > 26:
                break
            kind, _, _, code, ext = match(
                t, s, i, j, plus and i == low, lent(s, i, low), alone and i == low and j == high
            )
            if kind < 0:
                return -1
            weight = s[COST][i] + (2 if kind >= NATIONAL_SERVICE and kind != INTERNATIONAL else 0) + (1 if ext else 0)
            if kind and weight < s[COST][j]:
                s[COST][j], s[CAME][j], s[LENT][j] = weight, i, code if kind == LANDLINE else s[LENT][i]
    k = high
    while k > low:
        s[CUT][s[CAME][k]] = k
        k = s[CAME][k]
    return 0


def lent(s: Scratch, i: int, low: int) -> int:
    """The area code that a bare local number at group `i` may take; none where a hyphen joins it to what is before."""
    return s[LENT][i] if i == low or not joined(s, i) else 0


def emit(
    t: Tables,
    s: Scratch,
    out: list[int],
    count: int,
    i: int,
    j: int,
    kind: int,
    at: int,
    length: int,
    area: int,
    ext: int,
) -> None:
    """Write one number's record, where there is room for it."""
    base = count * FIELDS
    if base + FIELDS > len(out):
        return
    last = j == s[STATE][S_GROUPS]
    number = value(s[DIG], at, length)
    if kind == LANDLINE:
        number += area * (10000000 if length == 7 else 100000000)
    out[base + DIGITS] = length + (0 if kind != LANDLINE else 2 if area < 100 else 3)
    out[base + KIND], out[base + NUMBER], out[base + AREA] = kind, number, area
    out[base + ROW] = row_of(t, kind, s[DIG], at, length, area)
    ext_at, ext_len = (
        (s[GROUP_AT][ext], s[GROUP_LEN][ext]) if ext else (s[STATE][S_EXT_AT], s[STATE][S_EXT] if last else 0)
    )
    out[base + EXT], out[base + EXT_LEN] = value(s[DIG], ext_at, ext_len), ext_len
    out[base + START] = s[STATE][S_FIRST] if i == 0 else s[GROUP_SYM][i]
    out[base + END] = s[STATE][S_BEHIND] if last and ext == 0 else s[GROUP_SYM][j - 1] + s[GROUP_LEN][j - 1]


def read_numbers(
    t: Tables, s: Scratch, n: int, mode: int, out: list[int], count: int, low: int, high: int, plus: bool, alone: bool
) -> int:
    """Cut groups `low` to `high` and write the numbers among them; how many there are now, -1 where nobody can tell."""
    if cut_chain(t, s, low, high, plus, alone) < 0:
        return -1
    i = low
    while i < high:
        j = s[CUT][i]
        if is_rest(s, i, j):
            s[STATE][S_FAILED] += 1
        else:
            kind, at, length, area, ext = match(
                t, s, i, j, plus and i == low, lent(s, i, low), alone and j - i == high - low
            )
            if accepts(t, s, n, mode, low, high, i, j, kind, at, length, area):
                if area == 0 and kind >= NATIONAL_SERVICE and kind != INTERNATIONAL:
                    area = context_area(s[STATE][S_CONTEXT])
                emit(t, s, out, count, i, j, kind, at, length, area, ext)
                count += 1
                if kind == LANDLINE:
                    s[STATE][S_AREA], s[STATE][S_AREA_END] = area, s[GROUP_SYM][j - 1] + s[GROUP_LEN][j - 1]
            else:
                s[STATE][S_FAILED] += 1
        i = j
    return count


def has_cell_alone(s: Scratch, n: int, mode: int, count: int, behind: int) -> bool:
    """Whether the chain at hand holds all the digits of its cell."""
    if mode & TEXT or count or s[STATE][S_FAILED]:
        return False
    for k in range(behind, n):
        if s[SYM][k] < 20:
            return False
    return True


def read_one_chain(t: Tables, s: Scratch, n: int, mode: int, out: list[int], count: int, plus: bool) -> int:
    """Write the numbers of the chain just read; how many there are now, -1 where nobody can tell."""
    undo_spreadsheet(s, n)
    groups, first, end = s[STATE][S_GROUPS], s[STATE][S_FIRST], s[STATE][S_END]
    mark_groups(s, groups)
    mark_edges(t, s, first, groups, end, n)
    s[STATE][S_BEHIND] = read_behind(t, s, end, n)
    if s[STATE][S_CONTEXT] < 0:
        return count
    if s[STATE][S_CONTEXT] > 0:
        s[STATE][S_AREA] = context_area(s[STATE][S_CONTEXT])
    elif mode & TEXT and first - s[STATE][S_AREA_END] > MAX_GAP:
        s[STATE][S_AREA] = 0
    alone = groups > 1 and has_cell_alone(s, n, mode, count, s[STATE][S_BEHIND])
    if groups > 1:
        counted = is_counted(t, s, groups, end, n)
        if counted or has_dot(s, groups):
            kind, _, _, _, ext = match(t, s, 0, groups, plus, s[STATE][S_AREA], alone)
            if counted and (kind == 0 or ext):
                mark_counted(s, groups - 1)
            if kind == 0:
                mark_decimals(s, groups)
    low = 0
    while low < groups:
        high = low
        while high < groups and s[GROUP_FLAG][high] == SOUND:
            high += 1
        if high > low:
            count = read_numbers(
                t, s, n, mode, out, count, low, high, plus and low == 0, alone and high - low == groups
            )
            if count < 0:
                return -1
        low = high + 1
    return count


def reason_of(t: Tables, s: Scratch) -> int:
    """Why the chain at hand is no number."""
    groups = s[STATE][S_GROUPS]
    for g in range(groups):
        if s[GROUP_FLAG][g] != SOUND:
            return JOINED if s[GROUP_FLAG][g] == SPOILT else ANOTHER_NUMBER
    at, country = prefix(s, 0, groups, True)
    digits = s[GROUP_AT][groups - 1] + s[GROUP_LEN][groups - 1]
    length = digits - at
    if digits < 3 or length < 3:
        return TOO_SHORT
    if length > 13:
        return TOO_LONG
    head = s[DIG][at] * 10 + s[DIG][at + 1]
    if head >= 13 and head < 20:
        return UNALLOCATED if length == 11 else TOO_SHORT if length < 11 else TOO_LONG
    if head == 40 or head == 80 or head == 95 or head == 96:
        return TOO_SHORT if length < (10 if head % 10 == 0 else 5) else TOO_LONG
    if s[DIG][at] == 0 and s[DIG][at + 1] != 0:
        if length < 6:
            return TOO_SHORT
        return WRONG_LENGTH if area_code(t, s[DIG], at + 1, length - 1) else UNKNOWN_AREA
    if 7 <= length <= 8 and head >= 20:
        return NO_AREA_CODE
    return FOREIGN if length >= 9 and not country else NOT_A_NUMBER


def skip(s: Scratch, at: int, n: int) -> int:
    """The next symbol to look at behind one that begins no chain: a web address is passed over whole."""
    colon = s[SYM][at] == COLON and at + 2 < n and s[SYM][at + 1] == SLASH and s[SYM][at + 2] == SLASH
    www = (
        at + 3 < n
        and s[SYM][at] == LATIN_W
        and s[SYM][at + 1] == LATIN_W
        and s[SYM][at + 2] == LATIN_W
        and s[SYM][at + 3] == DOT
    )
    if not colon and not www:
        return at + 1
    while (
        at < n
        and s[SYM][at] != BLANK
        and s[SYM][at] != LIST
        and s[SYM][at] != QUOTE
        and s[SYM][at] != WORD
        and s[SYM][at] < LATIN_END
    ):
        at += 1
    return at


def scan(t: Tables, s: Scratch, n: int, mode: int, out: list[int]) -> int:
    """Write the numbers among `n` symbols; how many there are, -1 where nobody can tell."""
    s[STATE][S_REASON] = s[STATE][S_FAILED] = s[STATE][S_BARE] = s[STATE][S_LOOSE] = s[STATE][S_AREA] = 0
    s[STATE][S_AREA_END] = s[STATE][S_ALARM_END] = -NEVER
    count, at = 0, 0
    while at < n:
        plus = s[SYM][at] == PLUS
        if s[SYM][at] >= 20 and not plus:
            at = skip(s, at, n)
            continue
        first = after_plus(s, at, n) if plus else at
        if first < 0 or not begins_digits(s, first, n, mode):
            at += 1
            continue
        s[STATE][S_FIRST] = at
        read_chain(s, first, n, mode)
        found = read_one_chain(t, s, n, mode, out, count, plus)
        if found < 0:
            return -1
        if found == count:
            s[STATE][S_FAILED] += 1
            if s[STATE][S_REASON] == 0:
                s[STATE][S_REASON] = reason_of(t, s)
        count = found
        at = s[STATE][S_BEHIND]
    return count


def read_plain(t: Tables, s: Scratch, n: int, out: list[int]) -> int:
    """The short way for a cell of digits and separators alone: 1 where it is one number, 0 where `scan` must look.

    Nothing stands beside such a number, so nothing but its digits can decide.
    """
    at = 0
    while at < n and BLANK <= s[SYM][at] <= CLOSE:
        at += 1
    if at == n:
        return 0
    plus = s[SYM][at] == PLUS
    first = after_plus(s, at, n) if plus else at
    if first < 0:
        return 0
    s[STATE][S_FIRST] = at
    read_chain(s, first, n, 0)
    end = s[STATE][S_END]
    for k in range(end, n):
        if s[SYM][k] < BLANK or s[SYM][k] > CLOSE:
            return 0
    undo_spreadsheet(s, n)
    groups = s[STATE][S_GROUPS]
    mark_groups(s, groups)
    kind, digit, length, area, ext = match(t, s, 0, groups, plus, 0, True)
    if kind <= 0 or ext:
        return 0
    s[STATE][S_EXT], s[STATE][S_BEHIND] = 0, end
    emit(t, s, out, 0, 0, groups, kind, digit, length, area, 0)
    return 1


def read(t: Tables, s: Scratch, data: Octets, start: int, end: int, mode: int, out: list[int]) -> int:
    """Find the numbers in the UTF-8 of `data[start:end]` and write a record each; how many, -1 where nobody can tell.

    `state[S_REASON]` then says why there is none. Time and space are linear in the length.
    """
    n = symbolise(t, s, data, start, end)
    if s[STATE][S_PLAIN] and mode == 0 and read_plain(t, s, n, out):
        return 1
    count = scan(t, s, n, mode, out)
    if count > 0 and s[STATE][S_BARE] and s[STATE][S_FAILED]:
        count = scan(t, s, n, mode | NO_BARE, out)
    if count == 0 and s[STATE][S_LOOSE]:
        count = scan(t, s, n, mode | LOOSE_NUMERALS, out)
    return count
