"""What sets a group of digits aside, or spoils it.

Rules held here:
- Dates, times, IP addresses, decimals and counted things are set aside (INERT): they neither are numbers nor spoil one.
- Letters that are no label, masks, currency and mail addresses spoil the group they are joined to, and its neighbours.
- A run of digits too long for any number is spoilt.
"""

from __future__ import annotations

from haoma.numbers.grammar.beside import is_letter, label_of, word_before, word_behind
from haoma.numbers.grammar.layout import (
    ANOTHER,
    BOUND,
    DIG,
    G_BLANK,
    G_CLOSE,
    G_DOT,
    G_HYPHEN,
    G_OPEN,
    GROUP_AT,
    GROUP_FLAG,
    GROUP_GAP,
    GROUP_LEN,
    HOUSE,
    INERT,
    SPOILT,
    SYM,
    UNIT,
    Scratch,
)
from haoma.numbers.grammar.plan import Tables, value
from haoma.numbers.grammar.symbols import AT, BLANK, CLOSE, DOT, MIDDOT, MONEY, OPEN, PERCENT, PLUS, STAR

__all__ = ["has_dot", "is_counted", "is_date", "joined", "mark_counted", "mark_decimals", "mark_edges", "mark_groups"]

LONGEST_RUN, LONGEST_DIALLED, LONGEST_ABROAD = 15, 17, 21  # 86 and an IoT number; behind an IP-dial prefix; 0086 twice


def mark_groups(s: Scratch, groups: int) -> None:
    """Set aside, or spoil, what the groups alone tell: dates, addresses, endless runs."""
    for g in range(groups):
        length = s[GROUP_LEN][g]
        first = s[DIG][s[GROUP_AT][g]]
        if length > (LONGEST_ABROAD if first == 0 else LONGEST_DIALLED if first == 1 else LONGEST_RUN):
            spoil(s, g, groups, 1)
            spoil(s, g, -1, -1)
    if groups > 2:
        mark_dates(s, groups)
        mark_addresses(s, groups)


def joined(s: Scratch, g: int) -> bool:
    """Whether the gap before group `g` ties it to the group before: neither blank nor bracket."""
    return s[GROUP_GAP][g] & (G_BLANK | G_OPEN | G_CLOSE) == 0


def spoil(s: Scratch, g: int, stop: int, step: int) -> None:
    """Spoil group `g` and those joined to it, one after the other towards `stop`."""
    s[GROUP_FLAG][g] = SPOILT
    while g + step != stop and joined(s, max(g, g + step)):
        g += step
        s[GROUP_FLAG][g] = SPOILT


def is_counted(t: Tables, s: Scratch, groups: int, end: int, n: int) -> bool:
    """Whether a unit counts the last group, which ends at symbol `end`: two digits, or four that stand apart."""
    last = groups - 1
    if s[GROUP_LEN][last] > 4 or (s[GROUP_LEN][last] > 2 and joined(s, last)):
        return False
    found = word_behind(t, s, end, n)[0]
    return found == UNIT or found == BOUND or found == HOUSE


def mark_counted(s: Scratch, g: int) -> None:
    """Set group `g`, which a unit counts, aside; behind a dot it makes an amount of what is before it."""
    if s[GROUP_GAP][g] == G_DOT:
        spoil(s, g, -1, -1)
    else:
        s[GROUP_FLAG][g] = INERT


def has_dot(s: Scratch, groups: int) -> bool:
    """Whether a lone dot stands between two groups."""
    for g in range(1, groups):
        if s[GROUP_GAP][g] == G_DOT:
            return True
    return False


def mark_decimals(s: Scratch, groups: int) -> None:
    """Set decimals (116.40739, 99.00) aside: two groups and a dot, joined to nothing else; the chain is no number."""
    for g in range(groups - 1):
        head, tail = s[GROUP_LEN][g], s[GROUP_LEN][g + 1]
        if s[GROUP_GAP][g + 1] != G_DOT or head > 3 or head + tail > 9 or (head > 1 and s[DIG][s[GROUP_AT][g]] == 0):
            continue
        if (g == 0 or not joined(s, g)) and (g + 2 == groups or not joined(s, g + 2)):
            s[GROUP_FLAG][g] = s[GROUP_FLAG][g + 1] = INERT


def mark_addresses(s: Scratch, groups: int) -> None:
    """Set IP addresses aside: four groups of up to 255, with dots."""
    for g in range(groups - 3):
        whole = True
        for k in range(4):
            size = s[GROUP_LEN][g + k]
            dotted = k == 0 or s[GROUP_GAP][g + k] == G_DOT
            whole = whole and dotted and size <= 3 and value(s[DIG], s[GROUP_AT][g + k], size) <= 255
        if whole and (g + 4 == groups or s[GROUP_GAP][g + 4] != G_DOT):
            for k in range(4):
                s[GROUP_FLAG][g + k] = INERT


def mark_dates(s: Scratch, groups: int) -> None:
    """Set dates (2023-11-15, 15.11.2023) aside: they neither are numbers nor spoil one."""
    for g in range(groups - 2):
        gap = s[GROUP_GAP][g + 1]
        if gap != s[GROUP_GAP][g + 2] or (gap != G_HYPHEN and gap != G_DOT) or s[GROUP_LEN][g + 1] > 2:
            continue
        year = g if s[GROUP_LEN][g] == 4 and s[GROUP_LEN][g + 2] <= 2 else g + 2
        day = g + 2 if year == g else g
        if s[GROUP_LEN][year] != 4 or s[GROUP_LEN][day] > 2:
            continue
        month_value = value(s[DIG], s[GROUP_AT][g + 1], s[GROUP_LEN][g + 1])
        day_value = value(s[DIG], s[GROUP_AT][day], s[GROUP_LEN][day])
        if is_date(value(s[DIG], s[GROUP_AT][year], 4) * 10000 + month_value * 100 + day_value):
            s[GROUP_FLAG][g] = s[GROUP_FLAG][g + 1] = s[GROUP_FLAG][g + 2] = INERT


def is_date(number: int) -> bool:
    """Whether an integer reads as year, month and day, 19000101 to 20991231."""
    return 19000101 <= number <= 20991231 and 1 <= number // 100 % 100 <= 12 and 1 <= number % 100 <= 31


def mark_edges(t: Tables, s: Scratch, first: int, groups: int, end: int, n: int) -> None:
    """Spoil the first and last group where letters, masks, currency or an address are joined to them."""
    if first > 0:
        last = s[SYM][first - 1]
        before = s[SYM][first - 2] if first > 1 else OPEN
        lettered = is_letter(last) and s[SYM][first] != PLUS and word_before(t, s, first - 1)[0] == 0
        starred = last == STAR and (before == STAR or before < 20)
        priced = last == MONEY or (last == BLANK and before == MONEY)
        if lettered or starred or priced or (last == MIDDOT and is_letter(before)):
            spoil(s, 0, groups, 1)
    if end < n:
        last = s[SYM][end]
        behind = s[SYM][end + 1] if end + 1 < n else CLOSE
        lettered = is_letter(last) and word_behind(t, s, end, n)[0] == 0
        dotted = (last == DOT or last == MIDDOT) and is_letter(behind) and word_behind(t, s, end + 1, n)[0] == 0
        starred = last == STAR and (behind == STAR or behind < 20)
        if lettered or dotted or starred or last == AT or last == PERCENT:
            spoil(s, groups - 1, -1, -1)
    if groups > 1 and s[GROUP_LEN][0] >= 5 and s[GROUP_GAP][1] & G_BLANK and label_of(t, s, first) == ANOTHER:
        s[GROUP_FLAG][0] = INERT
