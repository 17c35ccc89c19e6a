"""Learning a corrector from minutes that hotlines have had.

Rules held here:
- What is learnt is what the plain detector got wrong: it is run over the series first, and the network sees what it
  expected.
- The last weeks are held out; nothing is learnt from them, and the card tells of them alone.
- Diversions are written into what the network sees and not into what it is to say: one that follows what it sees would
  explain away the very fall that is looked for.
- The same series and seed give the same network on the same machine.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from haoma.errors import BadInput
from haoma.watch.calendar import Hours
from haoma.watch.detector import Detector
from haoma.watch.history import in_quarters
from haoma.watch.model import Bools, Floats, Integers, Tuning
from haoma.watch.residual.network import network, written
from haoma.watch.residual.window import BOUND, QUARTER_MIN, STEPS, Singles, clock, ratios

if TYPE_CHECKING:
    import torch

__all__ = ["LEARNING_WEEKS", "WEEK_MIN", "Quarters", "Series", "Trained", "train", "watched"]

WEEK_MIN = 7 * 1440
LEARNING_WEEKS = 3
"""Weeks that the plain detector needs before its expectations are worth correcting."""
_BATCH = 512
_DIVERTED = 0.3


class Series(NamedTuple):
    """Counts [minutes, hotlines, signals] of some hotlines from the minute `since` on, NaN where missing."""

    since: int
    counts: Floats
    offset: int
    hours: Hours | None = None

    @property
    def weeks(self) -> float:
        """How long it is."""
        return len(self.counts) / WEEK_MIN


class Quarters(NamedTuple):
    """What the plain detector expected of quarters of an hour, and what came: [quarters, hotlines] each.

    `minutes` [quarters] is where each begins on the hotlines' clock, `free` whether its day is.
    """

    minutes: Integers
    free: Bools
    came: Floats
    expected: Floats


@dataclass(frozen=True, slots=True)
class Trained:
    """A network as ONNX, and what it was learnt from."""

    model: bytes
    examples: int
    epochs: int
    losses: tuple[float, ...]
    seed: int


def watched(series: Series, tuning: Tuning, minutes: int) -> Iterator[float | tuple[Quarters, Detector]]:
    """Run the plain detector over the first `minutes` of a series: yields the share done, at last what it expected.

    Its profile is learnt from the first weeks, of which nothing is told. The detector goes on from there. Raises
    BadInput for a series that does not begin with an hour.
    """
    hotlines = series.counts.shape[1]
    watch = Detector(tuning, hotlines, signals=series.counts.shape[2], hours=series.hours, offset=series.offset)
    begin = min(LEARNING_WEEKS * WEEK_MIN, minutes // 60 * 60)
    watch.learn(series.since, in_quarters(series.counts[:begin]))
    count = (minutes - begin) // QUARTER_MIN
    came, expected = np.zeros((2, count, hotlines))
    for at in range(count * QUARTER_MIN):
        counts = series.counts[begin + at]
        scores = watch.step(series.since + begin + at, counts)
        quarter, usual = at // QUARTER_MIN, np.where(scores.ready, scores.expected[:, 0], 0)
        seen = np.isfinite(counts[:, 0]) & ~scores.refused & (usual > 0)
        came[quarter] += np.where(seen, counts[:, 0], 0)
        expected[quarter] += np.where(seen, usual, 0)
        if at % 1440 == 0:
            yield at / (count * QUARTER_MIN)
    begins = series.since + begin + series.offset + QUARTER_MIN * np.arange(count)
    calendar = watch.layout.calendar
    free = np.array([calendar.day(int(day)).free for day in begins // 1440], dtype=bool)
    yield Quarters(begins, free, came, expected), watch


def train(found: Quarters, *, seed: int = 7, epochs: int = 3, examples: int = 60_000) -> Iterator[float | Trained]:
    """Learn from what the plain detector expected: yields the share done now and then, at last what was learnt.

    Raises BadInput where there is nothing to learn from, or torch is missing.
    """
    net = network(seed)
    import torch

    torch.set_num_threads(1)  # sums in one order, and no threads that spin while they wait
    rng = np.random.default_rng(seed)
    picked = _picked(found, rng, examples)
    learner = torch.optim.Adam(net.parameters(), lr=2e-3)
    losses, batches = list[float](), math.ceil(len(picked) / _BATCH)
    for epoch in range(epochs):
        rng.shuffle(picked)
        total = 0.0
        for batch in range(batches):
            rows = picked[batch * _BATCH : (batch + 1) * _BATCH]
            loss = _loss(net, found, rows, rng)
            learner.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
            learner.step()
            total += float(loss.detach()) * len(rows)
            if batch % 20 == 0:
                yield (epoch + batch / batches) / epochs
        losses.append(total / len(picked))
    net.eval()
    yield Trained(written(net), len(picked), epochs, tuple(losses), seed)


def _picked(found: Quarters, rng: np.random.Generator, examples: int) -> Integers:
    """Pairs of quarter and hotline to learn from: those that expect something, with a window before them."""
    quarters, hotlines = np.nonzero(found.expected[STEPS:] >= 1)
    if not len(quarters):
        hint = f"give more than {LEARNING_WEEKS} weeks, and some of them busy"
        raise BadInput("nothing to learn from: no quarter of an hour expects an inquiry", hint=hint)
    pairs = np.stack((quarters + STEPS, hotlines), axis=1)
    return pairs[rng.permutation(len(pairs))[:examples]]


def _loss(net: torch.nn.Module, found: Quarters, rows: Integers, rng: np.random.Generator) -> torch.Tensor:
    """Poisson deviance of the corrected expectation for each inquiry expected, and a little for each correction."""
    import torch

    given = torch.from_numpy(_features(found, rows, rng))
    came, expected = (torch.from_numpy(each[rows[:, 0], rows[:, 1]]).float() for each in (found.came, found.expected))
    said = net(given)
    # Large hotlines would outweigh all others: beyond some inquiries more of them say no more about a quarter.
    weight = 1 / (expected + 20)
    return (weight * (expected * torch.exp(said) - came * said)).mean() + 0.01 * (said / BOUND).pow(2).mean()


def _features(found: Quarters, rows: Integers, rng: np.random.Generator) -> Singles:
    """Windows before the quarters of `rows`, some of them with a diversion that began within."""
    back = rows[:, :1] - np.arange(STEPS, 0, -1)
    came, expected = (each[back, rows[:, 1:]] for each in (found.came, found.expected))
    share = np.where(rng.random(len(rows)) < _DIVERTED, rng.uniform(0.1, 0.95, len(rows)), 0)
    begins = rng.integers(0, STEPS, len(rows))
    kept = np.where(np.arange(STEPS) >= begins[:, None], 1 - share[:, None], 1)
    ratio, weight = ratios(rng.binomial(np.rint(came).astype(np.int64), kept).astype(np.float64), expected)
    sine, cosine = clock(found.minutes[back + 1])
    free = np.broadcast_to(found.free[rows[:, :1]], ratio.shape)
    given = np.stack((ratio * weight, weight, sine, cosine, free), axis=2)
    return given.astype(np.float32)
