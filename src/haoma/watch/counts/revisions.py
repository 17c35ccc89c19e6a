"""Which values of an hour have a revision, and which: nothing where none has, and little where they go up evenly.

Rules held here:
- What is read is what was written. Whoever gives every batch a revision, the time perhaps, has an hour that is half as
  large again, and not ten times.

The form: a byte with how many signals there are, and then, packed with zlib, the steps from each value's revision to
the next one's, four bytes each: first the lowest byte of all of them.
"""

from __future__ import annotations

import zlib

import numpy as np
import numpy.typing as npt

from haoma.errors import Tampered
from haoma.watch.counts.model import LARGEST_REVISION
from haoma.watch.counts.packing import SLOTS

__all__ = ["revised", "written"]

_STEP = np.dtype("<i4")


def written(revisions: npt.NDArray[np.int64]) -> bytes | None:
    """The revisions of an hour, signals by minutes, as they are kept; None where all are zero."""
    if not revisions.any():
        return None
    steps = np.diff(revisions.reshape(-1), prepend=0).astype(_STEP)
    planes = steps.view(np.uint8).reshape(-1, _STEP.itemsize).T
    return bytes([len(revisions)]) + zlib.compress(planes.tobytes())


def revised(cell: bytes | None, signals: int) -> npt.NDArray[np.int64]:
    """The revisions of an hour, signals by minutes; raises Tampered for bytes that `written` never made."""
    revisions = np.zeros((signals, SLOTS), np.int64)
    if cell is None:
        return revisions
    there = cell[0] if cell else 0
    planes = _unpacked(cell[1:], there * SLOTS * _STEP.itemsize)
    if not 0 < there <= signals or planes is None:
        raise _garbled()
    steps = np.frombuffer(planes, np.uint8).reshape(_STEP.itemsize, -1).T.copy().view(_STEP)
    revisions[:there] = np.cumsum(steps, dtype=np.int64).reshape(there, SLOTS)
    if revisions.min() < 0 or revisions.max() > LARGEST_REVISION:
        raise _garbled()
    return revisions


def _unpacked(packed: bytes, size: int) -> bytes | None:
    """What was packed, where it has this size."""
    unpacker = zlib.decompressobj()
    try:
        found = unpacker.decompress(packed, size + 1)
    except zlib.error:
        return None
    return found if len(found) == size and unpacker.eof else None


def _garbled() -> Tampered:
    return Tampered("revisions of counts are not as they were written", hint="put a backup back: haoma db restore")
