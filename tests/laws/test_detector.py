from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.hotlines import CALENDAR, at
from haoma.watch.budget import score
from haoma.watch.detectability import detectability
from haoma.watch.detector import Detector
from haoma.watch.model import Budget, Channel, Floats, Scores, Tuning
from haoma.watch.simulate import divert

HOTLINES, SINCE = 4, at("2026-06-10 09:50")
TUNING = Tuning(budget=Budget(hotlines=HOTLINES), common_least=3)
HISTORY = np.random.default_rng(1).poisson(60, (14 * 96, HOTLINES, 2)).astype(np.float64)
TAUGHT = Detector(TUNING, HOTLINES, calendar=CALENDAR)
TAUGHT.learn(at("2026-05-27 09:00"), HISTORY)
seeds = st.integers(0, 2**32 - 1)


def some_minutes(seed: int, many: int = 40) -> Floats:
    """Counts with a fault here, a gap there, and a count that is none."""
    chance = np.random.default_rng(seed)
    counts = chance.poisson(chance.choice([0.4, 4.0], (many, HOTLINES, 2))).astype(np.float64)
    counts[chance.random(counts.shape) < 0.05] = np.nan
    counts[chance.random(counts.shape) < 0.02] = -1
    return counts


def everyone() -> Detector:
    return TAUGHT.take(range(HOTLINES))


def run(watching: Detector, counts: Floats, since: int = SINCE) -> list[Scores]:
    return [watching.step(since + at, each) for at, each in enumerate(counts)]


def same(one: Scores, other: Scores, which: slice | list[int] = slice(None)) -> bool:
    names = ("score", "channel", "alarm", "open", "closed", "expected", "seen", "ready", "refused")
    return all(np.array_equal(getattr(one, name)[which], getattr(other, name)) for name in names)


@settings(max_examples=8)
@given(seeds, st.integers(1, 39))
def test_a_restart_changes_no_bit(seed: int, cut: int) -> None:
    counts, whole = some_minutes(seed), everyone()
    expected = run(whole, counts)
    before = everyone()
    run(before, counts[:cut])
    after = Detector.resume(TUNING, before.state.tobytes(), calendar=CALENDAR)
    seen = run(after, counts[cut:], SINCE + cut)
    assert all(same(one, other) for one, other in zip(expected[cut:], seen, strict=True))
    assert after.state.tobytes() == whole.state.tobytes()


@settings(max_examples=8)
@given(seeds, st.permutations(range(HOTLINES)), st.integers(1, HOTLINES))
def test_some_hotlines_alone_are_seen_as_among_all(seed: int, order: list[int], many: int) -> None:
    counts, whole, which = some_minutes(seed), everyone(), order[:many]
    some = whole.take(which)
    for minute, each in enumerate(counts):
        expected = whole.step(SINCE + minute, each)
        assert same(expected, some.step(SINCE + minute, each[which], expected.common), which)
    assert whole.take(which).state.tobytes() == some.state.tobytes()


@settings(max_examples=6)
@given(seeds, st.integers(1, 20))
def test_a_gap_is_as_many_missing_minutes(seed: int, gap: int) -> None:
    counts, one, other = some_minutes(seed, 3), everyone(), everyone()
    run(one, np.concatenate((counts[:2], np.full((gap, HOTLINES, 2), np.nan), counts[2:])))
    run(other, counts[:2])
    other.step(SINCE + 2 + gap, counts[2])
    assert one.state.tobytes() == other.state.tobytes()


@settings(max_examples=6)
@given(seeds, st.integers(1, 5))
def test_more_reports_never_speak_for_less(seed: int, more: int) -> None:
    counts, one, other = some_minutes(seed, 20), everyone(), everyone()
    counts[counts < 0] = np.nan
    run(one, counts[:-1])
    run(other, counts[:-1])
    told = one.step(SINCE + 19, counts[-1]).excess
    louder = other.step(SINCE + 19, counts[-1] + [0, more * 1.0]).excess
    assert (louder[Channel.REPORTS] >= told[Channel.REPORTS] - 1e-6).all()
    assert (louder[Channel.JOINT] >= told[Channel.JOINT] - 1e-6).all()


@given(st.lists(st.floats(-50, 50), min_size=2, max_size=20))
def test_a_score_is_a_share_and_grows_with_the_evidence(nats: list[float]) -> None:
    found = score(np.sort(np.asarray(nats)))
    assert ((found >= 0) & (found <= 1)).all()
    assert (np.diff(found) >= 0).all()


@given(st.floats(1, 5_000), st.floats(0.05, 0.9), st.floats(0, 0.5), st.floats(1.01, 2))
def test_more_calls_and_larger_diversions_show_sooner(calls: float, p: float, q: float, more: float) -> None:
    reports = calls * 0.005
    found = detectability(calls, reports, p, q)
    assert detectability(calls * more, reports * more, p, q) <= found * 1.001
    assert detectability(calls, reports, min(p * more, 0.95), q) <= found * 1.001
    assert detectability(calls, reports, p, q, budget=2) <= found


@given(st.lists(st.tuples(st.integers(0, 500), st.integers(0, 20)), min_size=1, max_size=9), st.floats(0, 1), seeds)
def test_a_diversion_makes_no_calls(counts: list[tuple[int, int]], p: float, seed: int) -> None:
    before = np.asarray(counts, dtype=np.float64)
    after = divert(before, p, 0.3, np.random.default_rng(seed))
    gone, told = before[:, 0] - after[:, 0], after[:, 1] - before[:, 1]
    assert ((gone >= 0) & (told >= 0) & (told <= gone) & (after[:, 0] >= 0)).all()


def test_what_is_missing_stays_missing() -> None:
    after = divert(np.array([[np.nan, 1.0]]), 0.5, 0.5, np.random.default_rng(1))
    assert np.isnan(after[0, 0])
    assert after[0, 1] == pytest.approx(1.0)
