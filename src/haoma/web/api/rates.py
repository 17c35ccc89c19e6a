"""How often one caller may ask: a bucket each, filled evenly.

Rules held here:
- A bucket is of one process: N workers let through N times as much at the most.
- A caller has at once what ten seconds bring, or `at_once` where that is more. Buckets that are full again are
  forgotten; there are `MOST` at the most.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

__all__ = ["MOST", "Rates"]

MOST = 100_000
BURST_S = 10


class Rates:
    """The buckets of one process, of `per_min` requests each; `clock` tells seconds."""

    def __init__(self, per_min: int, clock: Callable[[], float] = time.monotonic, at_once: int = 1) -> None:
        self._per_s = per_min / 60
        self._most = max(float(at_once), self._per_s * BURST_S)
        self._clock = clock
        self._buckets: dict[str, tuple[float, float]] = {}
        self._lock = threading.Lock()

    def wait_s(self, caller: str) -> float:
        """Take one out of the caller's bucket; how many seconds until there is one, 0 where there was.

        >>> rates = Rates(6, clock=lambda: 0.0)
        >>> rates.wait_s("an"), rates.wait_s("an"), rates.wait_s("bo")
        (0.0, 10.0, 0.0)
        """
        now = self._clock()
        with self._lock:
            if len(self._buckets) >= MOST:
                self._forget(now)
            left, at = self._buckets.get(caller, (self._most, now))
            left = min(self._most, left + (now - at) * self._per_s)
            self._buckets[caller] = (left - 1 if left >= 1 else left, now)
            return 0.0 if left >= 1 else (1 - left) / self._per_s

    def _forget(self, now: float) -> None:
        """Forget who has a full bucket; everybody, where nobody has."""
        kept = {who: one for who, one in self._buckets.items() if one[0] + (now - one[1]) * self._per_s < self._most}
        self._buckets = kept if len(kept) < MOST else {}
