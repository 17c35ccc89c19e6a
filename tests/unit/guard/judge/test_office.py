from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest

from contracts.access import World as Staff
from contracts.judge import LABELLED_AS_A_RIVAL, World, open_world, shows
from haoma import lineage
from haoma.access import ENTRY_TYPES as ACCESS
from haoma.access import Asker, Gate, People, Role, SealingKey, SignIn
from haoma.errors import Conflict, NotFound, Refused, Unavailable
from haoma.guard.judge import ENTRY_TYPES, Limits, Severity, Verdict
from haoma.guard.judge.office import IncidentOffice
from haoma.guard.judge.platforms import read_platforms
from haoma.guard.model import Belongs
from haoma.ledger.service import Ledger

ROLES = {"ed": Role.HOTLINE_EDITOR, "pru": Role.APPROVER, "dora": Role.DPO, "an": Role.AGENT}


class Proofs:
    def of(self, entry_ids: Sequence[int]) -> Mapping[int, bytes]:
        return dict.fromkeys(entry_ids, b"proof")

    def vkey(self) -> str:
        return "log+0+key"


class NoPages:
    def body(self, tx: object, snapshot: str) -> None:
        return None

    rendered = screenshot = drawn = undrawn = body


@dataclass
class Bench:
    """People, one incident and one doubt about an organisation of their tenant."""

    world: World
    office: IncidentOffice
    people: dict[str, Asker]

    @property
    def incident(self) -> str:
        return self.world.incidents()[0].id

    def of_another_tenant(self, login: str) -> Asker:
        """The same person, were the organisation another tenant's."""
        self.world.desk.registry.tenant = "another"
        return self.people[login]


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    world = open_world(f"sqlite:///{tmp_path / 'haoma.db'}", Limits(1, 1), {"ops": Severity.LOW})
    with world.store:
        desk = world.desk
        ledger = Ledger(world.store, [*ACCESS, *lineage.ENTRY_TYPES, *ENTRY_TYPES], lambda: world.clock[0])
        gate, sealing = Gate(world.store, ledger, desk.commitments), SealingKey(bytes(range(64)))
        sign_in = SignIn(world.store, ledger, sealing, desk.commitments, "haoma")
        staff = Staff(world.store, ledger, gate, People(gate), sign_in, sealing, desk.commitments, world.clock)
        system, security = staff.admins()
        people = {login: staff.staff(system, security, login, role) for login, role in ROLES.items()}
        desk.registry.tenant = people["ed"].tenant
        world.look(*LABELLED_AS_A_RIVAL)
        world.look(shows("tel:4008001234;phone-context=+86", Belongs.UNSURE), source="forum")
        office = IncidentOffice(gate, replace(desk, log=ledger), read_platforms(), NoPages(), Proofs())
        yield Bench(world, office, people)


def test_who_may_not_sees_decides_files_and_closes_nothing(bench: Bench) -> None:
    office, one, agent = bench.office, bench.incident, bench.people["an"]
    with pytest.raises(Refused):
        office.every(agent)
    for by, act in {
        "an": lambda by: office.export(by, one),
        "pru": lambda by: office.file(by, one),
        "ed": lambda by: office.close(by, one, "so"),
        "dora": office.next,
    }.items():
        with pytest.raises(Refused):
            act(bench.people[by])
    assert [found.state for found in bench.world.incidents()] == ["open"]


def test_what_is_another_tenants_is_not_there(bench: Bench) -> None:
    office, one = bench.office, bench.incident
    (asked,) = office.waiting(bench.people["ed"])
    ticket, _ = office.file(bench.people["ed"], one)
    by = bench.of_another_tenant("ed")
    assert office.every(by) == office.waiting(by) == office.tickets(by) == []
    assert office.next(by) is None
    at = bench.world.clock[0]
    assert office.figures(by, at - timedelta(days=9), at + timedelta(days=9)).opened == 0
    for act in (
        lambda: office.one(by, one),
        lambda: office.export(by, one),
        lambda: office.file(by, one),
        lambda: office.sent(by, ticket.id, "M-1"),
        lambda: office.decide(by, asked.id, Verdict.MATCH, "so"),
        lambda: office.close(bench.people["pru"], one, "so"),
    ):
        with pytest.raises(NotFound):
            act()


def test_a_decision_that_permits_and_the_change_are_one(bench: Bench) -> None:
    editor = bench.people["ed"]
    (asked,) = bench.office.waiting(editor)
    before = len(bench.world.entries("access.decided"))
    bench.office.decide(editor, asked.id, Verdict.STALE, "called-and-asked")
    assert len(bench.world.entries("access.decided")) == before + 1
    with pytest.raises(Conflict):
        bench.office.decide(editor, asked.id, Verdict.STALE, "called-and-asked")
    assert len(bench.world.entries("guard.reviewed")) == 1
    assert sorted(one.verdict for one in bench.office.every(editor)) == ["stale", "wrong-organisation"]


def test_an_export_is_told_to_the_log_by_its_digest(bench: Bench) -> None:
    made = [bench.office.export(bench.people[login], bench.incident) for login in ("ed", "dora")]
    assert made[0] == made[1]
    first, second = bench.world.entries("guard.exported")
    assert first.body["file"] == second.body["file"]
    assert first.body["by"] != second.body["by"]


def test_evidence_goes_with_what_can_be_drawn_of_it_and_without_where_nothing_can(bench: Bench) -> None:
    asked, tries = list[str](), list[bool]()

    def draw(snapshots: Sequence[str], *, again: bool = False) -> None:
        asked.extend(snapshots)
        tries.append(again)
        raise Unavailable("there is no Chromium")

    made = replace(bench.office, draw=draw).export(bench.people["ed"], bench.incident)
    assert set(asked) == {"snapshot-1"}
    assert made == bench.office.export(bench.people["ed"], bench.incident)
    replace(bench.office, draw=draw).export(bench.people["ed"], bench.incident, draw_again=True)
    assert tries == [False, True]


def test_a_data_protection_officer_closes_and_sees_why(bench: Bench) -> None:
    closed = bench.office.close(bench.people["dora"], bench.incident, "agreed-with-them")
    assert (closed.state, bench.office.one(bench.people["dora"], closed.id).steps[-1].why) == (
        "closed",
        "agreed-with-them",
    )
