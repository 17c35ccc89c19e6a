"""How long counts take to come: from the end of their minute until they are here.

Rules held here:
- What counts is when a minute was heard of first; that it was corrected later says nothing of how long it took.
- What comes later than six hours, and what is filled in from a file, is history and no delay.
- Of each hour of a hotline it is kept how many of its minutes took how long, in fifteen steps of a byte each.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import numpy.typing as npt
import sqlalchemy as sa

from haoma.errors import Tampered
from haoma.storage import quick
from haoma.watch.counts.packing import SLOTS

__all__ = ["EDGES_S", "HOURS", "Delays", "arriving", "delays_of", "delays_s", "tallied"]

EDGES_S = (5, 10, 15, 20, 30, 45, 60, 90, 120, 180, 300, 600, 1_200, 3_600, 21_600)
"""Seconds within which counts came, step by step."""
HOURS = 6
_AT_ONCE = 256
_HEARD = "SELECT series_id, arrived FROM watch_hours WHERE arrived IS NOT NULL AND hour = ? AND series_id IN ("
_HEARD += ", ".join("?" * _AT_ONCE) + ")"
_EDGES = np.array(EDGES_S)
_HOUR_US = 3_600_000_000

Tally = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Delays:
    """Within how many seconds half of the minutes of some hours were heard of, and all of them; of how many minutes."""

    median_s: int
    most_s: int
    minutes: int


def delays_s(minutes: npt.NDArray[np.int64], now: datetime) -> npt.NDArray[np.float64]:
    """How long after its end each of these minutes is heard of now; what has not ended yet took no time."""
    found: npt.NDArray[np.float64] = np.maximum(now.timestamp() - (minutes + 1) * 60.0, 0.0)
    return found


def tallied(
    cells: Sequence[bytes | None], new: npt.NDArray[np.bool_], minutes: npt.NDArray[np.int64], now: datetime
) -> list[bytes | None]:
    """What is kept of hours, with those of their minutes put in that are heard of for the first time.

    `new` and `minutes` are hours by sixty. None where nothing is known of an hour.
    """
    tally = _tallies(cells)
    took = delays_s(minutes, now)
    rows, slots = np.nonzero(new & (took <= EDGES_S[-1]))
    np.add.at(tally, (rows, np.searchsorted(_EDGES, took[rows, slots])), 1)
    told, size = tally.tobytes(), len(EDGES_S)
    known: list[bool] = np.any(tally, axis=1).tolist()
    return [told[at * size : (at + 1) * size] if some else None for at, some in enumerate(known)]


def delays_of(tx: sa.Connection, series: Sequence[int], minute: int) -> dict[int, Delays]:
    """How long counts of each of these series took in the six hours before a minute; without those nobody timed."""
    tallies: dict[int, npt.NDArray[np.int64]] = {}
    last = minute // SLOTS
    for start in range(0, len(series), _AT_ONCE):
        part = series[start : start + _AT_ONCE]
        ids = [*part, *[part[-1]] * (_AT_ONCE - len(part))]
        for hour in range(last - HOURS, last + 1):
            rows = quick(tx, _HEARD, hour * _HOUR_US, *ids)
            for (one, _), tally in zip(rows, _tallies([bytes(cell) for _, cell in rows]), strict=True):
                tallies[one] = tallies.get(one, np.zeros(len(EDGES_S), np.int64)) + tally
    return {one: _delays(tally) for one, tally in tallies.items()}


def arriving(delays: Delays | None) -> str:
    """The same in words.

    >>> arriving(Delays(45, 180, 300)), arriving(None)
    ('within 45 s in the median, 3 min at worst', 'not timed yet')
    """
    if delays is None:
        return "not timed yet"
    return f"within {_words(delays.median_s)} in the median, {_words(delays.most_s)} at worst"


def _words(seconds: int) -> str:
    if seconds < 120:
        return f"{seconds} s"
    return f"{seconds // 60} min" if seconds < 7_200 else f"{seconds // 3_600} h"


def _delays(tally: npt.NDArray[np.int64]) -> Delays:
    known = int(tally.sum())
    half = int(np.searchsorted(tally.cumsum(), (known + 1) // 2))
    return Delays(EDGES_S[half], EDGES_S[int(np.flatnonzero(tally)[-1])], known)


def _tallies(cells: Sequence[bytes | None]) -> Tally:
    """[hours, steps]: what is kept of each; nothing where it is None."""
    if {len(cell) for cell in cells if cell is not None} - {len(EDGES_S)}:
        raise Tampered("how long counts took is not as it was written", hint="put a backup back: haoma db restore")
    nothing = bytes(len(EDGES_S))
    told = bytearray().join(nothing if cell is None else cell for cell in cells)
    return np.frombuffer(told, np.uint8).reshape(len(cells), len(EDGES_S))
