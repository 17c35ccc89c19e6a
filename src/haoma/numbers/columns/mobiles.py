"""The fast path: numbers as most people write them, read without the grammar.

Rules held here:
- A cell is taken only where the grammar could say nothing else, which a law proves; all others are left to it.
- Mobile numbers are taken a block of cells at a time, each way of writing in turn: the clean ones, what is left of
  them, the full-width ones. In turn, for the processor cannot guess how the next cell is written.
- Words are read across a cell's end: those within SPARE bytes of the text's end are left to the grammar.
"""

from __future__ import annotations

import numpy as np

from haoma.numbers.columns.words64 import (
    BYTE,
    EIGHT,
    NONE,
    ONE,
    WORD_32,
    ZEROS,
    all_digits,
    load64,
    look,
    low_bits,
    marks_of,
    narrow_words,
    ones,
    parse_eight,
    parse_six,
    store64,
    zeros_below,
)
from haoma.numbers.grammar.layout import AREA, DIGITS, EXT, EXT_LEN, KIND, NUMBER, ROW, ROWS
from haoma.numbers.grammar.plan import (
    AREA_LENGTHS,
    AREAS,
    LANDLINE,
    NATIONAL_SERVICE,
    SHARED_COST,
    SPLIT_OF,
    SPLITS,
    TOLL_FREE,
)

__all__ = [
    "BLOCK",
    "CLEAN",
    "FIRST",
    "LAST",
    "LEFT",
    "MEMORY",
    "PLACE",
    "SPARE",
    "WINDOW",
    "mark_mobiles",
    "written_fixed",
]

BLOCK = 2048  # cells: what is noted of them stays in the processor's cache
CLEAN = 11
WINDOW = 32  # bytes of a cell that the fast path looks at
SPARE = 2 * WINDOW
# rows of working memory behind the grammar's: of a block's cells, the first and the last eight digits and the place of
# the segment in its table, -1 where there is none; the cells that are left, and those that begin in full width
FIRST, LAST, PLACE, LEFT, WIDE, MEMORY = range(ROWS, ROWS + 6)
FIRST_PLACE, PLACES = 300000, np.uint64(700000)
ONE_DIGIT, LOW_8, LOW_24 = np.uint64(ord("1")), np.uint64(0xFF), np.uint64(0xFFFFFF)
CODE_0086, EXTENSION = (np.uint64(int.from_bytes(text, "little")) for text in (b"0086", "转".encode()))
ELEVEN, BITS, HALF = np.uint64(CLEAN), np.uint64(63), np.uint64(31)
LONGEST_GAP, LONGEST_FIXED, LONGEST_EXT = 6, 12, 7
TEXT_AT = SPARE + 16  # where the digits of a fixed number lie in `room`, behind sixteen zeros


def mark_mobiles(s, data, offsets, low, high, room):
    """Fill the rows FIRST, LAST and PLACE for the cells from `low` to `high`; `room` is for a cell's characters."""
    left, wide = take_clean(s, data, offsets, low, high)
    take_written(s, data, offsets, low, left)
    take_wide(s, data, offsets, low, wide, room)


def take_clean(s, data, offsets, low, high):
    """Take the cells of eleven digits; how many are left, and how many begin in full width."""
    left, wide = NONE, NONE
    at = np.int64(offsets[low])
    for k in range(np.uint64(high - low)):
        stop = np.int64(offsets[np.uint64(low) + k + ONE])
        first, last = load64(data, at), load64(data, at + 3)
        place = place_of(first)
        taken = (stop - at == CLEAN) & all_digits(first, last) & (first & LOW_8 == ONE_DIGIT) & (place < PLACES)
        s[FIRST, k], s[LAST, k] = np.int64(first), np.int64(last)
        s[PLACE, k] = np.int64(place | (np.uint64(taken) - ONE))
        s[LEFT, left] = s[WIDE, wide] = k
        beyond = first >> np.uint64(7) & ONE
        left += ~(np.uint64(taken) | beyond) & ONE
        wide += beyond
        at = stop
    return left, wide


def take_written(s, data, offsets, low, left):
    """Take what is written with separators or a country code among the cells that are left."""
    for m in range(left):
        k = np.uint64(s[LEFT, m])
        at, stop = np.int64(offsets[np.uint64(low) + k]), np.int64(offsets[np.uint64(low) + k + ONE])
        first, last = written_mobile(data, at, stop - at)
        set_mobile(s, k, first, last)


def take_wide(s, data, offsets, low, wide, room):
    """Take what is written in full width."""
    for m in range(wide):
        k = np.uint64(s[WIDE, m])
        at, stop = np.int64(offsets[np.uint64(low) + k]), np.int64(offsets[np.uint64(low) + k + ONE])
        if CLEAN < stop - at <= 3 * WINDOW:
            length = narrow(data, at, stop, room)
            if length:
                first, last = written_mobile(room, 0, length)
                set_mobile(s, k, first, last)


def set_mobile(s, k, first, last):
    """Fill the rows for a cell from its number's digits; nothing is one for which there are none."""
    place = place_of(first)
    taken = (first & LOW_8 == ONE_DIGIT) & (place < PLACES)
    s[FIRST, k], s[LAST, k] = np.int64(first), np.int64(last)
    s[PLACE, k] = np.int64(place | (np.uint64(taken) - ONE))


def place_of(first):
    """Where the segment that eight digits begin with stands in its table, if they begin with 13 to 19."""
    return parse_six(first) - np.uint64(FIRST_PLACE)


def written_mobile(data, at, length):
    """(first eight, last eight) of the eleven ASCII digits of a mobile number, whole or 3-4-4, with or without 86.

    Zeros for anything else. Nothing but digits, blanks, hyphens, dots, brackets and a leading plus sign gets through:
    of those the grammar makes the same number.
    """
    digits, soft, plus = marks_of(data, at)
    cell = low_bits(length)
    digits, plus = digits & cell, plus & cell
    one = zeros_below(digits) & HALF
    more = ones(digits) - ELEVEN  # digits of the country code: 86 or 0086
    code = low_bits(more)
    coded = ((more & ~np.uint64(6)) == NONE) & (more != np.uint64(6)) & (digits >> one & code == code)
    expected = CODE_0086 >> (np.uint64(32) - BYTE * more & BITS)
    coded &= load64(data, at + np.int64(one)) & low_bits(BYTE * more) == expected
    led = (plus & (plus - ONE) == NONE) & (plus < (digits & (~digits + ONE))) & (more == np.uint64(2))
    whole = (np.uint64(length) <= np.uint64(WINDOW)) & ((digits | soft | plus) & cell == cell) & ((plus == NONE) | led)
    first, last = in_groups(data, at, digits & ~(code << one))
    sound = NONE - np.uint64(whole & coded)
    return first & sound, last & sound


def in_groups(data, at, digits):
    """(first eight, last eight) digits where the bits of `digits` are eleven in a row or 3-4-4, else zeros."""
    one = zeros_below(digits) & BITS
    rest = digits >> one
    two = zeros_below(rest & ~np.uint64(7)) & BITS
    behind = rest >> two
    three = zeros_below(behind & ~np.uint64(15)) & BITS
    grouped = (rest & np.uint64(15) == np.uint64(7)) & (behind & np.uint64(31) == np.uint64(15))
    grouped &= (behind >> three == np.uint64(15)) & (two <= np.uint64(9)) & (three <= np.uint64(10))
    head = load64(data, at + np.int64(one & HALF)) & LOW_24
    middle = load64(data, at + np.int64(one + two & HALF)) & WORD_32
    tail = load64(data, at + np.int64(one + two + three & HALF)) & WORD_32
    first, last = head | middle << np.uint64(24) | tail << np.uint64(56), middle | tail << np.uint64(32)
    sound = NONE - np.uint64(grouped | (rest == np.uint64(0x7FF)))
    return first & sound, last & sound


def narrow(data, at, stop, room):
    """Write the cell into `room`, full-width characters and blanks as ASCII; its length, 0 where that cannot be."""
    size = (stop - at) // 3
    if 3 * size == stop - at and size <= 21:
        cell = low_bits(size)
        if narrow_words(data, at, room, 0) & cell == cell:
            return size
    length = 0
    while at < stop:
        byte = np.int64(data[at])
        at += 1
        if byte >= 0x80:
            if byte == 0xEF and at + 1 < stop and data[at] == 0xBC and 0x80 < data[at + 1] < 0xA0:
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


def written_fixed(t, data, at, length, room, record):
    """Fill `record` from a landline with its area code, a 400, 800 or 95 number; whether the cell is one.

    Its digits stand in one to three groups of at least three, so that they are no date, time, address or decimal, and
    the whole of them is the number; 转 and an extension may follow.
    """
    if length > WINDOW:
        return False
    digits, soft, _ = marks_of(data, at)
    digits &= low_bits(length)
    strange = low_bits(length) & ~(digits | soft)
    end = zeros_below(strange) if strange else np.uint64(length)
    ext_len = extension(data, at, length, digits, strange, end, record)
    if ext_len < 0:
        return False
    groups, size = copy_groups(data, at, digits & low_bits(end), room)
    if groups == 0 or size < 5 or size > LONGEST_FIXED:
        return False
    record[EXT_LEN], record[AREA], record[ROW], record[DIGITS] = ext_len, 0, 0, size
    low, high = parse_eight(load64(room, TEXT_AT + size - 8)), parse_eight(load64(room, TEXT_AT + size - 16))
    number = np.int64(high * EIGHT + low)
    record[NUMBER] = number
    head = (np.int64(room[TEXT_AT]) * 10 + np.int64(room[TEXT_AT + 1])) - 528
    third = np.int64(room[TEXT_AT + 2]) - 48
    if 0 < head < 10:
        return landline(t, head, third, number, size, record)
    if head == 95:
        record[KIND] = NATIONAL_SERVICE
        return groups == 1 and size <= 11 and ext_len == 0
    record[KIND] = SHARED_COST if head == 40 else TOLL_FREE
    return (head == 40 or head == 80) and third == 0 and size == 10


def extension(data, at, length, digits, strange, end, record):
    """Read the extension of a cell where 转 and digits stand at `end`; its length, -1 where something else does."""
    if strange == NONE:
        return 0
    first = np.int64(end) + 3
    size = length - first
    if strange >> end != np.uint64(7) or load64(data, at + np.int64(end)) & LOW_24 != EXTENSION:
        return -1
    if size < 1 or size > LONGEST_EXT or digits >> np.uint64(first) != low_bits(size):
        return -1
    gap = BYTE * np.uint64(8 - size)
    word = load64(data, at + first) << gap | ZEROS >> (np.uint64(64) - gap)
    record[EXT] = np.int64(parse_eight(word))
    return size if end and digits >> (end - ONE) & ONE else -1


def copy_groups(data, at, digits, room):
    """Copy the digits at the bits of `digits` behind sixteen zeros into `room`; (groups, digits), none for none."""
    store64(room, TEXT_AT - 16, ZEROS)
    store64(room, TEXT_AT - 8, ZEROS)
    groups, size, end = 0, 0, np.int64(zeros_below(digits))
    while digits:
        first = np.int64(zeros_below(digits))
        run = np.int64(zeros_below(~(digits >> np.uint64(first))))
        if groups == 3 or run < 3 or run > LONGEST_FIXED or first - end > LONGEST_GAP:
            return 0, 0
        store64(room, TEXT_AT + size, load64(data, at + first))
        if run > 8:
            store64(room, TEXT_AT + size + 8, load64(data, at + first + 8))
        groups, size, end = groups + 1, size + run, first + run
        digits &= ~low_bits(end)
    return groups, size


def landline(t, second, third, number, size, record):
    """Fill `record` from a trunk zero, an area code and a local number; whether they are a landline's."""
    if second == 8 and third == 6:
        return False
    short = second <= 2
    local_size = size - (3 if short else 4)
    if local_size != 7 and local_size != 8:
        return False
    scale = 10000000 if local_size == 7 else 100000000
    area, local = number // scale, number % scale
    if (short and area != 10 and second != 2) or look(t, AREAS, area) == 0:
        return False
    lead = local * 10 // scale
    if lead < 2 or lead > 8 or look(t, AREA_LENGTHS, area) & (1 if local_size == 7 else 2) == 0:
        return False
    split = look(t, SPLIT_OF, area)
    record[ROW] = look(t, SPLITS, (split - 1) * 1000 + local * 1000 // scale) if split else look(t, AREAS, area)
    record[KIND], record[AREA], record[DIGITS] = LANDLINE, area, size - 1
    return True
