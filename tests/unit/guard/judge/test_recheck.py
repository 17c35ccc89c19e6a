from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import sqlalchemy as sa

from contracts.judge import LABELLED_AS_A_RIVAL, OLD, RIGHT, World, shows
from haoma.guard.judge.incidents import close_by_hand, recheck_open
from haoma.guard.judge.model import Act


def heard(world: World) -> list[tuple[str, timedelta]]:
    """For which source a sooner look is asked, and how soon."""
    asked: list[tuple[str, timedelta]] = []

    def recheck(tx: sa.Connection, source: str, /, *, wait: timedelta) -> None:
        asked.append((source, wait))

    world.desk = replace(world.desk, recheck=recheck)
    return asked


def test_a_source_is_looked_at_again_the_sooner_the_worse_until_it_is_right(world: World) -> None:
    asked = heard(world)
    world.look(*LABELLED_AS_A_RIVAL)
    assert asked == []
    world.look(*LABELLED_AS_A_RIVAL)
    world.look(*RIGHT)
    assert asked == [("map", timedelta(hours=1))] * 2
    world.look(*RIGHT)
    world.look(*RIGHT)
    assert len(asked) == 2
    for _ in range(2):
        world.look(shows(OLD), source="forum")
    assert asked[2:] == [("forum", timedelta(hours=12))]


def test_what_a_person_closed_brings_nothing_forward(world: World) -> None:
    for _ in range(2):
        world.look(*LABELLED_AS_A_RIVAL)
    asked, (found,) = heard(world), world.incidents()
    world.store.write(lambda tx: close_by_hand(tx, world.desk, found.id, Act("so", world.clock[0], found.organisation)))
    assert asked == []


def test_whatever_came_of_the_last_look_a_source_with_an_open_incident_is_looked_at_again(world: World) -> None:
    for source in ("map", "forum"):
        for _ in range(2):
            world.look(*LABELLED_AS_A_RIVAL, source=source)
    for _ in range(2):
        world.look(*RIGHT, source="forum")
    asked = heard(world)
    world.store.write(lambda tx: recheck_open(tx, world.desk))
    assert asked == [("map", timedelta(hours=1))]
