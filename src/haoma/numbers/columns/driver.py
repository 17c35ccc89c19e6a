"""The column driver: block after block of cells through the fast path, the rest through the grammar, into flat arrays.

Rules held here:
- A cell that needs libphonenumber is marked ASK and left to the interpreter's driver.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from haoma.numbers.columns.mobiles import BLOCK, CLEAN, FIRST, LAST, LEFT, PLACE, SPARE, mark_mobiles, written_fixed
from haoma.numbers.columns.uris import write_mobile_uri, write_uri
from haoma.numbers.columns.words64 import ONE, entry, look, ones, table_at
from haoma.numbers.grammar.layout import KIND, NO_DIGITS, ROW, S_REASON, STATE, UNALLOCATED
from haoma.numbers.grammar.plan import (
    FINE,
    FINE_FIRST,
    INTERNATIONAL,
    INVALID,
    ROW_KIND,
    ROW_REASON,
    SATELLITE,
    SEGMENTS,
)
from haoma.numbers.grammar.reading import read

__all__ = ["ASK", "Out", "column", "gather", "gather_bits"]

ASK = 255  # a kind: only the interpreter's driver can tell


class Out(NamedTuple):
    """What the kernel fills, one place a cell: `uri_ends` has one more and begins with 0.

    What is not asked for is empty; `room` is for one cell's characters.
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
    n = edge = len(offsets) - 1
    while edge > 0 and offsets[edge - 1] + SPARE > len(data):
        edge -= 1
    end = 0
    if len(out.uri):
        out.uri_ends[0] = 0
    for low in range(0, n, BLOCK):
        high = min(low + BLOCK, n)
        near = max(low, min(high, edge))
        if near > low:
            mark_mobiles(s, data, offsets, low, near, out.room)
        for k in range(near - low, high - low):
            s[PLACE, k] = -1
        left = find_rows(t, s, out, low, high)
        done = np.uint64(low)
        for m in range(left):
            i = np.uint64(low) + np.uint64(s[LEFT, m])
            end = write_mobiles(s, out, low, done, i, end)
            bit = np.uint64(valid_at) + i
            count = 0
            out.kind[i], out.row[i], reason = INVALID, 0, np.int64(0)
            if len(valid) == 0 or valid[bit >> np.uint64(3)] >> (bit & np.uint64(7)) & 1:
                count, reason = read_left(t, s, data, offsets, record, out, longest, mode, i, np.int64(i) < near)
                if out.kind[i] != INVALID and out.kind[i] != ASK and len(out.uri):
                    end = write_uri(out.uri, end, record)
            if len(out.reason):
                out.reason[i] = reason
            if len(out.count):
                out.count[i] = min(count, 65535)
            done = i + ONE
            if len(out.uri):
                out.uri_ends[done] = end
        end = write_mobiles(s, out, low, done, np.uint64(high), end)
    return end


def find_rows(t, s, out, low, high):
    """Fill `out` for a block's mobile numbers, and the row LEFT with the other cells; how many these are.

    Segments are looked up by themselves, so that many cache misses are waited for at once.
    """
    segments, kinds, reasons = table_at(t, SEGMENTS), table_at(t, ROW_KIND), table_at(t, ROW_REASON)
    fine_first, first, n = look(t, FINE_FIRST, 0), np.uint64(low), np.uint64(high - low)
    for k in range(n):
        out.row[first + k] = entry(segments, max(s[PLACE, k], 0))
    left = np.uint64(0)
    for k in range(n):
        row = np.int64(out.row[first + k])
        if row >= fine_first:
            row = look(t, FINE, (row - fine_first) * 100 + behind_segment(s[FIRST, k], s[LAST, k]))
            out.row[first + k] = row
        kind = entry(kinds, row)
        out.kind[first + k] = kind
        s[LEFT, left] = k
        left += np.uint64((s[PLACE, k] < 0) | (kind == INVALID) | (kind > SATELLITE))
    if len(out.reason):
        for k in range(n):
            out.reason[first + k] = entry(reasons, np.int64(out.row[first + k]))
    if len(out.count):
        out.count[low:high] = 1
    return left


def write_mobiles(s, out, low, first, stop, end):
    """Write the URIs of cells that are mobile numbers all; where they end."""
    if len(out.uri):
        for i in range(first, stop):
            k = i - np.uint64(low)
            end = write_mobile_uri(out.uri, end, np.uint64(s[FIRST, k]), np.uint64(s[LAST, k]))
            out.uri_ends[i + ONE] = end
    return end


def read_left(t, s, data, offsets, record, out, longest, mode, i, near):
    """Fill `record`, and `out.kind` and `out.row`, from a cell that is no plain mobile number: (count, reason).

    `near` says whether there is text enough behind it for the fast path.
    """
    at, stop = np.int64(offsets[i]), np.int64(offsets[i + ONE])
    if s[PLACE, i % np.uint64(BLOCK)] >= 0 and stop - at == CLEAN:
        return 0, np.int64(UNALLOCATED)
    if stop - at > longest:
        out.kind[i] = ASK
        return 0, np.int64(0)
    count = 1
    if mode or not near or not written_fixed(t, data, at, stop - at, out.room, record):
        count = read(t, s, data, at, stop, mode, record)
    if count < 0 or (count > 0 and record[KIND] == INTERNATIONAL):
        out.kind[i] = ASK
        return 0, np.int64(0)
    if count == 0:
        return 0, max(s[STATE][S_REASON], NO_DIGITS)
    out.kind[i], out.row[i] = record[KIND], record[ROW]
    return count, look(t, ROW_REASON, record[ROW]) if record[KIND] <= SATELLITE else 0


def behind_segment(first, last):
    """The eighth and the ninth digit of eleven."""
    return ((first >> 56) & 15) * 10 + ((last >> 40) & 15)


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
