"""What is usual for an hour, and for its quarters."""

from __future__ import annotations

import numpy as np

from contracts.hotlines import ALONE, CALENDAR, at
from haoma.watch.calendar import Local
from haoma.watch.memory import Memory
from haoma.watch.model import SHANGHAI_MIN, Floats
from haoma.watch.profile import FIELDS, Hour, Profile

WEDNESDAY = at("2026-06-10 12:00")
ALL = slice(None)


def learned(quarters: Floats, weeks: int = 8) -> tuple[Profile, Local]:
    """A profile that has seen the same hour of every workday, [4, hotlines] inquiries as they come by chance."""
    chance, hotlines = np.random.default_rng(3), quarters.shape[1]
    profile, one = Profile(ALONE, Memory(hotlines, FIELDS)), np.ones(hotlines)
    monday = WEDNESDAY - 2 * 1440 - weeks * 7 * 1440
    for day in range(weeks * 7):
        local = CALENDAR.local(monday + day * 1440, SHANGHAI_MIN)
        if not local.day.free:
            came = chance.poisson(quarters).astype(np.float64)
            profile.learn(local, ALL, Hour(came.sum(axis=0), 60 * one, one, came), one, one)
    return profile, CALENDAR.local(WEDNESDAY, SHANGHAI_MIN)


def told(profile: Profile, local: Local) -> Floats:
    calls = profile.estimate(local, ALL, np.ones(1)).calls
    return profile.shares(local, ALL, calls, np.ones(1))


def test_quarters_that_differ_by_chance_alone_are_taken_as_even() -> None:
    profile, local = learned(np.full((4, 200), 5.0))
    assert told(profile, local).std() < 0.05  # 0.07 as they came
    assert np.mean(told(profile, local) == 1) > 0.4


def test_a_quarter_without_calls_is_known_as_one() -> None:
    profile, local = learned(np.repeat(np.array([[0.0], [7.0], [7.0], [7.0]]), 50, axis=1))
    assert local.quarter == 0
    assert (told(profile, local) < 0.3).all()


def test_how_many_calls_an_hour_rests_on_is_told() -> None:
    profile, local = learned(np.full((4, 50), 5.0))
    calls = profile.estimate(local, ALL, np.ones(1)).calls
    assert 0.9 * 40 * 20 < calls.mean() < 1.1 * 40 * 20
