"""How many counts come in at once: what is more is sent again later, and nothing is held in memory for it.

Rules held here:
- A tenant sends so many rows a minute, and has at once what ten seconds bring, or one batch where that is more.
- Of all tenants together so many batches are under way; who comes then is told to wait a second.
- This is of one process, as the rates of callers are.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from haoma.watch.counts.model import MOST_ROWS

__all__ = ["Flow"]

BURST_S = 10
UNDER_WAY = 8
AGAIN_S = 1.0
MOST = 10_000


class Flow:
    """Lets `rows_per_min` through for each tenant, and `under_way` batches at once; `clock` tells seconds."""

    def __init__(
        self, rows_per_min: int, clock: Callable[[], float] = time.monotonic, under_way: int = UNDER_WAY
    ) -> None:
        self._per_s = rows_per_min / 60
        self._most = max(float(MOST_ROWS), self._per_s * BURST_S)
        self._clock = clock
        self._left: dict[str, tuple[float, float]] = {}
        self._lock = threading.Lock()
        self._free = threading.BoundedSemaphore(under_way)

    @contextmanager
    def batch(self, tenant: str, rows: int) -> Iterator[float]:
        """Be one of those under way inside a block: zero, or how many seconds to wait, and then nothing may be done.

        >>> flow = Flow(60_000, clock=lambda: 0.0)
        >>> with flow.batch("acme", 10_000) as first, flow.batch("acme", 5_000) as second:
        ...     first, second
        (0.0, 5.0)
        """
        if not self._free.acquire(blocking=False):
            yield AGAIN_S
            return
        try:
            yield self._wait_s(tenant, rows)
        finally:
            self._free.release()

    def _wait_s(self, tenant: str, rows: int) -> float:
        now = self._clock()
        with self._lock:
            if len(self._left) >= MOST:
                self._left.clear()
            left, at = self._left.get(tenant, (self._most, now))
            left = min(self._most, left + (now - at) * self._per_s)
            self._left[tenant] = (left - rows if left >= rows else left, now)
            return 0.0 if left >= rows else (rows - left) / self._per_s
