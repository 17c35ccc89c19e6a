"""The column driver: block after block of cells through the fast path, the rest through the grammar, into flat arrays.

Rules held here:
- A cell that needs libphonenumber is marked ASK and left to the interpreter's driver.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from haoma.numbers.columns.mobiles import BLOCK, CLEAN, FIRST, LAST, PLACE, SPARE, mark_mobiles, written_fixed
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
        find_rows(t, s, out, low, high)
        end = finish(t, s, data, offsets, valid, valid_at, record, out, longest, mode, low, high, near, end)
    return end


def find_rows(t, s, out, low, high):
    """Look the segments of a block's cells up: by themselves, so that many cache misses are waited for at once."""
    segments, kinds = table_at(t, SEGMENTS), table_at(t, ROW_KIND)
    fine_first = look(t, FINE_FIRST, 0)
    for k in range(np.uint64(high - low)):
        out.row[np.uint64(low) + k] = entry(segments, max(s[PLACE, k], 0))
    if len(out.count):
        out.count[low:high] = 1
    for k in range(np.uint64(high - low)):
        row = np.int64(out.row[np.uint64(low) + k])
        if row >= fine_first:
            row = look(t, FINE, (row - fine_first) * 100 + behind_segment(s[FIRST, k], s[LAST, k]))
            out.row[np.uint64(low) + k] = row
        out.kind[np.uint64(low) + k] = entry(kinds, row)


def finish(t, s, data, offsets, valid, valid_at, record, out, longest, mode, low, high, near, end):
    """Fill `out` for a block of cells whose mobile numbers are marked; where their URIs end.

    Those from `near` on lie too near the text's end for the fast path.
    """
    with_uri, with_reason, with_count = len(out.uri) > 0, len(out.reason) > 0, len(out.count) > 0
    reasons = table_at(t, ROW_REASON)
    for k in range(np.uint64(high - low)):
        i = np.uint64(low) + k
        place, kind, row = s[PLACE, k], np.int64(out.kind[i]), np.int64(out.row[i])
        if (place >= 0) & (kind > INVALID) & (kind <= SATELLITE):
            if with_uri:
                end = write_mobile_uri(out.uri, end, np.uint64(s[FIRST, k]), np.uint64(s[LAST, k]))
            if with_reason:
                out.reason[i] = entry(reasons, row)
        else:
            bit = np.uint64(valid_at) + i
            present = len(valid) == 0 or valid[bit >> np.uint64(3)] >> (bit & np.uint64(7)) & 1
            at, stop = np.int64(offsets[i]), np.int64(offsets[i + ONE])
            kind, row, count, reason = INVALID, np.int64(0), 0, np.int64(0)
            if present and place >= 0 and stop - at == CLEAN:
                reason = np.int64(UNALLOCATED)
            elif present and stop - at > longest:
                kind = ASK
            elif present:
                if mode == 0 and np.int64(i) < near and written_fixed(t, data, at, stop - at, out.room, record):
                    count = 1
                else:
                    count = read(t, s, data, at, stop, mode, record)
                if count < 0 or (count > 0 and record[KIND] == INTERNATIONAL):
                    kind, count = ASK, 0
                elif count == 0:
                    reason = max(s[STATE][S_REASON], NO_DIGITS)
                else:
                    kind, row = record[KIND], record[ROW]
                    reason = entry(reasons, row) if kind <= SATELLITE else 0
                    if with_uri:
                        end = write_uri(out.uri, end, record)
            out.kind[i], out.row[i] = kind, row
            if with_reason:
                out.reason[i] = reason
            if with_count:
                out.count[i] = min(count, 65535)
        if with_uri:
            out.uri_ends[i + ONE] = end
    return end


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
