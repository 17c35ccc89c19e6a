"""The numbering plan: which run of digits is which kind of number. Digits in, kind out; no text, no context.

Rules held here:
- Mobile, MVNO, IoT and satellite segments are those of the packed table; landlines have the length of their area.
- Functions take flat arrays and integers only: the interpreter runs them for one number, numba compiles them for a
  column.
- Sources: 《电信网编号计划》 (MIIT, 2017 edition) for the short codes, RFC 3966 §5.1.5 for what is global and what is
  local.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

__all__ = [
    "Digits",
    "Octets",
    "Tables",
    "area_code",
    "fixed",
    "is_local",
    "is_public_code",
    "mobile",
    "row_of",
    "service",
    "value",
]

INVALID, MOBILE, MVNO, IOT, SATELLITE, LANDLINE, TOLL_FREE, SHARED_COST = range(8)
NATIONAL_SERVICE, REGIONAL_SERVICE, CARRIER_SERVICE, PUBLIC_SERVICE, EMERGENCY, INTERNATIONAL = range(8, 14)

PUBLIC_CODES = (
    11183, 11185, 12110, 12117, 12121, 12122, 12123, 12300, 12301, 12305, 12306, 12308, 12309, 12310, 12312, 12313,
    12314, 12315, 12316, 12317, 12318, 12319, 12320, 12321, 12322, 12323, 12324, 12325, 12326, 12328, 12329, 12330,
    12331, 12333, 12335, 12336, 12337, 12338, 12339, 12340, 12341, 12342, 12345, 12348, 12349, 12350, 12351, 12352,
    12355, 12356, 12358, 12360, 12361, 12363, 12365, 12366, 12367, 12368, 12369, 12370, 12371, 12377, 12378, 12379,
    12380, 12381, 12383, 12385, 12386, 12387, 12388, 12389, 12390, 12393, 12395, 12396, 12398, 12580,
)  # fmt: skip

Digits: TypeAlias = list[int]
Octets: TypeAlias = bytes
Tables: TypeAlias = "Sequence[memoryview[int]]"  # the compiled driver has the address of an array of addresses


# the tables, by place in `Tables`: the alphabet's, then the numbering plan's
PAGES, SYMBOLS, EXPANSIONS, BEFORE_NEXT, BEFORE_CLASS, BEHIND_NEXT, BEHIND_CLASS = range(7)
SEGMENTS, FINE, FINE_FIRST, IOT_HEADS, AREAS, AREA_LENGTHS, SPLIT_OF, SPLITS, CARRIERS, ROW_KIND, ROW_REASON = range(
    7, 18
)


def look(t: Tables, table: int, at: int) -> int:
    """One entry of one table."""
    return t[table][at]


def value(dig: Digits, at: int, length: int) -> int:
    """The number that `length` digits from `at` spell."""
    total = 0
    for i in range(at, at + length):
        total = total * 10 + dig[i]
    return total


def segment_row(t: Tables, dig: Digits, at: int) -> int:
    """The row of an 11-digit mobile number's segment; overlays may tell segments of eight and nine digits apart."""
    row = look(t, SEGMENTS, value(dig, at, 7) - 1300000)
    return (
        row
        if row < look(t, FINE_FIRST, 0)
        else look(t, FINE, (row - look(t, FINE_FIRST, 0)) * 100 + value(dig, at + 7, 2))
    )


def mobile(t: Tables, dig: Digits, at: int, length: int) -> int:
    """Kind of a mobile-like number of 11 or 13 digits, else 0."""
    if dig[at] != 1:
        return 0
    if length == 11 and dig[at + 1] >= 3:
        return look(t, ROW_KIND, segment_row(t, dig, at))
    if length == 13:
        head = value(dig, at, 5)
        if 14000 <= head < 14500:
            return IOT if look(t, IOT_HEADS, head - 14000) else 0
        if 10640 <= head < 10650:
            return IOT if look(t, IOT_HEADS, head - 10140) else 0
    return 0


def service(dig: Digits, at: int, length: int) -> int:
    """Kind of a short code, else 0."""
    first, second = dig[at], dig[at + 1]
    if first == 9:
        if second == 5 and 5 <= length <= 11:
            return NATIONAL_SERVICE
        return REGIONAL_SERVICE if second == 6 and 5 <= length <= 6 else 0
    if first != 1 or second > 2 or length > 8:
        return 0
    if length == 3:
        third = dig[at + 2]
        if (second == 1 and (third == 0 or third == 9)) or (second == 2 and (third == 0 or third == 2)):
            return EMERGENCY
        return PUBLIC_SERVICE if second == 1 and third == 4 else 0
    if second == 0:
        return CARRIER_SERVICE if length >= 5 and dig[at + 2] != 6 else 0
    if length == 5:
        return PUBLIC_SERVICE
    if length == 6 and (value(dig, at, 6) == 116114 or value(dig, at, 6) == 118114):
        return PUBLIC_SERVICE
    return 0


def area_code(t: Tables, dig: Digits, at: int, length: int) -> int:
    """Length of the area code (without trunk zero) that the digits begin with, 0 where they begin with none."""
    if length < 5:
        return 0
    two = dig[at] * 10 + dig[at + 1]
    if two == 10 or 20 <= two < 30:
        return 2 if look(t, AREAS, two) else 0
    if two < 30:
        return 0
    return 3 if look(t, AREAS, two * 10 + dig[at + 2]) else 0


def is_local(t: Tables, area: int, dig: Digits, at: int, length: int) -> bool:
    """Whether the digits are a subscriber's number of that area: its length, beginning with 2 to 8."""
    if length != 7 and length != 8:
        return False
    return 2 <= dig[at] <= 8 and look(t, AREA_LENGTHS, area) & (1 if length == 7 else 2) != 0


def is_public_code(code: int) -> bool:
    """Whether a five-digit 11xxx or 12xxx code is one that people dial: government, police, railway, post."""
    return code in PUBLIC_CODES


def fixed(dig: Digits, at: int, length: int) -> int:
    """Kind of a 400 or 800 number, else 0."""
    if length != 10 or dig[at + 1] != 0 or dig[at + 2] != 0:
        return 0
    return SHARED_COST if dig[at] == 4 else TOLL_FREE if dig[at] == 8 else 0


def row_of(t: Tables, kind: int, dig: Digits, at: int, length: int, area: int) -> int:
    """The row of the packed table that says where a number was issued and by whom; 0 where nothing is known.

    `dig[at:at + length]` is the number without prefix (a landline's subscriber number alone), `area` its area code or
    0.
    """
    if kind <= SATELLITE:
        if kind == IOT and length == 13:
            head = value(dig, at, 5)
            return look(t, IOT_HEADS, head - 14000 if head >= 14000 else head - 10140)
        return segment_row(t, dig, at) if kind else 0
    if kind == CARRIER_SERVICE and look(t, CARRIERS, value(dig, at, 5) - 10000):
        return look(t, CARRIERS, value(dig, at, 5) - 10000)
    if area == 0:
        return 0
    if kind == LANDLINE and look(t, SPLIT_OF, area):
        return look(t, SPLITS, (look(t, SPLIT_OF, area) - 1) * 1000 + value(dig, at, 3))
    return look(t, AREAS, area)
