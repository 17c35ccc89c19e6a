"""One candidate: groups of digits taken together as one number, or refused.

Rules held here:
- All digits of the groups belong to the number, its prefix or its hyphenated extension; none is left over.
- What is written as something else (1-800-633-0738, an IP address, a decimal) is refused, though its digits would fit.
"""

from __future__ import annotations

from haoma.numbers.grammar.chains import prefix, starts_group
from haoma.numbers.grammar.layout import (
    DIG,
    G_BLANK,
    G_DOT,
    G_HYPHEN,
    GROUP_AT,
    GROUP_FLAG,
    GROUP_GAP,
    GROUP_LEN,
    S_CONTEXT,
    SOUND,
    STATE,
    Scratch,
)
from haoma.numbers.grammar.marks import is_date
from haoma.numbers.grammar.plan import (
    INTERNATIONAL,
    LANDLINE,
    NATIONAL_SERVICE,
    Digits,
    Tables,
    area_code,
    fixed,
    is_local,
    mobile,
    service,
    value,
)

__all__ = ["match"]


def verify_foreign(dig: Digits, at: int, length: int) -> int:
    """1 if the digits are a valid number of another country (libphonenumber), 0 if not, -1 if it cannot be asked."""
    from haoma.numbers import world

    return 1 if world.is_valid("".join([str(dig[i]) for i in range(at, at + length)])) else 0


def looks_otherwise(s: Scratch, i: int, j: int) -> bool:
    """Whether the groups are written as something else: 1-800-633-0738, an IP address, a decimal."""
    count = j - i
    if count == 2:
        return s[GROUP_LEN][i] == 1 and s[GROUP_GAP][i + 1] == G_DOT
    if count != 4:
        return False
    lengths = value(s[GROUP_LEN], i, 4)
    if lengths == 1334 and s[DIG][s[GROUP_AT][i]] == 1:
        return True
    dots = s[GROUP_GAP][i + 1] == G_DOT and s[GROUP_GAP][i + 2] == G_DOT and s[GROUP_GAP][i + 3] == G_DOT
    return (
        dots and max(s[GROUP_LEN][i], s[GROUP_LEN][i + 1]) <= 3 and max(s[GROUP_LEN][i + 2], s[GROUP_LEN][i + 3]) <= 3
    )


def service_in(s: Scratch, i: int, j: int, at: int, length: int, alone: bool) -> int:
    """Kind of the short code in groups `i` to `j`; one written in groups must have the cell to itself."""
    kind = service(s[DIG], at, length)
    inner = 0
    for g in range(i, j):
        if at < s[GROUP_AT][g] < at + length:
            inner += 1
            head = s[GROUP_AT][g] - at
            if s[GROUP_GAP][g] & ~(G_BLANK | G_HYPHEN) or (head >= 3 and service(s[DIG], at, head)):
                return 0
            if inner == 1 and s[GROUP_GAP][g] & G_HYPHEN and head == 2 and s[DIG][at] == 1 and s[STATE][S_CONTEXT] == 0:
                return 0
    if inner == 0:
        return kind
    return kind if alone and 5 <= length <= 8 else 0


def domestic(
    t: Tables, s: Scratch, i: int, j: int, at: int, country: bool, area: int, alone: bool
) -> tuple[int, int, int, int]:
    """(kind, first digit, digits, area code) of the Chinese number whose prefix ends at digit `at`; kind 0 for none."""
    if country and s[DIG][at] == 0 and starts_group(s, i, j, at + 1):
        at += 1  # +86 (0)(0571)
    zero = 1 if s[DIG][at] == 0 else 0
    first = at + zero
    length = s[GROUP_AT][j - 1] + s[GROUP_LEN][j - 1] - first
    if length < 3 or length > 13:
        return 0, 0, 0, 0
    if length >= 11:
        kind = mobile(t, s[DIG], first, length)
        if kind:
            return kind, first, length, 0
    if zero or country:
        digits = area_code(t, s[DIG], first, length)
        if digits:
            code, rest = value(s[DIG], first, digits), first + digits
            if is_local(t, code, s[DIG], rest, length - digits):
                return LANDLINE, rest, length - digits, code
            apart = starts_group(s, i, j, rest)
            whole = code == 10 and not zero and (s[DIG][rest] == 0 or value(s[DIG], rest, 2) == 10)
            if length - digits >= 3 and (apart or (length - digits > 3 and not whole)):
                kind = service_in(s, i, j, rest, length - digits, alone)
                if kind:
                    return kind, rest, length - digits, code
            kind = fixed(s[DIG], rest, length - digits)
            if kind:
                return kind, rest, length - digits, 0
        if not country:
            return 0, 0, 0, 0
    kind = fixed(s[DIG], first, length)
    if kind == 0:
        kind = service_in(s, i, j, first, length, alone)
    if kind == 0 and area and not country and is_local(t, area, s[DIG], first, length):
        return (LANDLINE, first, length, area) if not is_date(value(s[DIG], first, length)) else (0, 0, 0, 0)
    return kind, first, length, 0


def classify(t: Tables, s: Scratch, i: int, j: int, plus: bool, area: int, alone: bool) -> tuple[int, int, int, int]:
    """What groups `i` to `j` are when taken as one number without extension; kind 0 for nothing, -1 for who knows."""
    first, end = s[GROUP_AT][i], s[GROUP_AT][j - 1] + s[GROUP_LEN][j - 1]
    if end - first < 3 or end - first > 26:
        return 0, 0, 0, 0
    at, country = prefix(s, i, j, plus)
    foreign = first if plus and not country else -1
    if not plus and not country and s[DIG][first] == 0 and s[DIG][first + 1] == 0:
        foreign = first + 2
    if foreign >= 0:
        if end - foreign < 6 or end - foreign > 16:
            return 0, 0, 0, 0
        verdict = verify_foreign(s[DIG], foreign, end - foreign)
        return (INTERNATIONAL if verdict > 0 else verdict), foreign, end - foreign, 0
    if end - at < 3 or (not plus and looks_otherwise(s, i, j)):
        return 0, 0, 0, 0
    return domestic(t, s, i, j, at, country, area, alone)


def match(t: Tables, s: Scratch, i: int, j: int, plus: bool, area: int, alone: bool) -> tuple[int, int, int, int, int]:
    """`classify`, and the group that is an extension by its hyphen (0 for none)."""
    for g in range(i, j):
        if s[GROUP_FLAG][g] != SOUND:
            return 0, 0, 0, 0, 0
    kind, at, length, code = classify(t, s, i, j, plus, area, alone)
    if kind:
        return kind, at, length, code, 0
    last = j - 1
    if (
        last > i
        and s[GROUP_GAP][last] & G_HYPHEN
        and s[GROUP_GAP][last] & ~(G_HYPHEN | G_BLANK) == 0
        and s[GROUP_LEN][last] <= 6
    ):
        kind, at, length, code = classify(t, s, i, last, plus, area, alone)
        short = kind >= NATIONAL_SERVICE and kind != INTERNATIONAL
        # 95588-95599 and 110-120 are two codes, or none
        listed = short and code == 0 and service(s[DIG], s[GROUP_AT][last], s[GROUP_LEN][last]) != 0
        if kind != 0 and not (short and length == 3) and not listed:
            return kind, at, length, code, last
    return 0, 0, 0, 0, 0
