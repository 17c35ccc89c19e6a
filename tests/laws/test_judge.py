from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import groupby, pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.judge import CARE, NOBODYS, OLD, RIGHT, THEIRS, open_world, shows
from haoma.guard.judge import Limits, check, tables
from haoma.guard.judge.hysteresis import Run, Turn, after
from haoma.guard.judge.incidents import steps
from haoma.guard.judge.judging import one_off
from haoma.guard.model import Belongs

AT = datetime(2026, 11, 22, tzinfo=UTC)
PAGES = [
    RIGHT,
    (),
    (shows(CARE, Belongs.OTHER),),
    (shows(THEIRS), shows(CARE)),
    (shows(OLD), shows(NOBODYS)),
    (shows(CARE, Belongs.UNSURE),),
]
looks = st.lists(st.tuples(st.sampled_from(["map", "forum"]), st.sampled_from(PAGES)), max_size=9)
in_order = looks.flatmap(lambda every: st.tuples(st.just(every), st.permutations(range(len(every)))))
limits = st.builds(Limits, st.integers(1, 4), st.integers(1, 4))
digits = st.text("0123456789", min_size=7, max_size=11)


@given(st.lists(st.booleans(), max_size=40), limits)
def test_an_alert_begins_after_so_many_bad_looks_in_a_row_and_ends_after_so_many_good_ones(
    bad: list[bool], limits: Limits
) -> None:
    run, turns = Run(), list[Turn]()
    for n, each in enumerate(bad):
        run, turn = after(run, AT + timedelta(hours=n), limits, bad=each)
        turns.append(turn)
    runs = [(key, len(list(group))) for key, group in groupby(bad)]
    alert, expected = False, list[Turn]()
    for is_bad, length in runs:
        wanted = limits.bad_looks if is_bad else limits.good_looks
        turns_here = [Turn.NOTHING] * length
        if alert != is_bad and length >= wanted:
            turns_here[wanted - 1] = Turn.OPENS if is_bad else Turn.CLOSES
            alert = is_bad
        expected += turns_here
    assert turns == expected
    assert run.alert == alert


@given(st.lists(st.booleans(), max_size=20), limits)
def test_what_is_quiet_alerts_nobody_however_often_it_is_seen(bad: list[bool], limits: Limits) -> None:
    run = Run(quiet_until=AT + timedelta(days=1))
    for each in bad:
        run, turn = after(run, AT, limits, bad=each)
        assert turn is Turn.NOTHING


@given(digits, digits)
def test_being_one_slip_away_is_mutual_and_never_of_oneself(one: str, other: str) -> None:
    assert one_off(one, other) == one_off(other, one)
    assert not one_off(one, one)


@given(digits, st.integers(0, 10), st.sampled_from("0123456789"))
def test_one_digit_more_is_one_slip_away(one: str, at: int, digit: str) -> None:
    assert one_off(one, one[:at] + digit + one[at:])


@settings(max_examples=20)
@given(looks, limits)
def test_votes_never_overwrite_and_a_cause_has_one_incident_that_opened_after_enough_looks(
    every: list, limits: Limits
) -> None:
    with TemporaryDirectory() as folder:
        world = open_world(f"sqlite:///{Path(folder) / 'haoma.db'}", limits)
        with world.store:
            votes = []
            for source, mentions in every:
                world.look(*mentions, source=source)
                now = world.rows(tables.votes)
                assert now[: len(votes)] == votes
                votes = now
            causes = [one.cause for one in world.incidents()]
            assert len(set(causes)) == len(causes)
            for one in world.incidents():
                said = [step.step for step in world.ask(lambda tx, id_=one.id: steps(tx, id_))]
                assert said[0] == "opened"
                assert all({before, after} & {"closed"} for before, after in pairwise(said))
                seen = one.opened_at - one.first_seen_at
                assert seen >= timedelta(hours=limits.bad_looks - 1)


@settings(max_examples=20)
@given(in_order)
def test_the_same_snapshots_in_any_order_and_number_make_the_incidents_once(given_: tuple[list, list[int]]) -> None:
    every, order = given_
    with TemporaryDirectory() as folder:
        world = open_world(f"sqlite:///{Path(folder) / 'haoma.db'}", Limits(1, 1))
        with world.store:
            seen = [(world.seen(source), mentions) for source, mentions in every]
            for one, mentions in [*(seen[n] for n in order), *seen]:
                check(world.desk, one, mentions)
            before = world.everything()
            causes = [one.cause for one in world.incidents()]
            assert len(set(causes)) == len(causes)
            for one, mentions in seen:
                assert not check(world.desk, one, mentions).new
            assert world.everything() == before
