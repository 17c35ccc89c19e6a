"""How soon a source is looked at again while something is wrong there. Pure.

Rules held here:
- The worse it is, the sooner: the worst open incident of a source decides, and its schedule where that is sooner still.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from types import MappingProxyType

from haoma.guard.judge.model import Severity

__all__ = ["RECHECK", "soonest"]

RECHECK: Mapping[Severity, timedelta] = MappingProxyType(
    {
        Severity.CRITICAL: timedelta(hours=1),
        Severity.HIGH: timedelta(hours=4),
        Severity.MEDIUM: timedelta(hours=12),
        Severity.LOW: timedelta(hours=24),
    }
)
"""How long after a look the next one is, where an incident of this severity is open."""


def soonest(severities: Iterable[Severity]) -> timedelta | None:
    """How long the next look may wait; None where nothing is wrong.

    >>> soonest([Severity.LOW, Severity.HIGH])
    datetime.timedelta(seconds=14400)
    """
    return min((RECHECK[one] for one in severities), default=None)
