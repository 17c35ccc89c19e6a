"""The column driver: cell after cell through the fast path or the grammar, into flat arrays.

Rules held here:
- A cell that needs libphonenumber is marked ASK and left to the interpreter's driver.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from haoma.numbers.columns.mobiles import CLEAN, WINDOW, mobile_row, narrow, written_mobile
from haoma.numbers.columns.uris import write_mobile_uri, write_uri
from haoma.numbers.columns.words64 import NONE, all_digits, load64, look, ones
from haoma.numbers.grammar.layout import KIND, NO_DIGITS, ROW, S_REASON, STATE, UNALLOCATED
from haoma.numbers.grammar.plan import FINE_FIRST, INTERNATIONAL, INVALID, ROW_KIND, ROW_REASON, SATELLITE
from haoma.numbers.grammar.reading import read

__all__ = ["ASK", "Out", "column", "gather", "gather_bits"]

ASK = 255  # a kind: only the interpreter's driver can tell


class Out(NamedTuple):
    """What the kernel fills, one place a cell: `uri_ends` has one more and begins with 0.

    What is not asked for is empty; `room` is for one cell's digits.
    """

    kind: NDArray[np.uint8]
    row: NDArray[np.uint16]
    reason: NDArray[np.uint16]
    count: NDArray[np.uint16]
    uri: NDArray[np.uint8]
    uri_ends: NDArray[np.int32]
    room: NDArray[np.uint8]


def column(t, s, data, offsets, valid, valid_at, record, out, longest, mode):
    """Fill `out` for the cells between `offsets`; `valid` is Arrow's bitmap from bit `valid_at` on, or empty."""
    with_uri, with_reason, with_count = len(out.uri) > 0, len(out.reason) > 0, len(out.count) > 0
    fine_first = look(t, FINE_FIRST, 0)
    end = 0
    if with_uri:
        out.uri_ends[0] = 0
    for i in range(len(offsets) - 1):
        at, stop = np.int64(offsets[i]), np.int64(offsets[i + 1])
        row, count, length = np.int64(0), 1, stop - at
        first, last = NONE, NONE
        clean = False
        if length == CLEAN and data[at] == 0x31:
            first, last = load64(data, at), load64(data, at + 3)
            clean = all_digits(first, last)
            if not clean:
                first = NONE
        elif CLEAN < length <= WINDOW and at + WINDOW <= len(data):
            first, last = written_mobile(data, at, length)
        if first == NONE and CLEAN < length <= 3 * WINDOW and data[at] >= 0x80:
            length = narrow(data, at, stop, out.room)
            if length:
                first, last = written_mobile(out.room, 0, length)
        if first:
            row = mobile_row(t, first, last, fine_first)
            if with_uri:
                write_mobile_uri(out.uri, end, first, last)
        kind = look(t, ROW_KIND, row)
        reason = look(t, ROW_REASON, row) if with_reason else 0
        if kind != INVALID and kind <= SATELLITE:
            end += 18
        elif len(valid) and not valid[(valid_at + i) >> 3] >> ((valid_at + i) & 7) & 1:
            kind, row, count = INVALID, np.int64(0), 0
        elif clean and data[at + 1] >= 0x33:
            reason, count = UNALLOCATED, 0
        elif stop - at > longest:
            kind, row, count = ASK, np.int64(0), 0
        else:
            kind, row = INVALID, np.int64(0)
            count = read(t, s, data, at, stop, mode, record)
            if count < 0 or (count > 0 and record[KIND] == INTERNATIONAL):
                kind, count = ASK, 0
            elif count == 0:
                reason = max(s[STATE][S_REASON], NO_DIGITS)
            else:
                kind, row = record[KIND], record[ROW]
                reason = look(t, ROW_REASON, row) if kind <= SATELLITE else 0
                if with_uri:
                    end = write_uri(out.uri, end, record)
        out.kind[i], out.row[i] = kind, row
        if with_reason:
            out.reason[i] = reason
        if with_count:
            out.count[i] = min(count, 65535)
        if with_uri:
            out.uri_ends[i + 1] = end
    return end


def gather(rows, table, values):
    """Look a column up row by row."""
    for at in range(len(rows)):
        values[at] = table[rows[at]]


def gather_bits(rows, there, bitmap):
    """Arrow's bitmap of the rows that `there` holds 1 for, and how many it holds 0 for."""
    n = len(rows)
    filled = 0
    for byte in range(n >> 3):
        bits = 0
        for k in range(8):
            bits |= there[rows[8 * byte + k]] << k
        bitmap[byte] = bits
        filled += np.int64(ones(np.uint64(bits)))
    bits = 0
    for k in range(n & 7):
        bits |= there[rows[(n & ~7) + k]] << k
    if n & 7:
        bitmap[n >> 3] = bits
        filled += np.int64(ones(np.uint64(bits)))
    return n - filled
