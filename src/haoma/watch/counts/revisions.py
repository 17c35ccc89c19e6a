"""Which values of an hour have a revision, and which: a record of six bytes for each that has one above zero."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from haoma.errors import Tampered
from haoma.watch.counts.packing import SLOTS

__all__ = ["revised", "written"]

_RECORD = np.dtype([("signal", "u1"), ("slot", "u1"), ("revision", "<u4")])


def written(revisions: npt.NDArray[np.int64]) -> bytes | None:
    """The revisions of an hour, signals by minutes, as they are kept; None where all are zero."""
    signal, slot = np.nonzero(revisions)
    if not len(signal):
        return None
    records = np.empty(len(signal), _RECORD)
    records["signal"], records["slot"], records["revision"] = signal, slot, revisions[signal, slot]
    return records.tobytes()


def revised(cell: bytes | None, signals: int) -> npt.NDArray[np.int64]:
    """The revisions of an hour, signals by minutes; raises Tampered for bytes that `written` never made."""
    revisions = np.zeros((signals, SLOTS), np.int64)
    if cell is None:
        return revisions
    records = np.frombuffer(cell, _RECORD) if len(cell) % _RECORD.itemsize == 0 else np.empty(0, _RECORD)
    if not len(records) or records["signal"].max() >= signals or records["slot"].max() >= SLOTS:
        raise Tampered("revisions of counts are not as they were written", hint="put a backup back: haoma db restore")
    revisions[records["signal"], records["slot"]] = records["revision"]
    return revisions
