"""One figure: what was measured, for haoma and for a peer in the same run. And the clocks that take it.

Rules held here:
- A figure is the best of five runs by CPU time of the process, for other programs on the machine cost wall time.
- A ratio above 1 says that haoma is the better one, whether more is better (rates) or less (times).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

__all__ = ["Figure", "best_cpu_s", "latency_us", "require", "wall_s"]

RUNS = 5


@dataclass(frozen=True, slots=True)
class Figure:
    """`haoma` and `peer_value` in `unit`; without a peer the figure stands alone."""

    what: str
    unit: str
    haoma: float
    peer: str | None = None
    peer_value: float | None = None

    @property
    def ratio(self) -> float | None:
        """How many times better haoma is than the peer."""
        if not self.peer_value or not self.haoma:
            return None
        return self.haoma / self.peer_value if self.unit.endswith("/s") else self.peer_value / self.haoma


def best_cpu_s(work: Callable[[], object]) -> float:
    """CPU seconds of this process for the best of five runs."""
    runs = []
    for _ in range(RUNS):
        began = time.process_time()
        work()
        runs.append(time.process_time() - began)
    return max(min(runs), 1e-9)


def wall_s(work: Callable[[], object]) -> float:
    """Seconds of wall time for one run: for what waits for a disk, and for single calls."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def require(holds: object, message: str) -> None:
    """End the run where an answer is wrong, for its speed says nothing then."""
    if not holds:
        raise SystemExit(f"bench: {message}")


def latency_us(work: Callable[[str], object], cells: Sequence[str]) -> tuple[float, float]:
    """Median and 99th percentile, in microseconds of wall time, of one call a cell."""
    taken = []
    for cell in cells:
        began = time.perf_counter_ns()
        work(cell)
        taken.append(time.perf_counter_ns() - began)
    taken.sort()
    return taken[len(taken) // 2] / 1000, taken[len(taken) * 99 // 100] / 1000
