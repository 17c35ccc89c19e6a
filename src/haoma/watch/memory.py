"""What is remembered of every hotline, as arrays that the parts of the detector share and change in place.

Rules held here:
- All that a minute's answer rests on stands here: the same memory and the same counts give the same scores, to the
  bit.
- In work an array has its hotlines last, so that one hour of all hotlines lies together; kept, each hotline is one
  record.
- A record holds numbers alone, in the order and the types that its dtype names, little-endian.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from haoma.errors import BadInput, Tampered
from haoma.watch.model import Floats, Integers

__all__ = ["Field", "Memory", "Reals", "Records", "record_size"]

Field = tuple[str, tuple[int, ...]]
"""Type and shape that a field has for one hotline."""

Reals = npt.NDArray[np.floating]
"""Of either precision."""
Records = npt.NDArray[np.void]


class Memory:
    """Named arrays [*shape, hotlines], all zero at first."""

    def __init__(self, hotlines: int, fields: Mapping[str, Field]) -> None:
        self.hotlines = hotlines
        self.dtype = _record(fields)
        self._kept = {name: np.zeros((*shape, hotlines), dtype=kind) for name, (kind, shape) in fields.items()}

    def floats(self, name: str) -> Floats:
        """An array of float64, to be changed in place."""
        found: Floats = self._kept[name]
        return found

    def reals(self, name: str) -> Reals:
        """An array of float32 or float64."""
        found: Reals = self._kept[name]
        return found

    def whole(self, name: str) -> Integers:
        """An array of whole numbers, whatever their size."""
        found: Integers = self._kept[name]
        return found

    def pack(self) -> Records:
        """A copy of all of it, one record a hotline."""
        records = np.zeros(self.hotlines, dtype=self.dtype)
        for name, array in self._kept.items():
            records[name] = np.moveaxis(array, -1, 0)
        return records

    def unpack(self, records: Records) -> None:
        """Take back what `pack` gave. Raises BadInput for records of another shape or number."""
        if records.dtype != self.dtype or records.shape != (self.hotlines,):
            raise BadInput("what was remembered is of another detector", hint="keep the tuning, signals and hotlines")
        for name, array in self._kept.items():
            array[...] = np.moveaxis(records[name], 0, -1)

    def read(self, state: bytes) -> Records:
        """Records out of the bytes of `pack().tobytes()`. Raises Tampered where they are too few or too many."""
        wanted = self.dtype.itemsize * self.hotlines
        if len(state) != wanted:
            raise Tampered(f"{len(state)} bytes of state where {self.hotlines} hotlines need {wanted}")
        records: Records = np.frombuffer(state, dtype=self.dtype)
        return records


def record_size(fields: Mapping[str, Field]) -> int:
    """Bytes of one hotline's record."""
    return _record(fields).itemsize


def _record(fields: Mapping[str, Field]) -> np.dtype[np.void]:
    return np.dtype([(name, *field) for name, field in fields.items()])
