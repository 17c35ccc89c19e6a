"""Counts as they come and as they are kept: what a bucket is, and for what reasons a row of them is refused.

Rules held here:
- A bucket is one minute of one hotline, named by its beginning. What it holds is any of: inquiries, error reports, and
  counts that the sender names. What is not said is missing, and never zero.
- A row that cannot be is refused with its reason and stops no other one.
- Of two values for one bucket the one with the greater revision stays; of two with the same, the one that came later.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
import numpy.typing as npt

__all__ = [
    "AHEAD_MIN",
    "COUNTS",
    "HUGE",
    "LARGEST_REVISION",
    "LONGEST_NAME",
    "MOST_HOTLINES",
    "MOST_ROWS",
    "MOST_SIGNALS",
    "NO_MINUTE",
    "Batch",
    "Reason",
    "Refusal",
    "Taken",
]

COUNTS = ("inquiries", "errors")
"""What is counted of every hotline, in the order of the signals; further counts come behind."""
MOST_SIGNALS = 8
MOST_ROWS = 10_000
MOST_HOTLINES = 200_000
LONGEST_NAME = 64
HUGE = 1_000_000
AHEAD_MIN = 2
LARGEST_REVISION = 2**31 - 1
NO_MINUTE = np.iinfo(np.int64).min
"""Stands where a row tells no minute."""


class Reason(IntEnum):
    """Why a row is refused; the first that holds is told."""

    TAKEN = 0
    NAME = 1
    TIME = 2
    FUTURE = 3
    LATE = 4
    EMPTY = 5
    NOT_A_NUMBER = 6
    NEGATIVE = 7
    HUGE = 8
    FRACTION = 9
    FULL = 10

    @property
    def word(self) -> str:
        """As it is told.

        >>> Reason.NOT_A_NUMBER.word
        'not-a-number'
        """
        return self.name.lower().replace("_", "-")


@dataclass(frozen=True, slots=True)
class Batch:
    """Counts as they came, a row for each hotline and minute.

    `hotlines` are the names, each once; `codes` has the place of each row's name among them. `minutes` are minutes
    since 1970 UTC, `NO_MINUTE` where a row tells none. `counts` names the columns of `values`, of shape rows by counts;
    `said` tells which of them a row says at all.
    """

    hotlines: Sequence[str]
    codes: npt.NDArray[np.int64]
    minutes: npt.NDArray[np.int64]
    counts: Sequence[str]
    values: npt.NDArray[np.float64]
    said: npt.NDArray[np.bool_]
    revision: int = 0

    def __len__(self) -> int:
        return len(self.codes)


@dataclass(frozen=True, slots=True)
class Refusal:
    """A row that was refused: its place in the batch, counted from 0, and why."""

    row: int
    reason: Reason


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a batch: rows taken, buckets whose value is another now, and rows refused, by reason and each.

    `delays_s` has for each minute of which a row was taken how long after its end that was.
    """

    rows: int
    changed: int
    refused: Mapping[Reason, int]
    refusals: Sequence[Refusal]
    delays_s: Sequence[float] = ()
