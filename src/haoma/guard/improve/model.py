"""Trials of measures and samples by mystery shoppers: values and pure rules.

Rules held here:
- A trial is laid down before it begins: what is counted, what would be better, how large each arm is to be. What was
  counted is judged by that and by nothing that was thought of later.
- A sample is drawn by a seed, from every hotline and every channel it is given out on: whoever has both draws the same.
- Each channel has its share of a sample, and at least one visit.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from haoma.errors import BadInput
from haoma.guard.improve.stats import Compared, compare_rates, compare_shares, needed_for_rates, needed_for_shares

__all__ = [
    "ALPHA",
    "Arm",
    "Better",
    "Judged",
    "Measure",
    "Outcome",
    "Sample",
    "Trial",
    "Visit",
    "draw",
    "drawn_digest",
    "frame_digest",
    "seed_digest",
]

ALPHA = 0.05
MOST_VISITS = 1_000


class Measure(StrEnum):
    """What a trial counts: of how many the share, or in how much time or work the rate."""

    SHARE = "share"
    RATE = "rate"


class Better(StrEnum):
    """Which figure is the better one."""

    LOWER = "lower"
    HIGHER = "higher"


@dataclass(frozen=True, slots=True)
class Arm:
    """What was counted: `events` of or in `size`."""

    events: int
    size: int


class Judged(StrEnum):
    """What a trial says of its measure so far."""

    RUNNING = "running"
    EARLY = "early"
    BETTER = "better"
    WORSE = "worse"
    OPEN = "open"


@dataclass(frozen=True, slots=True)
class Trial:
    """A measure against things as they are: arm `a` without it, `b` with it; `unit` is what their sizes are of."""

    id: str
    name: str
    measure: Measure
    unit: str
    better: Better
    planned: int
    starts_at: datetime
    ends_at: datetime
    arms: dict[str, Arm] = field(default_factory=dict)

    def compared(self) -> Compared | None:
        """The test of both arms; None while one is not counted."""
        a, b = self.arms.get("a"), self.arms.get("b")
        if a is None or b is None:
            return None
        compare = compare_shares if self.measure is Measure.SHARE else compare_rates
        return compare(a.events, a.size, b.events, b.size)

    def judged(self) -> Judged:
        """What it says: nothing for sure while an arm is smaller than was planned, however small its p-value."""
        found = self.compared()
        if found is None:
            return Judged.RUNNING
        if any(arm.size < self.planned for arm in self.arms.values()):
            return Judged.EARLY
        if found.p_value > ALPHA:
            return Judged.OPEN
        lower = found.figure_b < found.figure_a
        return Judged.BETTER if lower is (self.better is Better.LOWER) else Judged.WORSE

    def needed(self) -> int | None:
        """How large each arm has to be to show what was seen in 4 trials of 5; None where nothing differs."""
        found = self.compared()
        if found is None:
            return None
        if self.measure is Measure.SHARE:
            return needed_for_shares(found.figure_a, found.figure_b)
        events, both = needed_for_rates(found.effect), found.figure_a + found.figure_b
        return None if events is None or not both else -int(-events // both)

    def plan_digest(self) -> str:
        """The digest of what was laid down, for the log."""
        said = [self.name, self.measure, self.unit, self.better, self.planned]
        times = [self.starts_at.isoformat(), self.ends_at.isoformat()]
        return hashlib.sha256(json.dumps([*said, *times], ensure_ascii=False).encode()).hexdigest()


class Outcome(StrEnum):
    """What a mystery shopper found where a hotline should stand."""

    RIGHT = "right"
    WRONG_NUMBER = "wrong-number"
    WRONG_ORGANISATION = "wrong-organisation"
    NOT_THERE = "not-there"
    NO_ANSWER = "no-answer"


@dataclass(frozen=True, slots=True)
class Visit:
    """One look of a mystery shopper: `place` in the sample, the hotline's UID, and the channel."""

    place: int
    hotline: str
    channel: str
    outcome: Outcome | None = None
    visited_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Sample:
    """The visits of a month, in the order in which they were drawn, out of `frame` that could have been."""

    id: str
    month: str
    seed: str
    frame: int
    visits: tuple[Visit, ...]

    @property
    def done(self) -> int:
        """How many visits were made."""
        return sum(one.outcome is not None for one in self.visits)

    @property
    def right(self) -> int:
        """How many found the right number, and that it answers."""
        return sum(one.outcome is Outcome.RIGHT for one in self.visits)


def seed_digest(seed: str) -> str:
    """The digest of a seed."""
    return hashlib.sha256(seed.encode()).hexdigest()


def drawn_digest(visits: Iterable[Visit]) -> str:
    """The digest of what was drawn, in its order."""
    drawn = [[one.place, one.hotline, one.channel] for one in visits]
    return hashlib.sha256(json.dumps(drawn, ensure_ascii=False).encode()).hexdigest()


def frame_digest(frame: Iterable[tuple[str, str]]) -> str:
    """The digest of everything that could have been drawn."""
    return hashlib.sha256(json.dumps(sorted(set(frame)), ensure_ascii=False).encode()).hexdigest()


def draw(frame: Iterable[tuple[str, str]], size: int, seed: str) -> list[Visit]:
    """Draw a sample of (hotline, channel) by a seed, each channel with its share and at least one.

    >>> frame = [(f"h{n}", channel) for n in range(8) for channel in ("map", "web")]
    >>> [visit.channel for visit in draw(frame, 4, "seed")].count("map")
    2

    Raises BadInput for a size that is smaller than the number of channels, and for a frame with nothing in it.
    """
    every = sorted(set(frame))
    channels = sorted({channel for _, channel in every})
    if not channels:
        raise BadInput("there is no hotline with a channel to look at", hint="haoma hotline list --at TIME shows them")
    if not len(channels) <= size <= MOST_VISITS:
        message = f"{size} visits for {len(channels)} channels; {len(channels)} to {MOST_VISITS} are allowed"
        raise BadInput(message, hint="each channel is visited once at least")
    parts = {channel: [one for one in every if one[1] == channel] for channel in channels}
    counts = _shares({channel: len(part) for channel, part in parts.items()}, min(size, len(every)))
    drawn = [one for channel, part in parts.items() for one in _first(part, counts[channel], seed)]
    return [Visit(place, *one) for place, one in enumerate(_first(drawn, len(drawn), f"{seed}:order"), 1)]


def _first(part: Sequence[tuple[str, str]], count: int, seed: str) -> list[tuple[str, str]]:
    def rank(one: tuple[str, str]) -> bytes:
        return hmac.digest(seed.encode(), json.dumps(one, ensure_ascii=False).encode(), "sha256")

    return sorted(part, key=rank)[:count]


def _shares(sizes: dict[str, int], size: int) -> dict[str, int]:
    """Whole shares in proportion, one at least and no more than there are: the largest remainders are rounded up."""
    found = dict.fromkeys(sizes, 1)
    whole = sum(sizes.values())
    while sum(found.values()) < size:
        open_ = [one for one in found if found[one] < sizes[one]]
        short = max(open_, key=lambda one: (sizes[one] * size / whole - found[one], one))
        found[short] += 1
    return found
