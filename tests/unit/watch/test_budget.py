"""Thresholds that a budget of false alarms allows."""

from __future__ import annotations

import math

import numpy as np
import pytest

from haoma.watch.budget import (
    CALLS_PER_HOUR,
    CORRECTION,
    SOON_CALLS,
    SOON_NATS,
    TIGHT_NATS,
    USUAL_SPREAD,
    correction,
    soon,
    threshold,
)
from haoma.watch.memory import Memory
from haoma.watch.model import Tuning
from haoma.watch.profile import FIELDS, Profile

USUAL = np.full(len(CALLS_PER_HOUR), USUAL_SPREAD)


def test_corrections_are_those_that_were_simulated_where_they_were() -> None:
    assert correction(np.asarray(CALLS_PER_HOUR), USUAL, 1.0) == pytest.approx(np.asarray(CORRECTION))


def test_a_hotline_whose_hours_stray_more_and_a_tighter_budget_ask_for_more() -> None:
    calls = np.asarray(CALLS_PER_HOUR)
    usual = correction(calls, USUAL, 1.0)
    assert (correction(calls, USUAL + 0.03, 1.0)[:2] > usual[:2]).all()
    assert correction(calls, USUAL, 0.1) - usual == pytest.approx(TIGHT_NATS * math.log(10))
    assert correction(calls, USUAL, 10.0) == pytest.approx(usual)


def test_what_shows_soon_leaves_the_budget_to_what_hardly_does_where_few_call() -> None:
    more = soon(np.array([0.25, 0.5, 0.75, 1.0]), np.array([1.0, SOON_CALLS, 100 * SOON_CALLS]))
    assert (more[:2] == 0).all()
    assert more[3] == pytest.approx([SOON_NATS, SOON_NATS / 2, 0], abs=1e-3)
    assert more[2] == pytest.approx(more[3] / 2)


def test_the_same_divergence_in_half_of_the_time_is_half_the_chance() -> None:
    nats = threshold(np.float32([40_000.0, 20_000.0]), np.float32([0.01, 0.01]))
    assert nats[0] - nats[1] == pytest.approx(math.log(2), rel=0.25)


def test_calls_that_come_in_few_hours_come_densely() -> None:
    memory = Memory(2, FIELDS)
    week = memory.floats("week")
    hours = np.zeros((168, 2))
    hours[:, 0], hours[:42, 1] = 30.0, 120.0
    week[:] = np.stack((hours.sum(axis=0), (hours**2).sum(axis=0), np.full(2, 168.0)))
    an_hour, often = Profile(Tuning(), memory).busy()
    assert an_hour == pytest.approx([30.0, 120.0])
    assert often == pytest.approx([1.0, 0.25])
