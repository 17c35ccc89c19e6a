from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from contracts.hotlines import ALONE, CALENDAR, at, counts, raised, run, taught, workdays
from haoma.errors import BadInput, Tampered
from haoma.watch.calendar import Day, Hours
from haoma.watch.detector import Detector
from haoma.watch.model import NO_CHANNEL, Budget, Channel, Closing, Floats, Tuning
from haoma.watch.simulate import Traffic, World, divert

NOON = at("2026-06-10 12:00")  # a Wednesday without a holiday near it


def steady(_: int) -> float:
    return 5.0


def known(hotlines: int = 1, tuning: Tuning = ALONE) -> Detector:
    """Hotlines with five inquiries a minute, day and night."""
    return taught(NOON, steady, hotlines, tuning=tuning)


def diverted(chance: np.random.Generator, hotlines: int = 1, p: float = 0.9, q: float = 0.05) -> Floats:
    return divert(counts([5.0] * hotlines, chance), p, q, chance)


def test_a_diversion_is_noticed_within_minutes_and_nothing_before_it() -> None:
    chance, watching = np.random.default_rng(2), known(8)
    before = run(watching, NOON, 120, lambda _: counts([5.0] * 8, chance))
    assert raised(before) == [0] * 8
    after = run(watching, NOON + 120, 12, lambda _: diverted(chance, 8))
    assert raised(after) == [1] * 8
    assert {int(one.channel[0]) for one in after if one.alarm[0]} == {Channel.JOINT}
    assert before[-1].expected[0] == pytest.approx([5.0, 0.025], rel=0.4)
    assert (after[-1].score > 0.99).all()
    assert (before[0].ready & after[-1].open).all()


def test_an_alarm_ends_when_counts_are_back_and_says_so() -> None:
    chance, watching = np.random.default_rng(3), known()
    run(watching, NOON, 30, lambda _: counts([5.0], chance))
    run(watching, NOON + 30, 30, lambda _: diverted(chance))
    back = run(watching, NOON + 60, 240, lambda _: counts([5.0], chance))
    assert [Closing(int(one.closed[0])) for one in back if one.closed[0]] == [Closing.RECOVERED]
    assert not back[-1].open[0]
    assert raised(back) == [0]


def test_missing_counts_are_not_zero() -> None:
    nothing = run(known(), NOON, 240, lambda _: np.full((1, 2), np.nan))
    zeros = run(known(), NOON, 10, lambda _: np.zeros((1, 2)))
    assert raised(nothing) == [0]
    assert raised(zeros) == [1]
    assert nothing[-1].seen[0] < 0.01


@pytest.mark.parametrize("bad", [-1.0, np.inf, -np.inf, 1e9])
def test_a_count_that_is_none_is_missing_and_counted(bad: float) -> None:
    one, other = known(2), known(2)
    first = one.step(NOON, np.array([[bad, 0.0], [5.0, 0.0]]))
    second = other.step(NOON, np.array([[np.nan, 0.0], [5.0, 0.0]]))
    assert first.refused.tolist() == [True, False]
    assert one.refused.tolist() == [1, 0]
    assert not second.refused.any()
    assert first.excess.tolist() == second.excess.tolist()


@pytest.mark.parametrize("reports", [0.0, np.nan])
def test_a_hotline_that_nobody_ever_reports_for_is_watched_by_its_inquiries(reports: float) -> None:
    chance, watching = np.random.default_rng(4), known()
    run(watching, NOON, 60, lambda _: np.array([[chance.poisson(5.0), reports]]))
    assert raised(run(watching, NOON + 60, 20, lambda _: np.array([[chance.poisson(0.5), reports]]))) == [1]


def test_reports_alone_are_noticed_where_few_call() -> None:
    chance = np.random.default_rng(5)
    watching = taught(NOON, lambda _: 0.2)
    seen = run(watching, NOON, 60, lambda _: np.array([[chance.poisson(0.2), chance.poisson(0.15)]]))
    assert raised(seen) == [1]


def test_a_hotline_that_nobody_calls_never_alarms_and_one_report_is_no_alarm() -> None:
    watching = taught(NOON, lambda _: 0.0)
    assert raised(run(watching, NOON, 120, lambda _: np.zeros((1, 2)))) == [0]
    assert raised(run(watching, NOON + 120, 1, lambda _: np.array([[0.0, 1.0]]))) == [0]


@pytest.mark.parametrize("hours", [None, "Mo-Fr 09:00-18:30; Sa,Su 09:00-18:30"])
def test_a_hotline_that_closes_at_night_does_not_alarm_at_dusk(hours: str | None) -> None:
    dusk, chance = at("2026-06-10 17:00"), np.random.default_rng(6)
    watching = taught(dusk, workdays, 20, 4, hours)
    seen = run(watching, dusk, 240, lambda minute: counts([workdays(minute)] * 20, chance))
    assert sum(raised(seen)) == 0
    if hours:
        assert seen[-1].channel.tolist() == [NO_CHANNEL] * 20
        assert not seen[-1].ready.any()


def test_before_a_profile_is_known_reports_alone_can_alarm() -> None:
    chance, watching = np.random.default_rng(7), Detector(ALONE, 1, calendar=CALENDAR)
    quiet = run(watching, NOON, 120, lambda _: counts([5.0], chance))
    fallen = run(watching, NOON + 120, 60, lambda _: counts([0.5], chance, 0.0))
    assert raised(quiet + fallen) == [0]
    assert not quiet[-1].ready[0]
    told = run(watching, NOON + 180, 60, lambda _: counts([5.0], chance, 0.3))
    assert raised(told) == [1]
    assert {int(one.channel[0]) for one in told if one.alarm[0]} == {Channel.REPORTS}


@pytest.mark.parametrize(("calls", "share"), [(1.0, 0.3), (0.2, 0.02), (0.05, 0.5)])
def test_new_hotlines_whose_callers_always_report_do_not_alarm_for_it(calls: float, share: float) -> None:
    chance, watching = np.random.default_rng(16), Detector(replace(ALONE, common_least=1000), 100, calendar=CALENDAR)
    seen = run(watching, NOON, 600, lambda _: counts([calls] * 100, chance, share))
    assert sum(raised(seen)) <= 1  # REPORTS may spend eight in a month of all of them, a ninth of one in ten hours


def test_what_callers_always_report_is_learned_and_more_of_it_is_noticed() -> None:
    chance, watching = np.random.default_rng(17), Detector(ALONE, 4, calendar=CALENDAR)
    run(watching, NOON, 720, lambda _: counts([2.0] * 4, chance, 0.1))
    more = run(watching, NOON + 720, 60, lambda _: counts([2.0] * 4, chance, 0.4))
    assert raised(more) == [1] * 4


def test_what_all_hotlines_have_at_once_is_nobodys_fault() -> None:
    chance, watching = np.random.default_rng(8), known(40)
    run(watching, NOON, 30, lambda _: counts([5.0] * 40, chance))
    alone = np.array([2.5] * 39 + [0.25])
    seen = run(watching, NOON + 30, 60, lambda _: counts(alone.tolist(), chance))
    assert raised(seen)[39] == 1
    assert sum(raised(seen)[:39]) <= 1
    assert seen[20].common[0, 0] < 0.75


def test_one_diverted_hotline_is_not_eaten_by_what_its_group_has_in_common() -> None:
    chance, watching = np.random.default_rng(9), known(40)
    alone = np.array([5.0] * 39 + [0.5])
    seen = run(watching, NOON, 20, lambda _: counts(alone.tolist(), chance))
    assert raised(seen) == [0] * 39 + [1]


@pytest.mark.parametrize("busy", [5.0, 2.0])
def test_a_holiday_may_look_like_a_workday_or_like_a_weekend(busy: float) -> None:
    holiday = at("2026-10-01 09:00")
    chance, watching = np.random.default_rng(10), taught(holiday, workdays, 10)
    assert sum(raised(run(watching, holiday, 180, lambda _: counts([busy] * 10, chance)))) == 0


def test_a_sunday_that_is_worked_is_a_workday_and_teaches_no_sunday() -> None:
    sunday = at("2026-09-20 09:00")
    assert CALENDAR.local(sunday, 480).day is Day.MADE_UP
    chance = np.random.default_rng(11)
    watching = taught(sunday, workdays, 10)
    before = watching.state["cells"].copy()
    seen = run(watching, sunday, 120, lambda minute: counts([workdays(minute)] * 10, chance))
    assert sum(raised(seen)) == 0
    assert seen[-1].expected[:, 0] == pytest.approx(5.0, rel=0.3)
    assert (watching.state["cells"] == before).all()
    fallen = run(watching, sunday + 120, 30, lambda _: counts([0.5] * 10, chance))
    assert raised(fallen) == [1] * 10


def test_a_fleet_that_shares_a_budget_asks_for_more() -> None:
    chance = np.random.default_rng(12)
    minutes = [counts([5.0], chance) for _ in range(30)]
    few = known(tuning=Tuning(budget=Budget(hotlines=1)))
    many = known(tuning=Tuning(budget=Budget(hotlines=6_000)))
    for minute, each in enumerate(minutes):
        less, more = few.step(NOON + minute, each), many.step(NOON + minute, each)
    assert (more.excess < less.excess).all()
    assert (less.excess - more.excess) == pytest.approx(np.log(100), rel=0.2)


def test_clocks_and_hours_may_differ_from_hotline_to_hotline() -> None:
    hours = [Hours.parse("Mo-Su 09:00-18:00"), Hours.always(), Hours.parse("Mo-Su 09:00-18:00")]
    watching = Detector(ALONE, 3, hours=hours, offset=[480, 345, 0], calendar=CALENDAR)
    evening = at("2026-06-10 18:15")
    expected = [watching.step(evening + minute, np.ones((3, 2))) for minute in range(16)][-1]
    assert (expected.expected[:, 1] > 0).tolist() == [False, True, True]


def test_a_hotline_is_remembered_in_less_than_two_kilobytes() -> None:
    watching = Detector(Tuning(), 5, signals=3)
    assert watching.state.itemsize < 2000
    assert len(watching.state.tobytes()) == 5 * watching.state.itemsize


def test_state_of_another_length_is_tampered_with_and_of_other_hotlines_refused() -> None:
    state = Detector(Tuning(), 2).state.tobytes()
    with pytest.raises(Tampered, match="bytes of state"):
        Detector.resume(Tuning(), state[:-1])
    with pytest.raises(BadInput, match="for 2 hotlines"):
        Detector.resume(Tuning(), state, groups=[0])


def test_minutes_go_forward() -> None:
    watching = Detector(Tuning(), 1)
    watching.step(NOON, np.zeros((1, 2)))
    for minute in (NOON, NOON - 1, NOON + 40 * 1440):
        with pytest.raises(BadInput, match=f"minute {minute} after"):
            watching.step(minute, np.zeros((1, 2)))


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Detector(Tuning(), 0), "no hotline"),
        (lambda: Detector(Tuning(), 1, signals=1), "1 signals"),
        (lambda: Detector(Tuning(), 1, offset=7), "quarters"),
        (lambda: Detector(Tuning(), 2, hours=[Hours.always()]), "1 opening hours for 2"),
        (lambda: Detector(Tuning(), 1).step(NOON, np.zeros((2, 2))), "shape"),
        (lambda: Detector(Tuning(), 1).step(NOON, np.zeros((1, 2)), np.ones((2, 2))), "common"),
        (lambda: Detector(Tuning(), 1).learn(NOON + 1, np.zeros((4, 1, 2))), "within an hour"),
        (lambda: Detector(Tuning(), 1).learn(NOON, np.zeros((3, 1, 2))), "history of shape"),
        (lambda: Budget(hotline=0), "allows nothing"),
        (lambda: Budget(shares=(0.5, 0.1, 0.1, 0.1)), "add up"),
    ],
)
def test_what_cannot_be_meant_is_refused(make: object, words: str) -> None:
    with pytest.raises(BadInput, match=words):
        make()  # type: ignore[operator]


@pytest.mark.slow
def test_a_level_that_changed_for_ever_becomes_the_level() -> None:
    chance, watching = np.random.default_rng(13), known(6)
    seen = run(watching, NOON, 12 * 1440, lambda _: counts([2.5] * 6, chance))
    assert raised(seen[:180]) == [1] * 6
    assert max(raised(seen)) <= 2
    assert not seen[-1].open.any()
    closed = {Closing(int(value)) for one in seen for value in one.closed}
    assert Closing.NEW_LEVEL in closed
    assert seen[-1].expected[:, 0] == pytest.approx(2.5, rel=0.25)


@pytest.mark.slow
def test_after_a_holiday_that_looked_like_a_workday_there_is_no_alarm() -> None:
    start, chance = at("2026-09-30 00:00"), np.random.default_rng(14)

    def busy(minute: int) -> float:
        return 1.0 + workdays(minute, 4.0, 4.0 if at("2026-10-01 00:00") <= minute < at("2026-10-08 00:00") else 1.0)

    watching = taught(start, lambda minute: 1.0 + workdays(minute, 4.0, 1.0), 20, 6)
    seen = run(watching, start, 11 * 1440, lambda minute: counts([busy(minute)] * 20, chance))
    assert sum(raised(seen)) <= 12  # a month each would be allowed 20, eleven days 7


@pytest.mark.slow
def test_false_alarms_are_as_many_as_the_budget_allows_and_scores_as_rare_as_they_say() -> None:
    since, hotlines, days = at("2026-03-02 00:00"), 200, 5
    world = World(Traffic(300.0), hotlines, since, 15)
    watching = Detector(ALONE, hotlines, groups=np.arange(hotlines), calendar=CALENDAR)
    watching.learn(since, world.quarters(6 * 7 * 96))
    seen = [watching.step(one.minute, one.counts) for one in world.minutes(days * 1440)]
    months = hotlines * days / 30
    assert 0.4 * months < sum(raised(seen)) < 1.8 * months  # 33 are allowed
    scores = np.stack([one.score for one in seen[::7]])
    for share in (0.1, 0.01):
        assert share / 3 < np.mean(scores > 1 - share) < 3 * share
