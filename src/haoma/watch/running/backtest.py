"""The detector over a file of counts, as it would have seen them come: one line for each alert. No database.

Rules held here:
- Nothing is looked ahead at: what an alert rests on was counted when its bucket was over, which is `known_at`.
- A bucket of several minutes is spread over them in equal parts. The sum that a CUSUM adds up is that of the whole
  bucket then, as long as counts spread with their mean; what is lost is time, for it is known at its end alone.
- Where a hotline has no row, nothing is known: missing, and not zero.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from haoma.watch.detector import Detector
from haoma.watch.model import SHANGHAI_MIN, Channel, Tuning
from haoma.watch.running.buckets import Bucket, Survey, buckets

__all__ = ["Alerted", "backtest"]


@dataclass(frozen=True, slots=True)
class Alerted:
    """An alert: its bucket (`time` as the file has it), the hotline, which channel, how sure (0–1), when it was known.

    `known` is a minute.
    """

    time: str
    hotline: str
    channel: Channel
    score: float
    known: int


class _Counted:
    """What is counted of each hotline just now: values a minute, until when they hold, and the text of their time."""

    def __init__(self, hotlines: int) -> None:
        self.values = np.full((hotlines, 2), np.nan)
        self.until = np.full(hotlines, np.iinfo(np.int64).min)
        self.texts = [""] * hotlines

    def put(self, one: Bucket, width: int) -> None:
        self.values[one.hotline] = one.inquiries / width, one.errors / width
        self.until[one.hotline] = one.minute + width
        self.texts[one.hotline] = one.text

    def at(self, minute: int) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
        return np.where((minute < self.until)[:, None], self.values, np.nan)


def backtest(
    path: Path, found: Survey, tuning: Tuning, advance: Callable[[int], None] = lambda _rows: None
) -> Iterator[Alerted]:
    """The alerts of a file that was looked through, in the order of time; `advance` is told of rows that were read."""
    detector, now = Detector(tuning, len(found.names), offset=SHANGHAI_MIN), _Counted(len(found.names))
    minute = found.first
    for one in buckets(path, found):
        while minute < one.minute:
            yield from _stepped(detector, now, found, minute)
            minute += 1
        now.put(one, found.widths[one.hotline])
        advance(1)
    for last in range(minute, max(minute, int(now.until.max(initial=minute)))):
        yield from _stepped(detector, now, found, last)


def _stepped(detector: Detector, now: _Counted, found: Survey, minute: int) -> Iterator[Alerted]:
    scores = detector.step(minute, now.at(minute))
    for place in np.flatnonzero(scores.alarm):
        channel, score = Channel(int(scores.channel[place])), float(scores.score[place])
        yield Alerted(now.texts[place], found.names[place], channel, score, int(now.until[place]))
