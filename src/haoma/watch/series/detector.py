"""How strange a value is in its series, row by row.

A value is strange by its distance to the nearest value that the series has had, held against the greatest such distance
of late. Two views are asked and added up: the value itself, and its smoothed level. A row is news if it is stranger
than all of the last few hundred, so that one incident alerts once or a few times and not at each of its rows.

Rules held here:
- A score rests on the rows before it and on its own; nothing is estimated beforehand or over the whole.
- The state is bounded: two sorted lists of `memory_rows` values. A row costs two searches in them.
- The unit of the series changes no score, nor does its sign.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import deque
from math import sqrt

from haoma.watch.series.model import TUNING, Tuning

__all__ = ["Series"]


class Series:
    """One series, scored as it comes.

    >>> series = Series()
    >>> scores = [series.step(value) for value in [3.0, 4.0, 5.0, 4.0] * 200 + [50.0, 50.0, 50.0]]
    >>> [alert for _, alert in scores[-4:]]
    [False, True, False, False]
    """

    def __init__(self, tuning: Tuning = TUNING) -> None:
        self._tuning = tuning
        self._rows = 0
        self._level = 0.0
        self._gain = _gain(tuning.level_rows)
        self._views = View(tuning), View(tuning)
        self._news = News(tuning)

    def step(self, value: float) -> tuple[float, bool]:
        """The score of the next row, 0 to 1, and whether it alerts.

        `value` is finite and at most 1e100 in size. A score of s says that a share of about 1 - s of ordinary rows is
        at least as much news.
        """
        self._rows += 1
        self._level += max(self._gain, 1 / self._rows) * (value - self._level)
        own, level = self._views
        strange = self._news.of(own.step(value) + level.step(self._level))
        share = min(self._tuning.tail / strange, 1.0) if strange > 0 and self._rows > self._tuning.warm_rows else 1.0
        return 1 - share, share <= self._tuning.alert


class View:
    """How far each value is from what was there, in terms of how far others have lately been."""

    def __init__(self, tuning: Tuning) -> None:
        self._tuning = tuning
        self._sorted: list[float] = []
        self._known: deque[float] = deque()  # in the order they came
        self._waiting: deque[float] = deque()
        self._greatest = 0.0
        self._fading = 0.5 ** (1 / tuning.recent_rows)
        self._gain = _gain(tuning.spread_rows)
        self._rows = 0
        self._mean = self._variance = 0.0

    def step(self, value: float) -> float:
        """The strangeness of the next value: 0 for one that was there before, above 1 for what stands out."""
        self._remember(value)
        far = self._distance(value)
        expected = self._greatest + self._tuning.floor * self._spread(value)
        self._greatest = max(self._greatest * self._fading, far)
        return far / expected if expected > 0 else 0.0

    def _remember(self, value: float) -> None:
        """Let the value that has waited long enough become known, and the oldest one unknown."""
        self._waiting.append(value)
        if len(self._waiting) <= self._tuning.apart_rows:
            return
        known = self._waiting.popleft()
        self._known.append(known)
        insort(self._sorted, known)
        if len(self._known) > self._tuning.memory_rows - self._tuning.apart_rows:
            del self._sorted[bisect_left(self._sorted, self._known.popleft())]

    def _distance(self, value: float) -> float:
        if not self._sorted:
            return 0.0
        place = bisect_left(self._sorted, value)
        above = self._sorted[min(place, len(self._sorted) - 1)]
        below = self._sorted[max(place - 1, 0)]
        return min(abs(above - value), abs(value - below))

    def _spread(self, value: float) -> float:
        """The standard deviation of the values so far, this one included."""
        self._rows += 1
        gain = max(self._gain, 1 / self._rows)
        off = value - self._mean
        self._mean += gain * off
        self._variance = (1 - gain) * (self._variance + gain * off * off)
        return sqrt(self._variance)


class News:
    """Leaves of each strangeness only what exceeds all of the rows just before."""

    def __init__(self, tuning: Tuning) -> None:
        self._tuning = tuning
        self._row = -1
        self._falling: deque[tuple[int, float]] = deque()  # those that no later one has exceeded

    def of(self, strange: float) -> float:
        """The strangeness, where it is news; else 0."""
        tuning = self._tuning
        self._row += 1
        quiet = min(tuning.quiet_rows, max(tuning.quiet_least, int(tuning.young * self._row)))
        while self._falling and self._falling[0][0] < self._row - quiet:
            self._falling.popleft()
        news = strange if not self._falling or strange > self._falling[0][1] else 0.0
        while self._falling and self._falling[-1][1] <= strange:
            self._falling.pop()
        self._falling.append((self._row, strange))
        return news


def _gain(half_life_rows: float) -> float:
    return 1 - float(0.5 ** (1 / half_life_rows))
