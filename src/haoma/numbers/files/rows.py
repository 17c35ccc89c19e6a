"""Where rows and cells of delimited text begin and end, found by a compiled loop over its bytes.

Rules held here:
- Rows are those of Python's csv module: a quote opens a cell only at its beginning, two quotes in it are one, what
  follows a closing quote is text. But an empty line is a row of one empty cell, and a line ends at a line feed alone.
- A quote that nothing closes is text: its row ends with the line, and swallows no other.
- Each byte is looked at a bounded number of times.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numba
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from haoma.numbers.compiled import compiled
from haoma.numbers.once import once

__all__ = ["NONE", "PATIENCE", "QUOTE", "Rows", "cells", "scan"]

QUOTE = 0x22
FEED = 0x0A
RETURN = 0x0D
NONE = 256  # no byte: a delimiter or quote that never occurs
PATIENCE = 1 << 25


class Rows(NamedTuple):
    """Rows in a buffer: `first` and `last` of each, `starts` and `ends` of its wanted cells by row and slot.

    `fields` is how many cells it has, `open` whether a quote in it is never closed, `tail` where its last named cell
    begins, -1 where it has not so many.
    """

    data: NDArray[np.uint8]
    first: NDArray[np.int64]
    last: NDArray[np.int64]
    starts: NDArray[np.int64]
    ends: NDArray[np.int64]
    fields: NDArray[np.int32]
    open: NDArray[np.bool_]
    tail: NDArray[np.int64]
    consumed: int


def scan(
    data: bytes, slots: NDArray[np.int32], delimiter: int, quote: int, *, final: bool, patience: int = PATIENCE
) -> Rows:
    """The whole rows at the beginning of `data`, and what follows where it is the `final` part of a file.

    `slots` gives each named column its place among the wanted cells, -1 for none. A quote that nothing closes in
    `patience` bytes is text.
    """
    view = np.frombuffer(data, np.uint8)
    n = int(np.count_nonzero(view == FEED)) + 1
    wanted = int(slots.max(initial=-1)) + 1
    starts, ends = np.zeros((n, wanted), np.int64), np.zeros((n, wanted), np.int64)
    first, last, tail = np.empty(n, np.int64), np.empty(n, np.int64), np.full(n, -1, np.int64)
    count, opened = np.empty(n, np.int32), np.zeros(n, np.bool_)
    rows, consumed = _compiled().scan(
        view, slots, delimiter, quote, final, patience, starts, ends, first, last, count, opened, tail
    )
    return Rows(
        view, first[:rows], last[:rows], starts[:rows], ends[:rows], count[:rows], opened[:rows], tail[:rows], consumed
    )


def cells(
    data: NDArray[np.uint8], first: NDArray[np.int64], last: NDArray[np.int64], literal: NDArray[np.bool_] | None = None
) -> pa.Array:
    """The bytes between bounds as an Arrow array; with `literal`, cells are unquoted but where it is true."""
    n = len(first)
    offsets = np.zeros(n + 1, np.int64)
    out = np.empty(int((last - first).sum()), np.uint8)
    unquote = literal is not None
    flags = np.ascontiguousarray(literal) if literal is not None else np.zeros(0, np.bool_)
    _compiled().copy(data, np.ascontiguousarray(first), np.ascontiguousarray(last), flags, unquote, offsets, out)
    buffers = [None, pa.py_buffer(offsets), pa.py_buffer(out)]
    whole = pa.Array.from_buffers(pa.large_binary(), n, buffers)
    return whole.cast(pa.binary()) if int(offsets[-1]) < 2**31 else whole


def _scan(data, slots, delimiter, quote, final, patience, starts, ends, first, last, count, opened, tail):  # type: ignore[no-untyped-def] # noqa: ANN001, ANN202, PLR0912, PLR0913, PLR0917, C901
    size, row, at = len(data), 0, 0
    literal = False
    while at < size:
        begin, cell, opening = at, 0, at
        inside = (not literal) and data[at] == quote
        at += 1 if inside else 0
        ended = False
        while not ended:
            if inside:
                while at < size and data[at] != quote:
                    at += 1
                if at >= size:
                    break
                at += 1
                if at < size and data[at] == quote:
                    at += 1
                else:
                    inside = False
                continue
            while at < size and data[at] != delimiter and data[at] != FEED:
                at += 1
            if at >= size and not final:
                break
            stop = at
            ended = at >= size or data[at] == FEED
            if ended and stop > opening and data[stop - 1] == RETURN:
                stop -= 1
            if cell < len(slots):
                slot = slots[cell]
                if slot >= 0:
                    starts[row, slot] = opening
                    ends[row, slot] = stop
                if cell == len(slots) - 1:
                    tail[row] = opening
            cell += 1
            at += 1
            if ended:
                first[row], last[row], count[row], opened[row] = begin, stop, cell, literal
                row += 1
            else:
                opening = at
                inside = (not literal) and at < size and data[at] == quote
                at += 1 if inside else 0
        if ended:
            literal = False
            continue
        if literal or not (final or size - begin >= patience):
            return row, begin
        at, literal = begin, True
        tail[row] = -1
    return row, min(at, size)


def _copy(data, first, last, literal, unquote, offsets, out):  # type: ignore[no-untyped-def] # noqa: ANN001, ANN202
    to = 0
    for i in range(len(first)):
        at, end = first[i], last[i]
        if unquote and at < end and data[at] == QUOTE and not literal[i]:
            at += 1
            inside = True
            while at < end:
                if inside and data[at] == QUOTE:
                    if at + 1 < end and data[at + 1] == QUOTE:
                        at += 1
                    else:
                        inside = False
                        at += 1
                        continue
                out[to] = data[at]
                to += 1
                at += 1
        else:
            for k in range(at, end):
                out[to] = data[k]
                to += 1
        offsets[i + 1] = to


class _Compiled(NamedTuple):
    scan: Callable[..., tuple[int, int]]
    copy: Callable[..., None]


@once
def _compiled() -> _Compiled:
    """The loops: read from disk, or compiled (1 s) and kept."""
    return compiled("rows", [Path(__file__)], _loops)


def _loops(keep: bool) -> _Compiled:
    wide, places, flags = numba.int64, numba.int64[::1], numba.boolean[::1]
    data, slots = (numba.types.Array(kind, 1, "C", readonly=True) for kind in (numba.uint8, numba.int32))
    cells = numba.int64[:, ::1]
    found = (cells, cells, places, places, numba.int32[::1], flags, places)
    scanned = (data, slots, wide, wide, numba.boolean, wide, *found)
    copied = (data, places, places, flags, numba.boolean, places, numba.uint8[::1])
    return _Compiled(
        numba.njit([scanned], cache=keep, nogil=True)(_scan), numba.njit([copied], cache=keep, nogil=True)(_copy)
    )
