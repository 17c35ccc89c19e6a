"""An alert ends when callers are back, and neither before nor hours later. All traffic is simulated."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from haoma.watch.model import Budget, Tuning
from haoma.watch.running.fleet import Fleet, Known, Spans
from haoma.watch.running.spans import Span, State
from haoma.watch.simulate import Traffic, World, divert

HOUR, DAY = 60, 1440
FIRST = 29_630_400  # a Monday, 2026-05-04T00:00+08:00
LEARNED = 14 * DAY
BEGUN, TEN = FIRST + LEARNED, FIRST + LEARNED + 10 * HOUR
HOTLINES = [1, 2, 3]
KNOWN = Known({one: str(one) for one in HOTLINES}, {})
TUNING = Tuning(budget=Budget(hotlines=1))


@dataclass(frozen=True)
class Learned:
    """A fleet as it is when it has learned, and what is counted behind that."""

    quarters: np.ndarray
    counts: np.ndarray

    def fleet(self) -> Fleet:
        made = Fleet(TUNING, KNOWN, BEGUN - 1, {})
        made.learn(HOTLINES, FIRST, self.quarters)
        return made

    def diverted(self, since: int, until: int, p: float) -> np.ndarray:
        told = self.counts.copy()
        part = slice(since - BEGUN, until - BEGUN)
        told[:, part] = divert(told[:, part], p, 0.1, np.random.default_rng(5))
        return told


@pytest.fixture(scope="module")
def learned() -> Learned:
    world = World(Traffic(1_200.0, level_sd=0.03), len(HOTLINES), FIRST, 4)
    quarters = world.quarters(LEARNED // 15).astype(float).transpose(1, 0, 2)
    counts = np.stack([one.counts for one in world.minutes(20 * HOUR)], axis=1).astype(float)
    return Learned(quarters, counts)


def judged(fleet: Fleet, counts: np.ndarray) -> list[Span]:
    spans: Spans = {}
    fleet.judge(HOTLINES, counts, spans)
    return sorted((one for one in spans.values() if one.opened >= TEN), key=lambda one: (one.hotline, one.opened))


@pytest.mark.parametrize("p", [0.5, 0.9])
def test_an_alert_stands_as_long_as_callers_are_gone_and_ends_soon_after(learned: Learned, p: float) -> None:
    end = TEN + 3 * HOUR
    found = judged(learned.fleet(), learned.diverted(TEN, end, p))
    assert [one.hotline for one in found] == HOTLINES
    for one in found:
        assert one.opened < TEN + 20
        assert one.state is State.RECOVERED
        assert one.closed is not None
        assert end + 10 <= one.closed < end + 3 * HOUR


@pytest.mark.slow
def test_when_they_go_again_that_is_another_alert(learned: Learned) -> None:
    told = learned.diverted(TEN, TEN + HOUR, 0.9)
    again = TEN + 6 * HOUR
    told[:, again - BEGUN :] = learned.diverted(again, again + HOUR, 0.9)[:, again - BEGUN :]
    found = judged(learned.fleet(), told)
    assert [one.hotline for one in found] == [1, 1, 2, 2, 3, 3]
    assert all(again <= one.opened < again + 15 for one in found[1::2])


def test_neither_a_burst_nor_an_hour_of_nothing_ends_an_alert(learned: Learned) -> None:
    told = learned.diverted(TEN, TEN + 4 * HOUR, 0.9)
    at = TEN - BEGUN
    told[:, at + 60, 0] *= 200
    told[:, at + 90 : at + 150] = np.nan
    found = judged(learned.fleet(), told[:, : at + 4 * HOUR])
    assert [(one.hotline, one.closed) for one in found] == [(one, None) for one in HOTLINES]


@pytest.mark.slow
def test_it_goes_on_to_the_bit_wherever_it_is_cut(learned: Learned) -> None:
    told = learned.diverted(TEN, TEN + HOUR, 0.9)[:, : TEN - BEGUN + 3 * HOUR]
    whole = learned.fleet()
    spans = judged(whole, told)
    assert any(one.closed for one in spans)
    ended = min(one.closed for one in spans if one.closed) - BEGUN
    for cut in (TEN - BEGUN + 67, ended - 3, ended, ended + 1):
        begun = learned.fleet()
        judged(begun, told[:, :cut])
        resumed = Fleet.resumed(TUNING, KNOWN, begun.kept(), begun.standing)
        judged(resumed, told[:, cut:])
        assert resumed.kept() == whole.kept()
        assert resumed.standing == whole.standing
