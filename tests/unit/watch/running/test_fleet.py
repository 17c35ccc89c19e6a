from __future__ import annotations

import numpy as np

from haoma.watch.model import Tuning
from haoma.watch.running.fleet import Fleet, Known, Spans
from haoma.watch.simulate import Traffic, World

FIRST = 29_811_840
KNOWN = Known({1: "acme", 2: "acme", 3: "other"}, {})
NUMBERS = [1, 2, 3]


def counts(minutes: int) -> np.ndarray:
    """Hotlines by minutes by signals; of the third nothing is counted at first."""
    world = World(Traffic(600.0), 3, FIRST, 7)
    made = np.stack([one.counts for one in world.minutes(minutes)], axis=1)
    made[2, :40] = np.nan
    return made


def judged(fleet: Fleet, told: np.ndarray, *cuts: int) -> Spans:
    spans: Spans = {}
    for part in np.split(told, cuts, axis=1):
        fleet.judge(NUMBERS, part, spans)
    return spans


def test_a_fleet_that_is_resumed_goes_on_to_the_bit_and_a_hotline_joins_with_its_first_count() -> None:
    told = counts(130)
    whole = Fleet(Tuning(), KNOWN, FIRST - 1, {})
    judged(whole, told)
    assert list(whole.places) == [1, 2, 3]
    for cut in (20, 60, 97):
        begun = Fleet(Tuning(), KNOWN, FIRST - 1, {})
        judged(begun, told[:, :cut])
        assert list(begun.places) == ([1, 2] if cut == 20 else [1, 2, 3])
        resumed = Fleet.resumed(Tuning(), KNOWN, begun.kept(), {})
        judged(resumed, told[:, cut:])
        assert resumed.kept() == whole.kept()


def test_in_how_many_pieces_minutes_come_makes_no_difference() -> None:
    told = counts(60)
    at_once, in_pieces = (Fleet(Tuning(), KNOWN, FIRST - 1, {}) for _ in range(2))
    judged(at_once, told)
    judged(in_pieces, told, 1, 2, 17, 41)
    assert at_once.kept() == in_pieces.kept()
    for hotline in NUMBERS:
        assert np.array_equal(at_once.hour(hotline).seen, in_pieces.hour(hotline).seen, equal_nan=True)


def test_the_last_hour_is_in_order_and_what_was_not_counted_is_not_known() -> None:
    told = counts(75)
    fleet = Fleet(Tuning(), KNOWN, FIRST - 1, {})
    judged(fleet, told)
    hour = fleet.hour(1)
    assert hour.since == FIRST + 15
    assert np.array_equal(hour.seen, told[0, 15:])
    assert np.isnan(fleet.hour(3).seen[:25]).all()
    assert np.isnan(fleet.newest(9)[1]).all()
