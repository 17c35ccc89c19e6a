from __future__ import annotations

import pytest

from contracts.carrier import Ticks
from haoma.errors import Refused, Unavailable
from haoma.wire.breaker import FAILURES, LONGEST_S, OPEN_S, Breaker


def fail(breaker: Breaker, wait_s: float | None = None) -> None:
    with pytest.raises(Unavailable, match="down"):
        break_down(breaker, wait_s)


def break_down(breaker: Breaker, wait_s: float | None) -> None:
    with breaker.trying() as attempt:
        attempt.wait_s = wait_s
        raise Unavailable("down")


def work(breaker: Breaker) -> None:
    with breaker.trying():
        pass


def opened(ticks: Ticks) -> Breaker:
    breaker = Breaker("sim-swap", ticks)
    for _ in range(FAILURES):
        fail(breaker)
    return breaker


def test_five_failures_in_a_row_open_it_and_nothing_is_asked_then(ticks: Ticks) -> None:
    breaker = opened(ticks)
    with pytest.raises(Unavailable, match="sim-swap is not asked") as error:
        work(breaker)
    assert error.value.hint == "again in 30 s"


def test_an_answer_in_between_starts_the_count_anew_and_a_refusal_is_an_answer(ticks: Ticks) -> None:
    breaker = Breaker("sim-swap", ticks)
    for _ in range(FAILURES - 1):
        fail(breaker)
    with pytest.raises(Refused), breaker.trying():
        raise Refused("no")
    for _ in range(FAILURES - 1):
        fail(breaker)
    work(breaker)


def test_after_its_time_one_question_goes_out_alone_and_its_answer_closes_it(ticks: Ticks) -> None:
    breaker = opened(ticks)
    ticks.s += OPEN_S
    with breaker.trying(), pytest.raises(Unavailable, match="not asked"):
        work(breaker)
    work(breaker)
    fail(breaker)
    work(breaker)


def test_a_trial_that_fails_opens_it_again(ticks: Ticks) -> None:
    breaker = opened(ticks)
    ticks.s += OPEN_S
    fail(breaker)
    ticks.s += OPEN_S - 1
    with pytest.raises(Unavailable, match="not asked"):
        work(breaker)
    ticks.s += 1
    work(breaker)


def test_a_trial_that_is_broken_off_leaves_the_next_one_to_try(ticks: Ticks) -> None:
    breaker = opened(ticks)
    ticks.s += OPEN_S
    with pytest.raises(KeyboardInterrupt), breaker.trying():
        raise KeyboardInterrupt
    work(breaker)


def test_an_answer_to_what_was_asked_before_does_not_close_it(ticks: Ticks) -> None:
    breaker = Breaker("sim-swap", ticks)
    with breaker.trying():
        for _ in range(FAILURES):
            fail(breaker)
    with pytest.raises(Unavailable, match="not asked"):
        work(breaker)


@pytest.mark.parametrize(("said", "kept"), [(7, 7), (0, 1), (-5, 1), (1e9, LONGEST_S)])
def test_whoever_says_how_long_to_wait_is_left_alone_that_long_within_bounds(
    ticks: Ticks, said: float, kept: float
) -> None:
    breaker = Breaker("sim-swap", ticks)
    fail(breaker, said)
    ticks.s += kept - 0.5
    with pytest.raises(Unavailable, match="not asked"):
        work(breaker)
    ticks.s += 0.5
    work(breaker)
