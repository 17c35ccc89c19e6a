"""What trials and samples promise on every store.

A test class derives from `ImproveContract` and gives the fixture `url`: a database that is empty.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from contracts.access import NOW, World, open_world
from haoma.access import ENTRY_TYPES as ACCESS_TYPES
from haoma.access import Asker, Gate, People, Role
from haoma.access import tables as access
from haoma.errors import BadInput, Conflict, NotFound, Refused, Tampered
from haoma.guard.improve import (
    ENTRY_TYPES,
    Arm,
    Better,
    Held,
    Improvement,
    Judged,
    Measure,
    Month,
    Outcome,
    Trial,
    hold_improvement,
    tables,
)
from haoma.ledger.service import Ledger

NOVEMBER = Month.read("2026-11")
FRAME = [(f"h{n}", channel) for n in range(20) for channel in ("map", "web")]
OTHER = str(uuid.UUID(int=2))

BY_HAND = (
    sa.update(tables.trials).values(planned=1),
    sa.update(tables.trials).values(starts_at=NOW - timedelta(days=9)),
    sa.update(tables.arms).values(events=0),
    sa.delete(tables.arms),
    sa.update(tables.samples).values(seed="other"),
    sa.update(tables.visits).where(tables.visits.c.place == 2).values(hotline="h-other"),
    sa.update(tables.visits).where(tables.visits.c.place == 1).values(outcome="right"),
    sa.update(tables.visits).where(tables.visits.c.place == 1).values(outcome=None),
    sa.delete(tables.visits).where(tables.visits.c.place == 9),
    sa.update(tables.visits).where(tables.visits.c.place == 1).values(entry_id=1),
    sa.update(tables.trials).values(measure="none"),
    sa.update(tables.trials).values(tenant_id=OTHER),
    sa.update(tables.samples).values(tenant_id=OTHER),
)


class Undone(Exception):
    """Takes a change back."""


@dataclass
class Office:
    """An editor, an agent, and what they do."""

    world: World
    improvement: Improvement
    editor: Asker
    agent: Asker

    def plan(self, **changes: object) -> Trial:
        now = self.world.now()
        given = {"starts_at": now + timedelta(days=1), "ends_at": now + timedelta(days=31), "planned": 400}
        return Trial("", "每周复核", Measure.SHARE, "页面", Better.LOWER, **given | changes)

    def laid(self, **changes: object) -> Trial:
        return self.improvement.lay_down(self.editor, self.plan(**changes), self.world.now())

    def stranger(self) -> Asker:
        """An editor of another tenant."""
        person = str(uuid.uuid4())

        def work(tx: sa.Connection) -> None:
            row = {"login": "else", "name": "Else", "state": "active", "created_at": NOW, "version": 1}
            tx.execute(sa.insert(access.tenants).values(tenant_id=OTHER, name="beta", created_at=NOW))
            tx.execute(sa.insert(access.people).values(person_id=person, tenant_id=OTHER, **row))
            role = {"role": "hotline-editor", "granted_by": person, "granted_at": NOW}
            tx.execute(sa.insert(access.roles).values(person_id=person, **role))

        self.world.store.write(work)
        return replace(self.editor, id=person, person=person, tenant=OTHER)


class ImproveContract:
    """Trials and samples, who may record them, and what the log hears."""

    @pytest.fixture
    def office(self, url: str) -> Iterator[Office]:
        world = open_world(url)
        with world.store:
            world.ledger = Ledger(world.store, [*ACCESS_TYPES, *ENTRY_TYPES], lambda: world.clock[0])
            gate = Gate(world.store, world.ledger, world.keys)
            world.gate, world.people = gate, People(gate)
            system, security = world.admins()
            editor = world.staff(system, security, "ed", Role.HOTLINE_EDITOR)
            agent = world.staff(system, security, "an", Role.AGENT)
            yield Office(world, Improvement(gate, world.ledger), editor, agent)

    def test_a_trial_is_laid_down_counted_and_judged_and_all_of_it_is_told(self, office: Office) -> None:
        laid = office.laid()
        office.world.now(days=32)
        for arm, counted in (("a", Arm(60, 400)), ("b", Arm(20, 400))):
            office.improvement.count(office.editor, laid.id, arm, counted, office.world.now())
        found = office.improvement.trials(office.editor, office.world.now())
        assert [(one.id, one.judged()) for one in found] == [(laid.id, Judged.BETTER)]
        told = office.world.entries("improve.")
        assert [one.type for one in told] == ["improve.trial", "improve.counted", "improve.counted"]
        assert told[0].body["plan"] == found[0].plan_digest()
        assert told[1].body == {"trial": laid.id, "by": office.editor.person, "arm": "a", "events": 60, "size": 400}

    def test_a_result_that_is_known_is_no_trial(self, office: Office) -> None:
        for changes in (
            {"starts_at": NOW - timedelta(days=1)},
            {"ends_at": NOW},
            {"planned": 0},
            {"planned": 10**9},
        ):
            with pytest.raises(BadInput):
                office.laid(**changes)
        assert office.world.entries("improve.") == []

    def test_a_person_s_number_is_no_name_of_a_trial(self, office: Office) -> None:
        plan = office.plan()
        with pytest.raises(Refused, match="the name of the trial"):
            office.improvement.lay_down(
                office.editor,
                Trial("", "问 13800138000", plan.measure, plan.unit, plan.better, 1, plan.starts_at, plan.ends_at),
                office.world.now(),
            )

    def test_an_arm_is_counted_once_and_not_before_the_trial_has_begun(self, office: Office) -> None:
        laid = office.laid()
        count = office.improvement.count
        with pytest.raises(Conflict, match="has not begun"):
            count(office.editor, laid.id, "a", Arm(1, 400), office.world.now())
        office.world.now(days=2)
        for arm, counted in (("c", Arm(1, 2)), ("a", Arm(3, 2)), ("a", Arm(-1, 2)), ("a", Arm(0, 0))):
            with pytest.raises(BadInput):
                count(office.editor, laid.id, arm, counted, office.world.now())
        count(office.editor, laid.id, "a", Arm(1, 400), office.world.now())
        with pytest.raises(Conflict, match="already"):
            count(office.editor, laid.id, "a", Arm(2, 400), office.world.now())
        with pytest.raises(NotFound):
            count(office.editor, "none", "a", Arm(2, 400), office.world.now())

    def test_a_month_has_one_sample_which_the_log_commits_to(self, office: Office) -> None:
        found = office.improvement.draw(office.editor, NOVEMBER, FRAME, 10, office.world.now(), "seed")
        assert office.improvement.sample(office.editor, NOVEMBER, office.world.now()) == found
        assert (found.frame, len(found.visits), found.done) == (40, 10, 0)
        with pytest.raises(Conflict):
            office.improvement.draw(office.editor, NOVEMBER, FRAME, 10, office.world.now(), "another")
        assert [one.body["size"] for one in office.world.entries("improve.sample")] == [10]

    def test_a_seed_at_random_is_another_each_time(self, office: Office) -> None:
        months = (NOVEMBER, NOVEMBER.after())
        seeds = {office.improvement.draw(office.editor, one, FRAME, 5, office.world.now()).seed for one in months}
        assert len(seeds) == 2

    def test_what_a_visit_found_stays(self, office: Office) -> None:
        office.improvement.draw(office.editor, NOVEMBER, FRAME, 10, office.world.now(), "seed")
        visited = office.improvement.visited
        visited(office.editor, NOVEMBER, 3, Outcome.WRONG_NUMBER, office.world.now())
        with pytest.raises(Conflict):
            visited(office.editor, NOVEMBER, 3, Outcome.RIGHT, office.world.now())
        for month, place in ((NOVEMBER, 11), (NOVEMBER.after(), 1)):
            with pytest.raises(NotFound):
                visited(office.editor, month, place, Outcome.RIGHT, office.world.now())
        found = office.improvement.sample(office.editor, NOVEMBER, office.world.now())
        assert [(one.place, one.outcome) for one in found.visits if one.outcome] == [(3, Outcome.WRONG_NUMBER)]

    def test_what_a_hand_did_is_found(self, office: Office) -> None:
        laid = office.laid()
        office.world.now(days=2)
        office.improvement.count(office.editor, laid.id, "a", Arm(1, 400), office.world.now())
        office.improvement.draw(office.editor, NOVEMBER, FRAME, 10, office.world.now(), "seed")
        office.improvement.visited(office.editor, NOVEMBER, 1, Outcome.NOT_THERE, office.world.now())
        office.stranger()
        assert office.world.ask(hold_improvement) == Held(1, 1)
        for change in BY_HAND:

            def work(tx: sa.Connection, change: sa.Executable = change) -> None:
                tx.execute(change)
                with pytest.raises(Tampered):
                    hold_improvement(tx)
                raise Undone

            with pytest.raises(Undone):
                office.world.store.write(work)
        assert office.world.ask(hold_improvement) == Held(1, 1)

    def test_each_tenant_has_trials_and_samples_of_its_own(self, office: Office) -> None:
        laid, other, do = office.laid(), office.stranger(), office.improvement
        office.world.now(days=2)
        for by in (office.editor, other):
            do.draw(by, NOVEMBER, FRAME, 10, office.world.now(), "seed")
        with pytest.raises(NotFound):
            do.count(other, laid.id, "a", Arm(1, 400), office.world.now())
        do.visited(other, NOVEMBER, 1, Outcome.RIGHT, office.world.now())
        found = {by.tenant: do.review(by, NOVEMBER, office.world.now()) for by in (office.editor, other)}
        assert [(len(one.trials), one.sample.done) for one in found.values()] == [(1, 0), (0, 1)]
        assert do.trials(other, office.world.now()) == []
        assert office.world.ask(hold_improvement) == Held(1, 2)

    def test_who_may_not_record_measures_is_refused_and_nothing_is_changed(self, office: Office) -> None:
        with pytest.raises(Refused):
            office.improvement.lay_down(office.agent, office.plan(), office.world.now())
        with pytest.raises(Refused):
            office.improvement.draw(office.agent, NOVEMBER, FRAME, 10, office.world.now())
        with pytest.raises(Refused):
            office.improvement.review(office.agent, NOVEMBER, office.world.now())
        counts = office.world.ask(lambda tx: tx.scalar(sa.select(sa.func.count()).select_from(tables.samples)))
        assert counts == 0
        assert office.world.entries("improve.") == []
