"""URIs written as bytes, as `haoma.numbers.service.uri_of` spells them.

Rules held here:
- Each write may spoil up to eight bytes behind its end: the buffer has that much room to spare.
"""

from __future__ import annotations

import numpy as np

from haoma.numbers.columns.words64 import EIGHT, spell, store64
from haoma.numbers.grammar.layout import AREA, DIGITS, EXT, EXT_LEN, KIND, NUMBER
from haoma.numbers.grammar.plan import LANDLINE

__all__ = ["write_mobile_uri", "write_uri"]

TEL_86 = np.uint64(int.from_bytes(b"tel:+86", "little"))
SEMI_EXT = np.uint64(int.from_bytes(b";ext=", "little"))
CONTEXT_1, CONTEXT_2, CONTEXT_3 = (
    np.uint64(int.from_bytes(part, "little")) for part in (b";phone-c", b"ontext=+", b"86")
)


def write_mobile_uri(out, end, first, last):
    """`tel:+86` and eleven digits; the new end."""
    store64(out, end, TEL_86)
    store64(out, end + 7, first)
    store64(out, end + 10, last)
    return end + 18


def write_number(out, end, number, length):
    """An integer in `length` digits (16 at most), leading zeros included; the new end."""
    number = np.uint64(number)
    if length <= 8:
        store64(out, end, spell(number) >> np.uint64(8 * (8 - length)))
    else:
        store64(out, end, spell(number // EIGHT) >> np.uint64(8 * (16 - length)))
        store64(out, end + length - 8, spell(number % EIGHT))
    return end + length


def write_uri(out, end, record):
    """The URI of a record, as `haoma.numbers.service.uri_of` spells it; the new end."""
    store64(out, end, TEL_86)
    local = record[KIND] > LANDLINE
    end = write_number(out, end + (4 if local else 7), record[NUMBER], record[DIGITS])
    if record[EXT_LEN]:
        store64(out, end, SEMI_EXT)
        end = write_number(out, end + 5, record[EXT], record[EXT_LEN])
    if local:
        store64(out, end, CONTEXT_1)
        store64(out, end + 8, CONTEXT_2)
        store64(out, end + 16, CONTEXT_3)
        end += 18
        if record[AREA]:
            end = write_number(out, end, record[AREA], 2 if record[AREA] < 100 else 3)
    return end
