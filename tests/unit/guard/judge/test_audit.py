from __future__ import annotations

import pytest
import sqlalchemy as sa

from contracts.judge import LABELLED_AS_A_RIVAL, RIGHT, World
from haoma.errors import Tampered
from haoma.guard.judge import tables
from haoma.guard.judge.audit import Audited, audit_incidents


@pytest.fixture
def looked(world: World) -> World:
    for mentions in (LABELLED_AS_A_RIVAL, LABELLED_AS_A_RIVAL, RIGHT, RIGHT, LABELLED_AS_A_RIVAL):
        world.look(*mentions)
    return world


def test_what_was_recorded_holds(looked: World) -> None:
    assert looked.ask(audit_incidents) == Audited(looks=5, votes=3, incidents=1, steps=2)


@pytest.mark.parametrize(
    "by_hand",
    [
        sa.delete(tables.steps).where(tables.steps.c.step_id == 2),
        sa.update(tables.steps).where(tables.steps.c.step_id == 2).values(why="because"),
        sa.update(tables.steps).where(tables.steps.c.step_id == 1).values(entry_id=1),
        sa.update(tables.incidents).values(state="open"),
        sa.update(tables.votes).where(tables.votes.c.vote_id == 1).values(verdict="match"),
        sa.update(tables.votes).where(tables.votes.c.vote_id == 2).values(fact_id=1),
        sa.update(tables.checked).where(tables.checked.c.check_id == 1).values(entry_id=99_999),
    ],
)
def test_what_a_hand_changed_is_told(looked: World, by_hand: sa.Executable) -> None:
    looked.desk.store.write(lambda tx: tx.execute(by_hand) and None)
    with pytest.raises(Tampered):
        looked.ask(audit_incidents)
