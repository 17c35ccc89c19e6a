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

from haoma.watch.calendar import Calendar
from haoma.watch.model import Channel, Floats, Tuning
from haoma.watch.residual.serving import Model
from haoma.watch.running.buckets import Bucket, Survey, buckets
from haoma.watch.running.fleet import Fleet, Known, Spans

__all__ = ["Alerted", "backtest"]

NEVER = np.iinfo(np.int64).min


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
        self.until = np.full(hotlines, NEVER)
        self.texts = [""] * hotlines

    def put(self, one: Bucket, width: int) -> None:
        """Take a bucket in."""
        self.values[one.hotline] = one.inquiries / width, one.errors / width
        self.until[one.hotline] = one.minute + width
        self.texts[one.hotline] = one.text

    def at(self, minute: int) -> Floats:
        """Counts of a minute, hotlines by signals; NaN where no bucket is."""
        found: Floats = np.where((minute < self.until)[:, None], self.values, np.nan)
        return found


def backtest(
    path: Path,
    found: Survey,
    tuning: Tuning,
    calendar: Calendar | None = None,
    model: Model | None = None,
    advance: Callable[[int], None] = lambda _rows: None,
) -> Iterator[Alerted]:
    """The alerts of a file that was looked through, in the order of time; `advance` is told of rows that were read.

    `model` corrects what is expected.
    """
    hotlines, now = list(range(len(found.names))), _Counted(len(found.names))
    known = Known(dict.fromkeys(hotlines, ""), {}, calendar=calendar, model=model)
    fleet = Fleet(tuning, known, found.first - 1, {})
    for one in buckets(path, found):
        while fleet.minute < one.minute - 1:
            yield from _judged(fleet, hotlines, now, found)
        now.put(one, found.widths[one.hotline])
        advance(1)
    while fleet.minute + 1 < int(now.until.max(initial=NEVER)):
        yield from _judged(fleet, hotlines, now, found)


def _judged(fleet: Fleet, hotlines: list[int], now: _Counted, found: Survey) -> Iterator[Alerted]:
    """The alerts of the next minute."""
    spans: Spans = {}
    fleet.judge(hotlines, now.at(fleet.minute + 1)[:, None], spans)
    for one in spans.values():
        if one.opened == fleet.minute and one.shown is not None:
            place, said = one.hotline, one.shown
            yield Alerted(now.texts[place], found.names[place], said.channel, said.score, int(now.until[place]))
