"""Row by row: which counts are taken, and why the others are not.

Rules held here:
- A count is a whole number from 0 to a million a minute. NaN, a negative, a huge and a broken one are refused, and are
  not the same as one that is not said.
- A bucket is of the past, up to so many minutes; a sender's clock may be two minutes ahead.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from haoma.watch.counts.model import AHEAD_MIN, HUGE, NO_MINUTE, Batch, Reason

__all__ = ["checked"]


def checked(batch: Batch, now_minute: int, late_min: int) -> npt.NDArray[np.int8]:
    """A reason for each row, `Reason.TAKEN` where there is none; names are looked at elsewhere.

    `late_min` is how many minutes back a bucket may lie.
    """
    said, values = batch.said, np.where(batch.said, batch.values, 0.0)
    finite = np.nan_to_num(values, nan=0.0, posinf=0.0, neginf=0.0)
    tests = (
        (Reason.TIME, batch.minutes == NO_MINUTE),
        (Reason.FUTURE, batch.minutes > now_minute + AHEAD_MIN),
        (Reason.LATE, batch.minutes < now_minute - late_min),
        (Reason.EMPTY, ~said.any(axis=1)),
        (Reason.NOT_A_NUMBER, np.isnan(values).any(axis=1)),
        (Reason.NEGATIVE, (values < 0).any(axis=1)),
        (Reason.HUGE, (values > HUGE).any(axis=1)),
        (Reason.FRACTION, (finite != np.floor(finite)).any(axis=1)),
    )
    reasons = np.zeros(len(batch), np.int8)
    for reason, holds in reversed(tests):
        reasons[holds] = reason
    return reasons
