"""Laws of the registry: what no sequence of requests, approvals and runs brings about."""

from __future__ import annotations

import json
import tempfile
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from contracts.registry import NUMBERS, company, hotline, open_desk
from haoma.access import Approval, Role
from haoma.access import tables as access
from haoma.errors import HaomaError
from haoma.guard.model import Purpose
from haoma.guard.registry import Change, Hotline, added, audit_registry, changed, every_hotline, retired, tables, uri_of
from haoma.guard.registry.planning import is_live

ANYBODY = st.sampled_from(["ed", "el", "pru", "dora", "an", "root"])
WHO = st.one_of(st.just("ed"), st.just("ed"), ANYBODY)
NUMBER = st.sampled_from(NUMBERS[:3])
WHICH = st.integers(0, 5)


class Registered(RuleBasedStateMachine):
    """Two organisations, three numbers, two editors, and everybody who approves or should not."""

    @initialize()
    def begin(self) -> None:
        self.stack = ExitStack()
        folder = self.stack.enter_context(tempfile.TemporaryDirectory(prefix="haoma-laws-"))
        self.desk = self.stack.enter_context(open_desk(f"sqlite:///{Path(folder) / 'haoma.db'}"))
        self.companies = [company(), company("安赢基金")]
        lines = [hotline(of, number) for of, number in zip(self.companies, NUMBERS, strict=False)]
        self.desk.did(*map(added, [*self.companies, *lines]))
        self.asked: list[Approval] = []
        self.uids: dict[str, str] = {}

    def teardown(self) -> None:
        if hasattr(self, "stack"):
            self.stack.close()

    @rule(by=WHO, of=st.integers(0, 1), number=NUMBER, shared=st.booleans(), hours=st.sampled_from([0, 1, 9]))
    def ask_to_add(self, by: str, of: int, number: str, shared: bool, hours: int) -> None:
        until = self.desk.world.clock[0] + timedelta(hours=hours) if hours else None
        self.ask(by, added(hotline(self.companies[of], number, shared=shared, valid_until=until)))

    @rule(by=WHO, which=WHICH, number=NUMBER, shared=st.booleans(), purpose=st.sampled_from(Purpose))
    def ask_to_change(self, by: str, which: int, number: str, shared: bool, purpose: Purpose) -> None:
        for one in self.chosen(which):
            after = replace(one, uri=uri_of(number), shared=shared, purposes=frozenset({purpose}))
            self.ask(by, changed(one, after))

    @rule(by=WHO, which=WHICH)
    def ask_to_retire(self, by: str, which: int) -> None:
        for one in self.chosen(which):
            self.ask(by, retired(one))

    @rule(one=WHICH, other=WHICH)
    def ask_to_change_places(self, one: int, other: int) -> None:
        for first in self.chosen(one):
            for second in self.chosen(other):
                both = (replace(first, uri=second.uri), replace(second, uri=first.uri))
                self.ask("ed", changed(first, both[0]), changed(second, both[1]))

    @rule(by=ANYBODY, role=st.sampled_from([Role.APPROVER, Role.DPO, Role.HOTLINE_EDITOR]), which=WHICH)
    def approve(self, by: str, role: Role, which: int) -> None:
        for asked in self.asked[-1 - which : len(self.asked) - which]:
            self.attempt(lambda one=asked: self.desk.yes(one, by, role))

    @rule(which=WHICH)
    def refuse(self, which: int) -> None:
        desk = self.desk
        for asked in self.asked[-1 - which : len(self.asked) - which]:
            self.attempt(
                lambda one=asked: desk.approvals.refuse(desk.people["pru"], one.id, Role.APPROVER, desk.world.now())
            )

    @rule(by=ANYBODY, which=WHICH)
    def run(self, by: str, which: int) -> None:
        for asked in self.asked[-1 - which : len(self.asked) - which]:
            self.attempt(lambda one=asked: self.desk.run(one, by))

    @rule(hours=st.sampled_from([2, 80]))
    def wait(self, hours: int) -> None:
        self.desk.world.now(hours=hours)

    def ask(self, by: str, *changes: Change | None) -> None:
        """Ask, and have it made where an editor asks: else a change is rare. What another asks for waits."""
        before = len(self.asked)
        wanted = [one for one in changes if one is not None]
        self.attempt(lambda: self.asked.append(self.desk.ask(*wanted, by=by)))
        if by == "ed" and len(self.asked) > before:
            self.desk.yes(self.asked[-1])
            assert self.desk.run(self.asked[-1]).state == "done"

    def chosen(self, which: int) -> list[Hotline]:
        there = self.desk.read(every_hotline)
        return [there[which % len(there)]] if there else []

    def attempt(self, step: Callable[[], object]) -> None:
        try:
            step()
        except HaomaError:
            return

    @invariant()
    def a_number_is_one_hotlines_unless_all_share_it(self) -> None:
        if not hasattr(self, "desk"):
            return
        there = self.desk.read(every_hotline)
        live = [one for one in there if is_live(one, self.desk.world.clock[0])]
        alone = Counter(one.uri for one in live if not one.shared)
        assert all(count == 1 for count in alone.values())
        assert not alone.keys() & {one.uri for one in live if one.shared}

    @invariant()
    def no_uid_is_gone_and_what_is_over_stays_as_it_was(self) -> None:
        if not hasattr(self, "desk"):
            return
        there = {one.uid: one for one in self.desk.read(every_hotline)}
        assert self.uids.keys() <= there.keys()
        over = {uid: repr(one) for uid, one in there.items() if not is_live(one, self.desk.world.clock[0])}
        assert all(over.get(uid) == was for uid, was in self.uids.items() if was)
        self.uids = dict.fromkeys(there, "") | over

    @invariant()
    def the_history_leads_to_the_present_and_nobody_changed_it_alone(self) -> None:
        if not hasattr(self, "desk"):
            return
        with self.desk.world.store.read() as tx:
            audit_registry(tx, self.desk.world.keys)
            rows = tx.execute(sa.select(tables.changes)).all()
            states = dict(tx.execute(sa.select(access.approvals.c.approval_id, access.approvals.c.state)).all())
        for row in rows:
            approved = json.loads(row.approved_by)
            assert approved
            assert row.requested_by not in approved
            assert states[row.approval_id] == "done"


@pytest.mark.filterwarnings("ignore::ResourceWarning")
class TestRegistered(Registered.TestCase):
    settings = settings(max_examples=8, stateful_step_count=25)
