"""Which diversion fits best: the (p, q) whose CUSUM stands highest in the channel that spoke. Pure.

Rules held here:
- What is told is the best of a few that are tried, and no estimate: the truth lies between them, or beside.
"""

from __future__ import annotations

import numpy as np

from haoma.watch.model import Channel, Tuning

__all__ = ["fits"]


def fits(tuning: Tuning, channel: Channel, record: np.void) -> tuple[float | None, float | None]:
    """The share of calls that go elsewhere, and the share of those callers who report it; None of what is not asked.

    `record` is one hotline's of the detector's state. REPORTS looks for their product alone.
    """
    sums = np.asarray(record[channel.label])
    best = np.unravel_index(int(np.argmax(sums)), sums.shape)
    match channel:
        case Channel.JOINT:
            return tuning.joint_p[best[0]], tuning.joint_q[best[1]]
        case Channel.VOLUME:
            return tuning.joint_p[best[0]], None
        case Channel.SLOW:
            return tuning.slow_p[best[0]], tuning.slow_q[best[1]]
        case Channel.REPORTS:
            return None, tuning.reports_x[best[0]]
