"""An hour of a hotline's minutes in some 55 bytes: for each signal, sixty values of as many bits as the largest needs.

Rules held here:
- What is unpacked is what was packed, to the count; missing stays missing.
- Many hours are packed and unpacked at once: those of one form in one step.

The form: a byte with how many signals there are, a byte for each with its bits a value (0 where all are missing), and
then the bits of each, first minute first, filled up to a byte. A value is stored as itself plus one; zero is missing.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from haoma.errors import Tampered

__all__ = ["SLOTS", "pack", "unpack"]

SLOTS = 60
WIDEST = 20

Values = npt.NDArray[np.float64]


def pack(values: Values) -> list[bytes]:
    """Hours as they are kept; `values` has hours by signals by minutes, whole and not negative, NaN where missing."""
    hours, signals, _ = values.shape
    stored = np.where(np.isnan(values), 0, np.nan_to_num(values) + 1).astype(np.uint32)
    widths = np.ceil(np.log2(stored.max(axis=2, initial=0).astype(np.float64) + 1)).astype(np.uint8)
    packed = [b""] * hours
    for form, rows in _alike(widths):
        head = bytes([signals]) + form.tobytes()
        parts = [_bits(stored[rows, at], int(width)) for at, width in enumerate(form) if width]
        bodies = np.concatenate(parts, axis=1) if parts else np.empty((len(rows), 0), np.uint8)
        for row, body in zip(rows, bodies, strict=True):
            packed[row] = head + body.tobytes()
    return packed


def unpack(packed: Sequence[bytes], signals: int) -> Values:
    """Hours by signals by minutes, NaN where missing; signals that an hour does not have are missing.

    Raises Tampered for bytes that `pack` never made.
    """
    values = np.full((len(packed), signals, SLOTS), np.nan)
    forms: dict[bytes, list[int]] = {}
    for at, cell in enumerate(packed):
        forms.setdefault(bytes(cell[: 1 + cell[0]]) if cell else b"", []).append(at)
    for head, rows in forms.items():
        widths, size = _form(head)
        cells = [packed[row] for row in rows]
        if any(len(cell) != len(head) + size for cell in cells):
            raise _garbled()
        body = np.frombuffer(b"".join(cells), np.uint8).reshape(len(rows), -1)
        start = len(head)
        for signal, width in enumerate(widths):
            end = start + _bytes(width)
            if signal < signals and width:
                found = _whole(body[:, start:end], width).astype(np.float64)
                values[rows, signal] = np.where(found == 0, np.nan, found - 1)
            start = end
    return values


def _alike(widths: npt.NDArray[np.uint8]) -> list[tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64]]]:
    """The hours of each form."""
    forms, which = np.unique(widths, axis=0, return_inverse=True)
    order = np.argsort(which.reshape(-1), kind="stable")
    ends = np.cumsum(np.bincount(which.reshape(-1), minlength=len(forms)))
    return list(zip(forms, np.split(order, ends[:-1]), strict=True))


def _bits(stored: npt.NDArray[np.uint32], width: int) -> npt.NDArray[np.uint8]:
    """Rows of sixty values as rows of bytes."""
    shifts = np.arange(width - 1, -1, -1, dtype=np.uint32)
    bits = (stored[:, :, None] >> shifts) & 1
    return np.packbits(bits.astype(np.uint8).reshape(len(stored), -1), axis=1)


def _whole(body: npt.NDArray[np.uint8], width: int) -> npt.NDArray[np.uint32]:
    """The sixty values of each row of bytes."""
    bits = np.unpackbits(body, axis=1, count=SLOTS * width).reshape(len(body), SLOTS, width)
    powers = np.uint32(1) << np.arange(width - 1, -1, -1, dtype=np.uint32)
    found: npt.NDArray[np.uint32] = bits.astype(np.uint32) @ powers
    return found


def _form(head: bytes) -> tuple[bytes, int]:
    """The bits of each signal, and how many bytes follow."""
    widths = head[1:]
    if not head or len(widths) != head[0] or any(width > WIDEST for width in widths):
        raise _garbled()
    return widths, sum(map(_bytes, widths))


def _bytes(width: int) -> int:
    return -(-SLOTS * width // 8)


def _garbled() -> Tampered:
    return Tampered("an hour of counts is not as it was written", hint="put a backup back: haoma db restore")
