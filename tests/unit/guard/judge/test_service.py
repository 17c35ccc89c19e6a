from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from contracts.judge import (
    BOTH,
    CARE,
    LABELLED_AS_A_RIVAL,
    MOBILE,
    NEAR,
    NOBODYS,
    OLD,
    OURS,
    RIGHT,
    THEIRS,
    World,
    shows,
)
from haoma.errors import BadInput, NotFound
from haoma.guard.judge import Severity, Verdict, check, tables
from haoma.guard.judge.incidents import held_snapshots, steps
from haoma.guard.judge.model import SourceKind, State
from haoma.guard.judge.votes import standing
from haoma.guard.model import Belongs
from haoma.lineage import facts_of
from haoma.lineage.tables import facts


def test_an_incident_is_opened_by_the_second_bad_look_and_closed_by_the_second_good_one(world: World) -> None:
    assert world.look(*LABELLED_AS_A_RIVAL).opened == ()
    (opened,) = world.look(*LABELLED_AS_A_RIVAL).opened
    (one,) = world.incidents()
    assert (one.id, one.verdict, one.severity, one.state) == (
        opened,
        Verdict.WRONG_ORGANISATION,
        Severity.CRITICAL,
        State.OPEN,
    )
    assert (one.shown, one.source, one.opened_at - one.first_seen_at) == ("4008001234", "map", timedelta(hours=1))
    assert world.look(*LABELLED_AS_A_RIVAL).opened == ()
    assert world.look(*RIGHT).closed == ()
    assert world.look(*RIGHT).closed == (opened,)
    (closed,) = world.incidents()
    assert (closed.state, closed.closed_at) == (State.CLOSED, world.clock[0])
    assert [one.step for one in world.ask(lambda tx: steps(tx, opened))] == ["opened", "closed"]


def test_a_page_that_flickers_alerts_nobody_and_one_good_look_closes_nothing(world: World) -> None:
    for _ in range(4):
        world.look(*LABELLED_AS_A_RIVAL)
        world.look(*RIGHT)
    assert world.incidents() == []
    world.look(*LABELLED_AS_A_RIVAL)
    world.look(*LABELLED_AS_A_RIVAL)
    for _ in range(3):
        world.look(*RIGHT)
        world.look(*LABELLED_AS_A_RIVAL)
    assert [one.state for one in world.incidents()] == [State.OPEN]


def test_a_cause_that_comes_back_opens_the_same_incident_again(world: World) -> None:
    for mentions in (LABELLED_AS_A_RIVAL, LABELLED_AS_A_RIVAL, RIGHT, RIGHT, LABELLED_AS_A_RIVAL, LABELLED_AS_A_RIVAL):
        last = world.look(*mentions)
    (one,) = world.incidents()
    assert last.opened == (one.id,)
    assert [step.step for step in world.ask(lambda tx: steps(tx, one.id))] == ["opened", "closed", "reopened"]


def test_the_same_snapshot_twice_changes_nothing(world: World) -> None:
    seen = world.seen()
    assert check(world.desk, seen, LABELLED_AS_A_RIVAL).new
    before = world.everything()
    assert not check(world.desk, seen, LABELLED_AS_A_RIVAL).new
    assert not check(world.desk, replace(seen, at=world.clock[0] + timedelta(days=1)), RIGHT).new
    assert world.everything() == before


def test_a_look_that_comes_late_is_written_down_and_moves_nothing(world: World) -> None:
    early = world.seen()
    world.look(*LABELLED_AS_A_RIVAL)
    before = world.rows(tables.looks), world.rows(tables.votes)
    late = check(world.desk, early, LABELLED_AS_A_RIVAL)
    assert (late.new, late.opened, len(late.findings)) == (True, (), 1)
    assert (world.rows(tables.looks), world.rows(tables.votes)) == before
    assert [entry.body["late"] for entry in world.entries("guard.checked")] == [False, True]


def test_a_look_that_is_dated_in_the_future_keeps_no_later_one_from_counting(world: World) -> None:
    world.look(*RIGHT, at=world.clock[0] + timedelta(days=400))
    assert [world.look(*LABELLED_AS_A_RIVAL).opened != () for _ in range(2)] == [False, True]


def test_each_source_and_each_wrong_number_is_a_cause_of_its_own(world: World) -> None:
    for _ in range(2):
        world.look(shows(THEIRS), shows(NOBODYS), source="map")
        world.look(shows(THEIRS), source="forum")
    assert sorted((one.source, one.verdict, one.shown) for one in world.incidents()) == [
        ("forum", "wrong-organisation", "4006009999"),
        ("map", "wrong-number", "4007770000"),
        ("map", "wrong-organisation", "4006009999"),
    ]


def test_the_pages_of_a_source_are_looked_at_each_for_itself_and_alert_once(world: World) -> None:
    opened = list[str]()
    for page in ("a", "b", "a", "b", "c"):
        mentions = LABELLED_AS_A_RIVAL if page != "c" else RIGHT
        opened += world.look(*mentions, url=f"https://map.example/{page}").opened
    (one,) = world.incidents()
    assert opened == [one.id]
    closed = list[str]()
    for page in ("a", "a", "c", "c", "b"):
        closed += world.look(*RIGHT, url=f"https://map.example/{page}").closed
    assert closed == []
    assert world.look(*RIGHT, url="https://map.example/b").closed == (one.id,)


def test_a_page_that_was_not_to_be_had_says_nothing_and_one_that_is_gone_shows_nothing_wrong(world: World) -> None:
    world.look(*LABELLED_AS_A_RIVAL)
    world.look(*LABELLED_AS_A_RIVAL)
    before = world.everything()
    for status in (301, 403, 429, 500, 503):
        assert not world.look(*LABELLED_AS_A_RIVAL, status=status).new
    assert world.everything() == before
    world.look(status=404)
    assert len(world.look(status=410).closed) == 1


def test_a_doubt_ends_nothing_that_was_said_of_a_number(world: World) -> None:
    world.look(*LABELLED_AS_A_RIVAL)
    world.look(*LABELLED_AS_A_RIVAL)
    for _ in range(3):
        world.look(shows(CARE, Belongs.UNSURE))
    assert [one.state for one in world.incidents()] == [State.OPEN]


def test_our_own_site_that_disagrees_with_the_registry_is_a_finding_and_changes_no_hotline(world: World) -> None:
    for _ in range(2):
        world.look(shows(NOBODYS), source="site", kind=SourceKind.OFFICIAL)
    assert [one.verdict for one in world.incidents()] == ["wrong-number"]
    (vote,) = world.rows(tables.votes)
    assert (vote.voice, vote.verdict, vote.shown) == ("official", "wrong-number", "4007770000")


def test_a_page_that_showed_our_number_and_shows_none_any_more_has_lost_it(world: World) -> None:
    world.look(*RIGHT)
    world.look()
    (opened,) = world.look().opened
    assert [(one.id, one.verdict) for one in world.incidents()] == [(opened, Verdict.MISSING)]
    assert [row.verdict for row in world.rows(tables.votes)] == ["match", "missing"]


def test_a_voice_that_says_the_same_again_writes_no_vote(world: World) -> None:
    for _ in range(3):
        world.look(*RIGHT)
    world.look(*LABELLED_AS_A_RIVAL)
    said = [(row.voice, row.verdict) for row in world.rows(tables.votes)]
    assert said == [("third-party", "match"), ("third-party", "wrong-organisation")]


def test_the_three_voices_stand_beside_one_another(world: World) -> None:
    world.look(*RIGHT, source="site", kind=SourceKind.OFFICIAL)
    world.look(*RIGHT, source="map")
    world.look(*LABELLED_AS_A_RIVAL, source="forum")
    token = world.rows(tables.votes)[0].token
    said = world.ask(lambda tx: standing(tx, OURS, token))
    assert said.official == (("site", Verdict.MATCH),)
    assert said.third_party == (("map", Verdict.MATCH), ("forum", Verdict.WRONG_ORGANISATION))
    assert (said.human, said.agreed) == ((), False)


def test_a_vote_is_a_fact_that_rests_on_the_one_before_and_is_committed_to_in_the_log(world: World) -> None:
    world.look(*RIGHT)
    world.look(*LABELLED_AS_A_RIVAL)
    first, second = world.rows(tables.votes)
    made = world.ask(lambda tx: facts_of(tx, sorted(row.fact_id for row in world.rows(tables.votes))))
    assert [fact.subject for fact in made] == [f"hotline:{first.hotline}"] * 2
    assert made[1].parents == (first.fact_id,)
    assert made[1].json_value() == {
        "number": "4008001234",
        "rule": "own-as-theirs",
        "verdict": "wrong-organisation",
        "voice": "third-party",
    }
    committed = {text for entry in world.entries("lineage.recorded") for text in entry.body["facts"]}
    assert {fact.commitment for fact in made} == committed
    assert second.fact_id in world.ask(lambda tx: set(tx.scalars(facts.select().with_only_columns(facts.c.fact_id))))


def test_a_mobile_that_belongs_to_no_registry_is_in_clear_nowhere(world: World) -> None:
    for _ in range(2):
        world.look(shows(MOBILE, owner="王 13800138000"), url="https://map.example/13800138000")
    (one,) = world.incidents()
    assert (one.verdict, one.shown) == (Verdict.WRONG_NUMBER, "138****8000")
    assert "13800138000" not in str(world.everything())
    assert "13800138000" not in str(world.entries(""))


def test_evidence_is_of_the_first_look_the_one_that_alerted_the_newest_and_the_one_that_was_right(world: World) -> None:
    for mentions in (*[LABELLED_AS_A_RIVAL] * 3, RIGHT, RIGHT):
        world.look(*mentions)
    kept = {row.role: row.snapshot for row in world.rows(tables.evidence)}
    assert kept == {"first": "snapshot-1", "opening": "snapshot-2", "newest": "snapshot-3", "right": "snapshot-5"}


def test_what_shows_an_open_incident_is_held_and_let_go_when_it_is_closed(world: World) -> None:
    world.look(*LABELLED_AS_A_RIVAL)
    assert world.held == set()
    world.look(*LABELLED_AS_A_RIVAL)
    assert world.held == world.ask(held_snapshots) == {"snapshot-1", "snapshot-2"}
    for newest in ("snapshot-3", "snapshot-4"):
        world.look(*LABELLED_AS_A_RIVAL)
        assert world.held == world.ask(held_snapshots) == {"snapshot-1", "snapshot-2", newest}
    world.look(*RIGHT)
    world.look(*RIGHT)
    assert world.held == world.ask(held_snapshots) == set()


def test_the_worst_incident_comes_first(world: World) -> None:
    for _ in range(2):
        world.look(shows(OLD), shows(NEAR), shows(BOTH))
    assert [one.severity for one in world.incidents()] == [Severity.CRITICAL, Severity.MEDIUM]


def test_what_is_no_look_is_refused(world: World) -> None:
    for wrong in ({"snapshot": ""}, {"source": "s" * 49}, {"digest": "0"}, {"screenshot": "X" * 64}):
        with pytest.raises(BadInput):
            world.look(*RIGHT, **wrong)
    with pytest.raises(NotFound):
        world.look(*RIGHT, organisation="0aa00000-0000-4000-8000-000000000009")
    assert world.rows(tables.checked) == []
