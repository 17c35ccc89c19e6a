"""Counts as Prometheus sends them: a WriteRequest of its remote write 1.0, packed with Snappy.

Rules held here:
- Three metrics are counts: `haoma_inquiries`, `haoma_errors`, and `haoma_count` with a label `count`; each has a label
  `hotline`. Whatever else is sent is passed over.
- A sample is what was counted in the minute before the one that it is of, as `increase(…[1m])` says it, and is rounded
  to a whole number, for that extrapolates. A stale marker is a count that is not said.
- What is unpacked is bounded before it is, and so are series, labels and counts, named or not, before anything is made
  of them; bytes that are no such message are BadInput.

Reference: https://prometheus.io/docs/specs/prw/remote_write_spec/
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

import numpy as np

from haoma.errors import BadInput
from haoma.watch.counts.model import MOST_ROWS, NO_MINUTE, Batch
from haoma.watch.counts.rows import bound_counts

__all__ = ["read_request"]

LARGEST = 4 << 20
MOST_SERIES = 2 * MOST_ROWS
MOST_LABELS = 20 * MOST_ROWS
MOST_PARTS = 16  # of a label or a sample, which have two
STALE = 0x7FF0000000000002
METRICS = {"haoma_inquiries": "inquiries", "haoma_errors": "errors"}
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_MINUTE_MS = 60_000


def read_request(body: bytes) -> Batch:
    """The counts in a request, a row for each sample; raises BadInput where it is none, or has too many."""
    names: dict[str, int] = {}
    counts = ["inquiries", "errors"]
    rows: list[tuple[int, int, int, float]] = []
    named = samples = 0
    try:
        for series in _fields(memoryview(_unpacked(body)), 1, MOST_SERIES):
            parts = [*_fields(series, 1, MOST_SERIES)]
            named += len(parts)
            if named > MOST_LABELS:
                raise _wrong()
            labels = dict(map(_label, parts))
            count = _count(labels)
            if count is None:
                continue
            if count not in counts:
                counts.append(count)
                bound_counts(len(counts))
            code = names.setdefault(labels.get("hotline", ""), len(names))
            for minute, value in map(_sample, _fields(series, 2, MOST_SERIES)):
                samples += 1
                if value is not None:
                    rows.append((code, minute, counts.index(count), value))
            if samples > MOST_ROWS:
                raise BadInput(f"more than {MOST_ROWS:,} samples", hint="max_samples_per_send in queue_config")
    except (IndexError, ValueError, struct.error, OverflowError):
        raise _wrong() from None
    return _batch([*names], counts, rows)


def _batch(names: list[str], counts: list[str], rows: list[tuple[int, int, int, float]]) -> Batch:
    values = np.full((len(rows), len(counts)), np.nan)
    said = np.zeros(values.shape, np.bool_)
    for row, (_, _, column, value) in enumerate(rows):
        values[row, column], said[row, column] = np.rint(value), True
    codes = np.array([code for code, _, _, _ in rows], np.int64)
    minutes = np.array([minute for _, minute, _, _ in rows], np.int64)
    return Batch(names or [""], codes, minutes, counts, values, said)


def _count(labels: dict[str, str]) -> str | None:
    """Which count a series is of; None where it is of none."""
    metric = labels.get("__name__", "")
    return labels.get("count") if metric == "haoma_count" else METRICS.get(metric)


def _unpacked(body: bytes) -> bytes:
    import pyarrow as pa

    size, start = _varint(memoryview(body), 0)
    if not size and start == len(body):
        return b""
    if size > LARGEST:
        raise _wrong()
    try:
        return pa.Codec("snappy").decompress(body, decompressed_size=size, asbytes=True)  # type: ignore[no-any-return]
    except (pa.ArrowInvalid, OSError):
        raise _wrong() from None


def _label(message: memoryview) -> tuple[str, str]:
    parts = {field: bytes(part).decode() for field in (1, 2) for part in _fields(message, field, MOST_PARTS)}
    return parts.get(1, ""), parts.get(2, "")


def _sample(message: memoryview) -> tuple[int, float | None]:
    """The minute that a sample is of, and its value; None for a stale marker."""
    value, at_ms, place, parts = bytes(8), 0, 0, 0
    while place < len(message):
        parts += 1
        if parts > MOST_PARTS:
            raise _wrong()
        tag, place = _varint(message, place)
        if tag == (1 << 3 | _FIXED64):
            value, place = bytes(message[place : place + 8]), place + 8
        elif tag == (2 << 3 | _VARINT):
            at_ms, place = _varint(message, place)
        else:
            place = _skipped(message, place, tag & 7)
    (bits,), (number,) = struct.unpack("<Q", value), struct.unpack("<d", value)
    minute = at_ms // _MINUTE_MS - 1 if at_ms < 1 << 62 else NO_MINUTE
    return minute, None if bits == STALE else number


def _fields(message: memoryview, wanted: int, most: int) -> Iterator[memoryview]:
    """The parts of a message that are messages or texts themselves, of one field; of all kinds it has `most` parts."""
    place = parts = 0
    while place < len(message):
        parts += 1
        if parts > most:
            raise _wrong()
        tag, place = _varint(message, place)
        if tag & 7 != _BYTES:
            place = _skipped(message, place, tag & 7)
            continue
        size, place = _varint(message, place)
        if place + size > len(message):
            raise _wrong()
        if tag >> 3 == wanted:
            yield message[place : place + size]
        place += size


def _skipped(message: memoryview, place: int, kind: int) -> int:
    if kind == _VARINT:
        return _varint(message, place)[1]
    if kind == _BYTES:
        size, place = _varint(message, place)
        return place + size
    if kind in {_FIXED64, _FIXED32}:
        return place + (8 if kind == _FIXED64 else 4)
    raise _wrong()


def _varint(message: memoryview, place: int) -> tuple[int, int]:
    """A number of seven bits a byte, and the place behind it."""
    number = shift = 0
    while True:
        byte = message[place]
        place += 1
        number |= (byte & 127) << shift
        if byte < 128:
            return number, place
        shift += 7
        if shift > 63:
            raise _wrong()


def _wrong() -> BadInput:
    return BadInput(
        "this is no request of Prometheus's remote write 1.0", hint="docs/guide/watch.md shows the settings"
    )
