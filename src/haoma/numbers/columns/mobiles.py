"""The fast path: mobile numbers as most people write them, read without the grammar.

Rules held here:
- A cell is taken only where the grammar could say nothing else, which a law proves; all others are left to it.
"""

from __future__ import annotations

import numpy as np

from haoma.numbers.columns.words64 import (
    NONE,
    ONE,
    PLUSES,
    WORD_16,
    WORD_32,
    bits_of,
    digit_flags,
    equal_flags,
    load64,
    look,
    ones,
    parse_eight,
    soft_flags,
    zeros_below,
)
from haoma.numbers.grammar.plan import FINE, SEGMENTS

__all__ = ["CLEAN", "WINDOW", "mobile_row", "narrow", "written_mobile"]

CLEAN = 11
WINDOW = 24  # bytes of a cell that the fast path looks at
ELEVEN = np.uint64(0x7FF)
CODE_86, CODE_0086 = (np.uint64(int.from_bytes(code, "little")) for code in (b"86", b"0086"))


def written_mobile(data, at, length):
    """(first eight, last eight) of the eleven ASCII digits of a mobile number, whole or 3-4-4, with or without 86.

    Zeros for anything else. Reads 24 bytes from `at` on. Nothing but digits, blanks, hyphens, dots, brackets and a
    leading plus sign
    gets through: of those the grammar makes the same number.
    """
    digits, soft, plus = np.uint64(0), np.uint64(0), np.uint64(0)
    for k in range(2 if length <= 16 else 3):
        word, shift = load64(data, at + 8 * k), np.uint64(8 * k)
        digits |= bits_of(digit_flags(word)) << shift
        soft |= bits_of(soft_flags(word)) << shift
        plus |= bits_of(equal_flags(word, PLUSES)) << shift
    cell = (ONE << np.uint64(length)) - ONE
    digits &= cell
    plus &= cell
    leads = plus == 0 or (plus & (plus - ONE) == 0 and plus < (digits & (~digits + ONE)))
    if not leads or (digits | soft | plus) & cell != cell:
        return NONE, NONE
    count = ones(digits)
    place = zeros_below(digits)
    if count == 11:
        if plus:
            return NONE, NONE
    elif count == 13:
        if digits >> place & np.uint64(3) != np.uint64(3) or load64(data, at + np.int64(place)) & WORD_16 != CODE_86:
            return NONE, NONE
        digits &= ~(np.uint64(3) << place)
    elif count == 15 and not plus:
        if (
            digits >> place & np.uint64(15) != np.uint64(15)
            or load64(data, at + np.int64(place)) & WORD_32 != CODE_0086
        ):
            return NONE, NONE
        digits &= ~(np.uint64(15) << place)
    else:
        return NONE, NONE
    return in_groups(data, at, digits)


def in_groups(data, at, digits):
    """(first eight, last eight) digits where the bits of `digits` are eleven in a row or 3-4-4, else zeros."""
    one = zeros_below(digits)
    rest = digits >> one
    if rest == ELEVEN:
        return load64(data, at + np.int64(one)), load64(data, at + np.int64(one) + 3)
    two = zeros_below(rest & ~np.uint64(7))
    behind = rest >> two
    three = zeros_below(behind & ~np.uint64(15))
    if (
        rest & np.uint64(15) != np.uint64(7)
        or behind & np.uint64(31) != np.uint64(15)
        or behind >> three != np.uint64(15)
    ):
        return NONE, NONE
    if two > 9 or three > 10:
        return NONE, NONE
    head = load64(data, at + np.int64(one)) & np.uint64(0xFFFFFF)
    middle = load64(data, at + np.int64(one + two)) & WORD_32
    tail = load64(data, at + np.int64(one + two + three)) & WORD_32
    return head | middle << np.uint64(24) | tail << np.uint64(56), middle | tail << np.uint64(32)


def narrow(data, at, stop, room):
    """Write the cell into `room`, full-width characters and blanks as ASCII; its length, 0 where that cannot be."""
    length = 0
    while at < stop:
        byte = np.int64(data[at])
        at += 1
        if byte >= 0x80:
            if byte == 0xEF and at + 1 < stop and data[at] == 0xBC and data[at + 1] < 0xA0:
                byte = np.int64(data[at + 1]) - 0x60
            elif byte == 0xE3 and at + 1 < stop and data[at] == 0x80 and data[at + 1] == 0x80:
                byte = np.int64(0x20)
            else:
                return 0
            at += 2
        if length == WINDOW:
            return 0
        room[length] = byte
        length += 1
    return length


def mobile_row(t, first, last, fine_first):
    """The row of the segment of eleven digits, 0 where it is in no allocated block."""
    place = np.int64(parse_eight(first)) // 10 - 1300000
    if place < 0 or place >= 700000:
        return np.int64(0)
    row = look(t, SEGMENTS, place)
    if row >= fine_first:
        digit_8, digit_9 = np.int64(first >> np.uint64(56)) - 48, np.int64(last >> np.uint64(40) & np.uint64(255)) - 48
        row = look(t, FINE, (row - fine_first) * 100 + digit_8 * 10 + digit_9)
    return row
