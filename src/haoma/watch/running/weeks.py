"""What a corrector learns from: minutes of a file, or of hotlines that do not exist.

Rules held here:
- Of many hotlines the busiest are taken, of many weeks the last: what is held in memory is bounded.
- A bucket of several minutes is spread over them evenly, as `haoma watch backtest` does.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from haoma.watch.model import SHANGHAI_MIN
from haoma.watch.residual.training import WEEK_MIN, Series
from haoma.watch.running.buckets import buckets, survey
from haoma.watch.simulate import Traffic, World

__all__ = ["MOST_HOTLINES", "MOST_WEEKS", "from_file", "simulated"]

MOST_HOTLINES = 64
MOST_WEEKS = 26
_BEGIN = 29_630_400  # Monday, 2026-05-04T00:00+08:00
_FEWEST, _MOST = 60.0, 3000.0


def from_file(path: Path, width: int | None = None) -> Series:
    """Counts of a CSV with the columns timestamp, hotline, inquiries and errors; raises BadInput as `survey` does."""
    found = survey(path, width)
    busiest = np.argsort(-np.array(found.inquiries), kind="stable")[:MOST_HOTLINES]
    places, until = {int(hotline): place for place, hotline in enumerate(busiest)}, found.until
    since = -(-max(found.first, until - MOST_WEEKS * WEEK_MIN) // 60) * 60
    counts = np.full((max(0, until - since), len(places), 2), np.nan)
    for one in buckets(path, found):
        place, width_ = places.get(one.hotline), found.widths[one.hotline]
        if place is not None and one.minute >= since:
            at = one.minute - since
            counts[at : at + width_, place] = one.inquiries / width_, one.errors / width_
    return Series(since, counts, SHANGHAI_MIN)


def simulated(weeks: int, hotlines: int, seed: int) -> Series:
    """Weeks of hotlines between 60 and 3,000 inquiries an hour, from a Monday on."""
    rates = np.exp(np.linspace(np.log(_FEWEST), np.log(_MOST), hotlines))
    world = World(Traffic(rates), hotlines, _BEGIN, seed)
    counts = np.stack([minute.counts for minute in world.minutes(weeks * WEEK_MIN)])
    return Series(_BEGIN, counts, SHANGHAI_MIN)
