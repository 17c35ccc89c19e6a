"""What was expected and what was seen, as a picture, and in characters on a terminal. Pure.

Rules held here:
- Minutes are put together until they fit, in equal shares; where nothing was counted there is a gap, and no zero.
- The spread is what chance alone would give nineteen times of twenty.
- Times are the hotline's own. No control character and no markup out of a name reaches terminal or picture.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import ceil, isnan, nan, sqrt

from haoma.watch.running.moments import local_text

__all__ = ["Mark", "Panel", "Picture", "Share", "lines", "printable", "shares", "top_of"]

NINETEEN_OF_TWENTY = 1.96
BARS = " ▁▂▃▄▅▆▇█"
ROWS = 6


@dataclass(frozen=True, slots=True)
class Panel:
    """One signal: what was expected and seen in each minute (NaN: nothing was counted), and the variance expected."""

    name: str
    expected: Sequence[float]
    seen: Sequence[float]
    variance: Sequence[float]


@dataclass(frozen=True, slots=True)
class Mark:
    """A moment that is told: its minute, and what it was."""

    minute: int
    name: str


@dataclass(frozen=True, slots=True)
class Picture:
    """What is drawn: panels over the same minutes from `since` on; `offset` is local time's in minutes."""

    title: str
    since: int
    offset: int
    panels: tuple[Panel, ...]
    marks: tuple[Mark, ...] = ()

    @property
    def minutes(self) -> int:
        """How many minutes there are."""
        return min((len(one.seen) for one in self.panels), default=0)


@dataclass(frozen=True, slots=True)
class Share:
    """Some minutes put together: counts a minute, of those minutes that were counted."""

    seen: float
    expected: float
    spread: float


def lines(picture: Picture, width: int = 72) -> Iterator[str]:
    """The picture in characters: a block of bars for each signal with what was expected as a line, and the marks."""
    each = max(1, ceil(picture.minutes / max(8, width)))
    yield f"{printable(picture.title)}; bars are what was seen, ─ is what was expected, {each} min each"
    for panel in picture.panels:
        told = list(shares(panel, each))
        top = top_of(told)
        yield f"{printable(panel.name)}, a minute, up to {top:,.4g}"
        for row in range(ROWS, 0, -1):
            yield "".join(_cell(one, row, top) for one in told).rstrip() or "·"
    marked = [" "] * (ceil(picture.minutes / each) or 1)
    for mark in picture.marks:
        place = (mark.minute - picture.since) // each
        if 0 <= place < len(marked):
            marked[place] = "▲"
    yield "".join(marked).rstrip()
    last = picture.since + picture.minutes
    yield f"{local_text(picture.since, picture.offset)} … {local_text(last, picture.offset)}"
    for mark in picture.marks:
        yield f"▲ {printable(mark.name)}: {local_text(mark.minute, picture.offset)}"


def _cell(share: Share, row: int, top: float) -> str:
    if isnan(share.seen):
        return " "
    eighths = round(share.seen / top * ROWS * 8) if top else 0
    filled = min(8, max(0, eighths - (row - 1) * 8))
    expected = ceil(share.expected / top * ROWS) if top and not isnan(share.expected) else 0
    return "─" if expected == row and filled < 8 else BARS[filled]


def shares(panel: Panel, each: int) -> Iterator[Share]:
    """The minutes of a panel, so many put together."""
    rows = list(zip(panel.seen, panel.expected, panel.variance, strict=True))
    for first in range(0, len(rows), each):
        some = rows[first : first + each]
        seen = [one for one, _, _ in some if not isnan(one)]
        known = [(mean, variance) for _, mean, variance in some if not isnan(mean)]
        if not known:
            yield Share(sum(seen) / len(seen) if seen else nan, nan, nan)
            continue
        spread = NINETEEN_OF_TWENTY * sqrt(sum(variance for _, variance in known)) / len(known)
        yield Share(sum(seen) / len(seen) if seen else nan, sum(mean for mean, _ in known) / len(known), spread)


def top_of(told: Sequence[Share]) -> float:
    """The highest value that is drawn; 1 where all are 0."""
    values = [one.seen for one in told] + [one.expected + one.spread for one in told]
    return max((value for value in values if not isnan(value)), default=1.0) or 1.0


def printable(text: str) -> str:
    """A text without control characters."""
    return "".join(char if char.isprintable() else "�" for char in text)
