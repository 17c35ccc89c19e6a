"""A picture as shapes on a sheet: boxes, lines, areas and words, each where it lies. Pure.

Rules held here:
- A panel for each signal, one below the other, over the same minutes; local time below each.
- What is drawn later lies above.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import ceil, isnan
from typing import Literal

from haoma.watch.running.moments import clock_text
from haoma.watch.running.plot import Panel, Picture, printable, shares, top_of

__all__ = ["WIDTH", "Area", "Box", "Line", "Shape", "Words", "height_of", "shapes"]

WIDTH, LEFT, RIGHT, TOP, PANEL_H, GAP = 960, 64, 16, 40, 190, 34
MOST_POINTS = 240
SEEN, EXPECTED, ALERT, MISSING, AXIS = "#2b5c9e", "#8a5a00", "#8c2f4b", "#eeeeee", "#555555"
SMALL, LARGE = 12, 14
Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Box:
    """A filled rectangle from its upper left corner."""

    x: float
    y: float
    width: float
    height: float
    fill: str


@dataclass(frozen=True, slots=True)
class Line:
    """A line through points."""

    points: Sequence[Point]
    stroke: str
    width: float = 1.0
    dashed: bool = False


@dataclass(frozen=True, slots=True)
class Area:
    """A filled polygon; `opacity` is 0–1."""

    points: Sequence[Point]
    fill: str
    opacity: float


@dataclass(frozen=True, slots=True)
class Words:
    """A text on its base line, which begins, has its middle or ends at a point."""

    x: float
    y: float
    text: str
    fill: str = "#000000"
    size: int = SMALL
    anchor: Literal["start", "middle", "end"] = "start"


Shape = Box | Line | Area | Words


def height_of(picture: Picture) -> int:
    """How high the sheet is."""
    return TOP + len(picture.panels) * (PANEL_H + GAP) + 18


def shapes(picture: Picture) -> Iterator[Shape]:
    """All that is drawn of a picture, the lowest first."""
    height, each = height_of(picture), max(1, ceil(picture.minutes / MOST_POINTS))
    yield Box(0, 0, WIDTH, height, "#ffffff")
    yield Words(LEFT, 20, printable(picture.title), size=LARGE)
    for n, panel in enumerate(picture.panels):
        yield from _panel(picture, panel, TOP + n * (PANEL_H + GAP), each)
    for n, (colour, text) in enumerate(
        ((SEEN, "seen"), (EXPECTED, "expected, and where 19 of 20 would lie"), (MISSING, "not counted"))
    ):
        yield Box(LEFT + n * 260, height - 22, 10, 10, colour)
        yield Words(LEFT + 16 + n * 260, height - 13, text, AXIS)


def _panel(picture: Picture, panel: Panel, y: int, each: int) -> Iterator[Shape]:
    told = list(shares(panel, each))
    top, step = top_of(told), (WIDTH - LEFT - RIGHT) / max(1, len(told))

    def up(value: float) -> float:
        return round(y + PANEL_H - min(1.0, max(0.0, value / top)) * PANEL_H, 1)

    def at(place: float) -> float:
        return round(LEFT + place * step, 1)

    for n, one in enumerate(told):
        if isnan(one.seen):
            yield Box(at(n), y, round(step, 1), PANEL_H, MISSING)
        else:
            high = round(y + PANEL_H - up(one.seen), 1)
            yield Box(at(n), up(one.seen), round(max(0.5, step - 0.5), 1), high, SEEN)
    known = [(at(n + 0.5), one) for n, one in enumerate(told) if not isnan(one.expected)]
    upper = [(x, up(one.expected + one.spread)) for x, one in known]
    lower = [(x, up(one.expected - one.spread)) for x, one in reversed(known)]
    yield Area([*upper, *lower], EXPECTED, 0.18)
    yield Line([(x, up(one.expected)) for x, one in known], EXPECTED, 1.5)
    yield Line([(LEFT, y), (LEFT, y + PANEL_H), (WIDTH - RIGHT, y + PANEL_H)], AXIS)
    yield Words(LEFT, y - 6, f"{printable(panel.name)}, a minute", AXIS)
    yield Words(LEFT - 6, y + 10, f"{top:,.4g}", anchor="end")
    yield Words(LEFT - 6, y + PANEL_H, "0", anchor="end")
    yield from _ticks(picture, y)
    yield from _marks(picture, y)


def _ticks(picture: Picture, y: int) -> Iterator[Shape]:
    """A tick at whole hours of local time, at most a dozen."""
    minutes = max(1, picture.minutes)
    hours = next(n for n in (1, 2, 3, 6, 12, 24, 48, 96, minutes) if minutes / 60 / n <= 12)
    first = -(picture.since + picture.offset) % (hours * 60)
    width = (WIDTH - LEFT - RIGHT) / minutes
    for place in range(first, minutes, hours * 60):
        text = clock_text(picture.since + place, picture.offset)
        yield Words(round(LEFT + place * width, 1), y + PANEL_H + 14, text, AXIS, anchor="middle")


def _marks(picture: Picture, y: int) -> Iterator[Shape]:
    width = (WIDTH - LEFT - RIGHT) / max(1, picture.minutes)
    for mark in picture.marks:
        if 0 <= mark.minute - picture.since <= picture.minutes:
            x = round(LEFT + (mark.minute - picture.since) * width, 1)
            yield Line([(x, y), (x, y + PANEL_H)], ALERT, dashed=True)
            yield Words(x + 4, y + 12, printable(mark.name), ALERT)
