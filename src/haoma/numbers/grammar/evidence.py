"""Whether what stands around a candidate lets it be a number.

Rules held here:
- The shorter a code, the more evidence it needs: 110 a label, 95588 in running text a label, or to be well known.
- In running text an organisation (银行, 医院, 公司) is no label: it bears out codes of its own kind, and others
  behind a colon.
- A number keeps clear of the rest of its chain: a blank between, none inside; else a digit too many spoils it.
"""

from __future__ import annotations

from haoma.numbers.grammar.beside import is_letter, label_of, remark_of, word_before, word_behind
from haoma.numbers.grammar.layout import (
    ALARM,
    ANOTHER,
    BOUND,
    CAME,
    COST,
    COUNT,
    CUT,
    DIG,
    FIRM,
    G_BLANK,
    G_CLOSE,
    G_DOT,
    G_OPEN,
    GROUP_AT,
    GROUP_GAP,
    GROUP_LEN,
    GROUP_SYM,
    HOUSE,
    JUNK,
    LABEL,
    NO_BARE,
    S_ALARM_END,
    S_BARE,
    S_CONTEXT,
    S_END,
    S_EXT,
    S_FIRST,
    S_GROUPS,
    S_WORDS,
    STATE,
    SYM,
    TEXT,
    UNIT,
    Scratch,
)
from haoma.numbers.grammar.owners import belongs, is_national_code
from haoma.numbers.grammar.plan import (
    CARRIER_SERVICE,
    INTERNATIONAL,
    NATIONAL_SERVICE,
    PUBLIC_SERVICE,
    REGIONAL_SERVICE,
    Tables,
    is_public_code,
    value,
)
from haoma.numbers.grammar.symbols import BLANK, CLOSE, COLON, HASH, HYPHEN, LIST, OPEN, PLUS, WORD

__all__ = ["accepts", "is_rest"]

LONGEST_BRACKET = 16


def is_rest(s: Scratch, i: int, j: int) -> bool:
    """Whether the piece of groups `i` to `j` is no number."""
    return s[COST][j] - s[COST][i] == JUNK


def stands_apart(s: Scratch, low: int, high: int, i: int, j: int, at: int, short: bool) -> bool:
    """Whether rest beside a number leaves it whole: a blank between, none inside; or a list's `1.` in front."""
    left = i > low and is_rest(s, i - 1, i) and s[CAME][i] == i - 1
    right = j < high and s[CUT][j] == j + 1 and is_rest(s, j, j + 1)
    if not left and not right:
        return True
    if short or (left and low == 0 and s[SYM][s[STATE][S_FIRST]] == PLUS):
        return False
    loose = False
    for g in range(i, j):
        loose |= s[GROUP_AT][g] > at and s[GROUP_GAP][g] & G_BLANK != 0
    apart = left and (i - 1 == low or s[GROUP_GAP][i - 1] & G_BLANK != 0)
    listed = apart and s[GROUP_LEN][i - 1] <= 2 and s[GROUP_GAP][i] & (G_DOT | G_CLOSE) != 0
    for g in range(i + 1, j):
        listed = listed and (s[GROUP_GAP][g] != G_DOT or s[GROUP_GAP][i] != G_DOT)  # 1.800.933.6262
    if left and not listed and (loose or s[GROUP_GAP][i] & G_BLANK == 0):
        return False
    return not right or (not loose and s[GROUP_GAP][j] & (G_BLANK | G_OPEN) != 0)


def has_evidence(
    t: Tables, s: Scratch, n: int, mode: int, kind: int, at: int, length: int, first: int, end: int
) -> bool:
    """Whether a short code from symbol `first` to `end` is meant as one: by its label, its remark or its company."""
    label, remark = label_of(t, s, first), remark_of(t, s, end, n)
    if label == COUNT or remark == UNIT or remark == BOUND or is_ratio(s, first):
        return False
    if (first > 0 and s[SYM][first - 1] == HASH) or (end < n and s[SYM][end] == PLUS):
        return False  # #10000, 10000+
    named = is_named(t, s, mode, label, kind, at, length) or remark == ALARM or remark == LABEL
    named = named or (length > 3 and (label == 0 or label >= FIRM) and is_captioned(t, s, first))
    if not named and s[STATE][S_ALARM_END] >= 0 and first - s[STATE][S_ALARM_END] <= 3:
        named = is_listed(s, s[STATE][S_ALARM_END], first)
    if not named and length == 3:
        named = speaks_for_itself(s, n, mode, first, end)
    elif not named and not (kind == CARRIER_SERVICE and length == 6 and s[STATE][S_WORDS]):  # 100020 may be a postcode
        named = mode & TEXT == 0 or (label <= FIRM and is_well_known(s, kind, at, length, first, end, n))
    if named:
        s[STATE][S_ALARM_END] = end
    return named


def is_named(t: Tables, s: Scratch, mode: int, label: int, kind: int, at: int, length: int) -> bool:
    """Whether a label names the code; in running text an organisation names only codes of its kind."""
    if label < FIRM or mode & TEXT == 0:
        return label == LABEL or label == ALARM or label >= FIRM
    return belongs(t, label, kind, s[DIG], at, length)


def speaks_for_itself(s: Scratch, n: int, mode: int, first: int, end: int) -> bool:
    """Whether a code of three digits has its cell to itself, or heads it with a remark set apart."""
    if mode & TEXT or (first > 0 and s[SYM][first - 1] == HYPHEN):
        return False
    if s[STATE][S_WORDS]:
        return first == 0 and is_heading(s, end, n)
    s[STATE][S_BARE] = 1
    return mode & NO_BARE == 0


def is_heading(s: Scratch, end: int, n: int) -> bool:
    """Whether a remark set apart follows symbol `end`: a blank, a bracket or a comma, and no Latin unit."""
    if end >= n or (s[SYM][end] != BLANK and s[SYM][end] != OPEN and s[SYM][end] != LIST):
        return False
    return s[SYM][end] != BLANK or end + 1 == n or not is_letter(s[SYM][end + 1])


def is_ratio(s: Scratch, first: int) -> bool:
    """Whether a colon behind bare digits leads up to symbol `first`: 1:10086, but not 客服1:10086."""
    at = first - 2
    if at < 0 or s[SYM][first - 1] != COLON or s[SYM][at] >= 10:
        return False
    while at >= 0 and s[SYM][at] < 10:
        at -= 1
    return at < 0 or s[SYM][at] < WORD


def is_captioned(t: Tables, s: Scratch, first: int) -> bool:
    """Whether a colon leads up to `first`, behind a Chinese word or behind a label and its bracket."""
    at = first - 1
    while at >= 0 and s[SYM][at] == BLANK:
        at -= 1
    if at <= 0 or s[SYM][at] != COLON:
        return False
    if s[SYM][at - 1] != CLOSE:
        return s[SYM][at - 1] >= WORD and not is_letter(s[SYM][at - 1])
    stop = max(0, at - LONGEST_BRACKET)
    while at > stop and s[SYM][at] != OPEN:
        at -= 1
    return at > 0 and s[SYM][at] == OPEN and word_before(t, s, at - 1)[0] == LABEL


def is_listed(s: Scratch, end: int, first: int) -> bool:
    """Whether only list marks and at most one word character stand between symbols `end` and `first`."""
    for k in range(end, first):
        if is_letter(s[SYM][k]) or s[SYM][k] < 20:
            return False
    return True


def is_well_known(s: Scratch, kind: int, at: int, length: int, first: int, end: int, n: int) -> bool:
    """Whether a short code in running text needs no label: 10086, a government's, or a known 95xxx among words.

    The other carriers' look like round sums: 上限为10000.
    """
    if first > 1 and s[SYM][first - 1] == BLANK and is_letter(s[SYM][first - 2]):
        return False
    if kind == CARRIER_SERVICE:
        return value(s[DIG], at, 5) == 10086
    if kind == NATIONAL_SERVICE:
        known = is_national_code(value(s[DIG], at, 5)) if length == 5 else s[DIG][at + 2] <= 1
        return known and (s[STATE][S_WORDS] == 0 or is_among_words(s, first, end, n))
    if kind == PUBLIC_SERVICE and length == 5:
        return is_public_code(value(s[DIG], at, 5))
    return kind == PUBLIC_SERVICE or (kind == REGIONAL_SERVICE and value(s[DIG], at, length) == 96110)


def is_among_words(s: Scratch, first: int, end: int, n: int) -> bool:
    """Whether a word stands on either side of symbols `first` to `end`, a blank looked past."""
    before = first - 2 if first > 1 and s[SYM][first - 1] == BLANK else first - 1
    behind = end + 1 if end < n and s[SYM][end] == BLANK else end
    return (before >= 0 and s[SYM][before] >= WORD) or (behind < n and s[SYM][behind] >= WORD)


def accepts(
    t: Tables,
    s: Scratch,
    n: int,
    mode: int,
    low: int,
    high: int,
    i: int,
    j: int,
    kind: int,
    at: int,
    length: int,
    area: int,
) -> bool:
    """Whether what stands around the number in groups `i` to `j` lets it be one."""
    short = kind >= NATIONAL_SERVICE and kind != INTERNATIONAL and area == 0
    if not stands_apart(s, low, high, i, j, at, short):
        return False
    first = s[STATE][S_FIRST] if i == 0 else s[GROUP_SYM][i]
    end = s[STATE][S_END] if j == s[STATE][S_GROUPS] else s[GROUP_SYM][j - 1] + s[GROUP_LEN][j - 1]
    if i == 0 and s[SYM][first] != PLUS and label_of(t, s, first) == ANOTHER:
        return False
    marked = s[STATE][S_EXT] > 0 or s[STATE][S_CONTEXT] > 0
    if j == s[STATE][S_GROUPS] and not marked:
        behind = word_behind(t, s, end, n)[0]
        named = short and is_named(t, s, mode, label_of(t, s, first), kind, at, length)
        if behind == BOUND or (behind == HOUSE and not named):
            return False
    if mode & TEXT and length == 13 and label_of(t, s, first) == 0:
        return False  # as many digits as a time stamp or a bar code
    if not short or marked or s[GROUP_AT][i] < at:
        return True
    return has_evidence(t, s, n, mode, kind, at, length, first, end)
