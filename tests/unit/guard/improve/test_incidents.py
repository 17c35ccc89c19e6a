from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from contracts.judge import LABELLED_AS_A_RIVAL, NOW, OURS, RIGHT, RIVAL, World, open_world
from haoma.errors import Tampered
from haoma.guard.improve import Band, KeptIncidents, Month, Review, filed, review, watched
from haoma.guard.judge import tickets
from haoma.guard.judge.model import Act, SourceKind
from haoma.guard.judge.platforms import read_platforms
from haoma.guard.judge.tables import incidents

NOVEMBER = Month.read("2026-11")


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = open_world(f"sqlite:///{tmp_path / 'haoma.db'}")
    with world.store:
        yield world


def reviewed(world: World) -> Review:
    happened = world.ask(lambda tx: KeptIncidents().before(tx, NOVEMBER.ends_at, [OURS]))
    return review(NOVEMBER, world.clock[0], happened, channels=world.ask(lambda tx: watched(tx, [OURS])))


def test_an_incident_that_looks_opened_and_closed_is_in_the_review_of_its_month(world: World) -> None:
    for _ in range(3):
        world.look(*LABELLED_AS_A_RIVAL, source="map", kind=SourceKind.PLATFORM)
    found = reviewed(world)
    assert [(one.channel, one.source, one.verdict) for one in found.opened] == [
        ("platform", "map", "wrong-organisation")
    ]
    assert (len(found.still_open), found.closed) == (1, ())
    assert found.to_detect is not None
    assert found.opened[0].first_seen_at > NOW
    assert [(one.channel, one.incidents, one.band is Band.LOW) for one in found.risks] == [("platform", 1, False)]
    for _ in range(3):
        world.look(*RIGHT, source="map", kind=SourceKind.PLATFORM)
    closed = reviewed(world)
    assert (len(closed.closed), closed.still_open) == (1, ())


def test_what_was_opened_later_is_not_known_yet(world: World) -> None:
    for _ in range(3):
        world.look(*LABELLED_AS_A_RIVAL)
    assert world.ask(lambda tx: KeptIncidents().before(tx, NOW, [OURS])) == []


def test_what_was_seen_of_another_tenants_organisation_is_not_there(world: World) -> None:
    for _ in range(3):
        world.look(*LABELLED_AS_A_RIVAL)
    assert world.ask(lambda tx: KeptIncidents().before(tx, NOVEMBER.ends_at, [RIVAL])) == []


def test_a_ticket_is_in_the_review_until_the_page_is_right(world: World) -> None:
    for _ in range(3):
        world.look(*LABELLED_AS_A_RIVAL)
    (one,) = world.incidents()
    act, owner = Act("", world.clock[0], one.organisation), read_platforms()["site-owner"]
    world.store.write(lambda tx: tickets.make(tx, world.desk, one.id, owner, act))
    (made,) = world.ask(lambda tx: filed(tx, NOVEMBER.ends_at, [OURS]))
    assert (made.platform, made.made_at, made.sent_at, made.fixed) == ("site-owner", act.at, None, False)
    for _ in range(3):
        world.look(*RIGHT)
    assert [one.fixed for one in world.ask(lambda tx: filed(tx, NOVEMBER.ends_at, [OURS]))] == [True]
    assert world.ask(lambda tx: filed(tx, NOVEMBER.ends_at, [RIVAL])) == []


def test_an_incident_that_nobody_can_have_written_is_tampered(world: World) -> None:
    for _ in range(3):
        world.look(*LABELLED_AS_A_RIVAL)
    world.store.write(lambda tx: tx.execute(sa.update(incidents).values(severity="none")) and None)
    with pytest.raises(Tampered):
        reviewed(world)
