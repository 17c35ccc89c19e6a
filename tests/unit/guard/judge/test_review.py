from __future__ import annotations

from datetime import timedelta

import pytest

from contracts.judge import CARE, LABELLED_AS_A_RIVAL, MOBILE, NOBODYS, OURS, RIGHT, World, shows
from haoma.errors import BadInput, Conflict, NotFound
from haoma.guard.judge import Verdict, tables
from haoma.guard.judge.incidents import close_by_hand, steps
from haoma.guard.judge.model import Act, State
from haoma.guard.judge.review import Review, decide, hold_next, waiting
from haoma.guard.judge.votes import standing
from haoma.guard.model import Belongs

AN, BO = "0cc00000-0000-4000-8000-000000000001", "0cc00000-0000-4000-8000-000000000002"
DOUBT = shows(CARE, Belongs.UNSURE, owner="某某地图")


def next_for(world: World, by: str) -> Review | None:
    return world.desk.store.write(lambda tx: hold_next(tx, [OURS], by, world.clock[0]))


def say(world: World, review: Review, verdict: Verdict, by: str = AN, why: str = "called-and-asked") -> None:
    act = Act(why, world.clock[0], by)
    world.desk.store.write(lambda tx: decide(tx, world.desk, review.id, verdict, act))


def test_a_doubt_is_asked_once_and_opens_nothing(world: World) -> None:
    for _ in range(4):
        world.look(DOUBT)
    assert world.incidents() == []
    (asked,) = world.ask(lambda tx: waiting(tx, [OURS], world.clock[0]))
    assert (asked.shown, asked.url, asked.owner) == ("4008001234", "https://map.example/map", "某某地图")


def test_one_question_is_in_one_hand_and_goes_to_another_after_a_quarter_of_an_hour(world: World) -> None:
    world.look(DOUBT)
    world.look(shows(NOBODYS, Belongs.UNSURE), source="forum")
    first, second = next_for(world, AN), next_for(world, BO)
    assert [first.source, second.source] == ["map", "forum"]
    assert next_for(world, AN) == first
    assert next_for(world, "0cc00000-0000-4000-8000-000000000003") is None
    with pytest.raises(Conflict):
        say(world, first, Verdict.MATCH, by=BO)
    world.clock[0] += timedelta(minutes=16)
    assert next_for(world, BO) == first


def test_what_a_person_finds_wrong_is_an_incident_at_once_and_good_looks_close_it(world: World) -> None:
    world.look(DOUBT)
    say(world, next_for(world, AN), Verdict.WRONG_ORGANISATION)
    (one,) = world.incidents()
    assert (one.state, one.verdict, one.shown) == (State.OPEN, Verdict.WRONG_ORGANISATION, "4008001234")
    (opened,) = world.ask(lambda tx: steps(tx, one.id))
    assert (opened.by, opened.why) == (AN, "a-person-said")
    world.look(*LABELLED_AS_A_RIVAL)
    assert world.look(*LABELLED_AS_A_RIVAL).opened == ()  # the machine finds the same cause by now
    world.look(*RIGHT)
    assert world.look(*RIGHT).closed == (one.id,)


def test_what_a_person_says_of_a_persons_number_leaves_it_one(world: World) -> None:
    world.look(shows(MOBILE, Belongs.UNSURE))
    asked = next_for(world, AN)
    assert "****" in asked.shown
    say(world, asked, Verdict.WRONG_NUMBER)
    assert {row.personal for row in world.rows(tables.evidence)} == {True}


def test_what_a_person_finds_right_is_quiet_and_its_incident_closed(world: World) -> None:
    world.look(DOUBT)
    world.look(*LABELLED_AS_A_RIVAL)
    world.look(*LABELLED_AS_A_RIVAL)
    say(world, next_for(world, AN), Verdict.MATCH)
    assert [one.state for one in world.incidents()] == [State.CLOSED]
    for _ in range(3):
        assert world.look(*LABELLED_AS_A_RIVAL).opened == ()
    world.clock[0] += timedelta(days=91)
    assert len(world.look(*LABELLED_AS_A_RIVAL).opened) == 1


def test_a_persons_vote_stands_beside_what_the_page_says(world: World) -> None:
    world.look(*RIGHT)
    world.look(DOUBT)
    before = world.rows(tables.votes)
    say(world, next_for(world, AN), Verdict.WRONG_ORGANISATION)
    after = world.rows(tables.votes)
    assert after[: len(before)] == before
    said = world.ask(lambda tx: standing(tx, OURS, before[0].token))
    assert said.human == (("map", Verdict.WRONG_ORGANISATION),)
    assert said.third_party == (("map", Verdict.CANNOT_TELL),)
    assert after[-1].by == AN
    assert [entry.body["verdict"] for entry in world.entries("guard.reviewed")] == ["wrong-organisation"]


def test_who_cannot_tell_either_says_so_and_is_not_asked_again(world: World) -> None:
    world.look(DOUBT)
    say(world, next_for(world, AN), Verdict.CANNOT_TELL)
    world.look(DOUBT)
    assert next_for(world, AN) is None
    assert world.incidents() == []


def test_a_decision_is_made_once_with_a_reason_of_one_word(world: World) -> None:
    world.look(DOUBT)
    asked = next_for(world, AN)
    for why in ("因为", "called and asked", "13800138000", "w" * 33):
        with pytest.raises(BadInput):
            say(world, asked, Verdict.MATCH, why=why)
    say(world, asked, Verdict.MATCH)
    with pytest.raises(Conflict):
        say(world, asked, Verdict.STALE)
    with pytest.raises(NotFound):
        world.desk.store.write(lambda tx: decide(tx, world.desk, "x", Verdict.MATCH, Act("so", world.clock[0], AN)))


def test_an_incident_that_a_person_closes_is_closed_once_and_quiet(world: World) -> None:
    world.look(*LABELLED_AS_A_RIVAL)
    (opened,) = world.look(*LABELLED_AS_A_RIVAL).opened
    act = Act("agreed-with-them", world.clock[0], AN)
    world.desk.store.write(lambda tx: close_by_hand(tx, world.desk, opened, act))
    assert world.held == set()
    with pytest.raises(Conflict):
        world.desk.store.write(lambda tx: close_by_hand(tx, world.desk, opened, act))
    for _ in range(3):
        assert world.look(*LABELLED_AS_A_RIVAL).opened == ()
    assert [(one.step, one.why, one.by) for one in world.ask(lambda tx: steps(tx, opened))] == [
        ("opened", "looks", None),
        ("closed", "agreed-with-them", AN),
    ]
