"""What was expected and what was seen, drawn: lines of characters for a terminal, SVG for a report. Pure.

Rules held here:
- Minutes are put together until they fit, in equal shares; where nothing was counted there is a gap, and no zero.
- The band is what chance alone would give nineteen times of twenty.
- Times are the hotline's own. No control character and no markup out of a name reaches terminal or picture.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from math import ceil, isnan, nan, sqrt

from haoma.watch.running.moments import clock_text, local_text

__all__ = ["Mark", "Panel", "Picture", "lines", "svg"]

WIDTH, LEFT, RIGHT, TOP, PANEL_H, GAP = 960, 64, 16, 40, 190, 34
MOST_POINTS = 240
NINETEEN_OF_TWENTY = 1.96
SEEN, EXPECTED, ALERT, MISSING = "#2b5c9e", "#8a5a00", "#8c2f4b", "#eee"
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
class _Share:
    """Some minutes put together: counts a minute, of those minutes that were counted."""

    seen: float
    expected: float
    spread: float


def lines(picture: Picture, width: int = 72) -> Iterator[str]:
    """The picture in characters: a block of bars for each signal with what was expected as a line, and the marks."""
    each = max(1, ceil(picture.minutes / max(8, width)))
    yield f"{_printable(picture.title)}; bars are what was seen, ─ is what was expected, {each} min each"
    for panel in picture.panels:
        shares = list(_shares(panel, each))
        top = _top(shares)
        yield f"{_printable(panel.name)}, a minute, up to {top:,.4g}"
        for row in range(ROWS, 0, -1):
            yield "".join(_cell(one, row, top) for one in shares).rstrip() or "·"
    marked = [" "] * (ceil(picture.minutes / each) or 1)
    for mark in picture.marks:
        place = (mark.minute - picture.since) // each
        if 0 <= place < len(marked):
            marked[place] = "▲"
    yield "".join(marked).rstrip()
    last = picture.since + picture.minutes
    yield f"{local_text(picture.since, picture.offset)} … {local_text(last, picture.offset)}"
    for mark in picture.marks:
        yield f"▲ {_printable(mark.name)}: {local_text(mark.minute, picture.offset)}"


def _cell(share: _Share, row: int, top: float) -> str:
    if isnan(share.seen):
        return " "
    eighths = round(share.seen / top * ROWS * 8) if top else 0
    filled = min(8, max(0, eighths - (row - 1) * 8))
    expected = ceil(share.expected / top * ROWS) if top and not isnan(share.expected) else 0
    return "─" if expected == row and filled < 8 else BARS[filled]


def svg(picture: Picture) -> str:
    """The picture as SVG, without scripts and without anything from elsewhere."""
    height = TOP + len(picture.panels) * (PANEL_H + GAP) + 18
    title = escape(_printable(picture.title))
    each = max(1, ceil(picture.minutes / MOST_POINTS))
    drawn = "".join(_panel(picture, panel, TOP + n * (PANEL_H + GAP), each) for n, panel in enumerate(picture.panels))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}"'
        f' role="img" font-family="sans-serif" font-size="12"><title>{title}</title>'
        f'<rect width="100%" height="100%" fill="#fff"/><text x="{LEFT}" y="20" font-size="14">{title}</text>'
        f"{drawn}{_legend(height)}</svg>\n"
    )


def _panel(picture: Picture, panel: Panel, y: int, each: int) -> str:
    shares = list(_shares(panel, each))
    top = _top(shares)
    step = (WIDTH - LEFT - RIGHT) / max(1, len(shares))

    def up(value: float) -> float:
        return round(y + PANEL_H - min(1.0, max(0.0, value / top)) * PANEL_H, 1)

    def at(place: float) -> float:
        return round(LEFT + place * step, 1)

    gaps = "".join(
        f'<rect x="{at(n)}" y="{y}" width="{step:.1f}" height="{PANEL_H}" fill="{MISSING}"/>'
        for n, one in enumerate(shares)
        if isnan(one.seen)
    )
    bars = "".join(
        f'<rect x="{at(n)}" y="{up(one.seen)}" width="{max(0.5, step - 0.5):.1f}"'
        f' height="{round(y + PANEL_H - up(one.seen), 1)}" fill="{SEEN}"/>'
        for n, one in enumerate(shares)
        if not isnan(one.seen)
    )
    known = [(n + 0.5, one) for n, one in enumerate(shares) if not isnan(one.expected)]
    upper = [f"{at(n)},{up(one.expected + one.spread)}" for n, one in known]
    lower = [f"{at(n)},{up(one.expected - one.spread)}" for n, one in reversed(known)]
    line = " ".join(f"{at(n)},{up(one.expected)}" for n, one in known)
    name = escape(_printable(panel.name))
    return (
        f'<g>{gaps}{bars}<polygon points="{" ".join([*upper, *lower])}" fill="{EXPECTED}" fill-opacity="0.18"/>'
        f'<polyline points="{line}" fill="none" stroke="{EXPECTED}" stroke-width="1.5"/>'
        f'<path d="M{LEFT} {y}V{y + PANEL_H}H{WIDTH - RIGHT}" fill="none" stroke="#555"/>'
        f'<text x="{LEFT}" y="{y - 6}" fill="#555">{name}, a minute</text>'
        f'<text x="{LEFT - 6}" y="{y + 10}" text-anchor="end">{top:,.4g}</text>'
        f'<text x="{LEFT - 6}" y="{y + PANEL_H}" text-anchor="end">0</text>'
        f"{_ticks(picture, y)}{_marks(picture, y)}</g>"
    )


def _ticks(picture: Picture, y: int) -> str:
    """A tick at whole hours of local time, at most a dozen."""
    minutes = max(1, picture.minutes)
    hours = next(n for n in (1, 2, 3, 6, 12, 24, 48, 96, minutes) if minutes / 60 / n <= 12)
    first = -(picture.since + picture.offset) % (hours * 60)
    width = (WIDTH - LEFT - RIGHT) / minutes
    return "".join(
        f'<text x="{LEFT + place * width:.1f}" y="{y + PANEL_H + 14}" text-anchor="middle" fill="#555">'
        f"{clock_text(picture.since + place, picture.offset)}</text>"
        for place in range(first, minutes, hours * 60)
    )


def _marks(picture: Picture, y: int) -> str:
    width = (WIDTH - LEFT - RIGHT) / max(1, picture.minutes)
    return "".join(
        f'<path d="M{LEFT + (mark.minute - picture.since) * width:.1f} {y}v{PANEL_H}" stroke="{ALERT}"'
        f' stroke-dasharray="4 3"/><text x="{LEFT + (mark.minute - picture.since) * width + 4:.1f}" y="{y + 12}"'
        f' fill="{ALERT}">{escape(_printable(mark.name))}</text>'
        for mark in picture.marks
        if 0 <= mark.minute - picture.since <= picture.minutes
    )


def _legend(height: int) -> str:
    said = ((SEEN, "seen"), (EXPECTED, "expected, and where 19 of 20 would lie"), (MISSING, "not counted"))
    return "".join(
        f'<rect x="{LEFT + n * 260}" y="{height - 22}" width="10" height="10" fill="{colour}"/>'
        f'<text x="{LEFT + 16 + n * 260}" y="{height - 13}" fill="#555">{text}</text>'
        for n, (colour, text) in enumerate(said)
    )


def _shares(panel: Panel, each: int) -> Iterator[_Share]:
    rows = list(zip(panel.seen, panel.expected, panel.variance, strict=True))
    for first in range(0, len(rows), each):
        some = rows[first : first + each]
        seen = [one for one, _, _ in some if not isnan(one)]
        known = [(mean, variance) for _, mean, variance in some if not isnan(mean)]
        if not known:
            yield _Share(sum(seen) / len(seen) if seen else nan, nan, nan)
            continue
        spread = NINETEEN_OF_TWENTY * sqrt(sum(variance for _, variance in known)) / len(known)
        yield _Share(sum(seen) / len(seen) if seen else nan, sum(mean for mean, _ in known) / len(known), spread)


def _top(shares: Sequence[_Share]) -> float:
    """The highest value that is drawn; 1 where all are 0."""
    told = [one.seen for one in shares] + [one.expected + one.spread for one in shares]
    return max((value for value in told if not isnan(value)), default=1.0) or 1.0


def _printable(text: str) -> str:
    return "".join(char if char.isprintable() else "�" for char in text)
