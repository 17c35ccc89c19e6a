from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from contracts import access
from contracts.vault import NOW, OTHER, World, number, open_world
from haoma.access import Approvals, Asker, Cases, Gate, Role, Thing, tables
from haoma.access.keeping import APPROVALS_KEPT, CASES_KEPT, EXPIRING, SUBJECT_COLUMNS
from haoma.errors import Conflict
from haoma.vault import rule_of
from haoma.vault.key_store import Kind
from haoma.vault.retention import Retention
from haoma.vault.rotation import Rotation

NOBODY = Asker("6f1b4d2e-0000-4000-8000-000000000000", "p", "t", frozenset({Role.AGENT}), frozenset())
LONG_AGO = datetime(2020, 1, 15, tzinfo=UTC)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with open_world(f"sqlite:///{tmp_path}/haoma.db", tmp_path / "keys") as world:
        yield world


@pytest.fixture
def staff(world: World) -> access.World:
    return access.world_on(world.vault.store)


@pytest.fixture
def gate(world: World, staff: access.World) -> Gate:
    return Gate(world.vault.store, staff.ledger, world.vault.commitments)


def test_decisions_are_kept_for_400_days_and_go_then_with_the_key_of_their_month(world: World, gate: Gate) -> None:
    for at in (LONG_AGO, NOW):
        gate.ask(NOBODY, "see", Thing("case", "t"), at)
    runner = Retention(world.vault, EXPIRING)
    assert world.vault.keys.scopes(Kind.COMMITMENT, "decisions") == ["decisions202001", "decisions202611"]
    assert runner.run().rows["access.decision"] == 1
    assert [row.at for row in world.rows(tables.decisions)] == [NOW]
    assert world.vault.keys.scopes(Kind.COMMITMENT, "decisions") == ["decisions202611"]


def test_a_row_that_says_it_may_go_early_is_not_taken(world: World) -> None:
    row = {"at": NOW, "kept_until": NOW + timedelta(days=399), "asker": "a", "tenant_id": "t", "action": "see"}
    rest = {"object": "case", "allowed": True, "policies": "[]", "version": 0, "commitment": "c", "entry_id": 1}
    with pytest.raises(Conflict):
        world.vault.store.write(lambda tx: tx.execute(sa.insert(tables.decisions).values(**row, **rest)) and None)


def test_sessions_and_tokens_go_when_they_are_good_for_nothing_any_more(world: World, staff: access.World) -> None:
    person, token = staff.people.add_first("root", "Root", "acme", staff.now())
    staff.enrol(person, token)
    at = staff.now()
    staff.sign_in.sign_in("root", access.PASSWORD, staff.code("root", at), at)
    staff.people.add(staff.enrolled(person, ""), "late", "Late", staff.now())
    runner = Retention(world.vault, EXPIRING)
    assert runner.run().rows["access.session"] == 0
    world.pass_(hours=9)
    assert runner.run().rows["access.session"] == 1
    world.pass_(days=3)
    assert runner.run().rows["access.session"] == 1
    assert world.rows(tables.sessions) == world.rows(tables.tokens) == []


def test_nonces_go_when_they_are_over_but_for_the_newest(world: World) -> None:
    rows = [{"key_id": "k", "digest": bytes([n]), "expires_at": NOW + timedelta(minutes=n)} for n in range(3)]
    world.vault.store.write(lambda tx: tx.execute(sa.insert(tables.nonces), rows) and None)
    world.pass_(minutes=20)
    runner = Retention(world.vault, EXPIRING)
    assert [runner.run().rows["access.session"] for _ in range(2)] == [2, 0]
    assert [row.digest for row in world.rows(tables.nonces)] == [bytes([2])]


def test_a_case_goes_400_days_after_it_closed_by_itself_and_not_before(world: World, staff: access.World) -> None:
    system, security = staff.admins()
    agent = staff.staff(system, security, "an", Role.AGENT)
    case = Cases(staff.gate).open(agent, f"acme.a1.{'ab' * 16}", staff.now())
    runner = Retention(world.vault, [one for one in EXPIRING if one.rule == "access.case"])
    world.clock[0] = case.closes_at + CASES_KEPT - timedelta(seconds=1)
    assert runner.run(after_pause=True).rows["access.case"] == 0
    due = next(one for one in runner.status(world.clock[0] + timedelta(hours=1)) if one.table == "access_cases")
    assert (due.rows, due.over, due.lag_s) == (1, 1, 3599)
    world.pass_(seconds=1)
    assert runner.run().rows["access.case"] == 1
    assert world.rows(tables.cases) == []


def test_a_request_goes_with_its_votes_three_years_after_it_could_be_run(world: World, staff: access.World) -> None:
    system, security = staff.admins()
    pru = staff.staff(system, security, "pru", Role.APPROVER)
    approvals = Approvals(staff.gate, {}, world.vault.keys.ends)
    asked = approvals.request(security, "change-policy", {"policy": ""}, staff.now())
    approvals.approve(pru, asked.id, Role.APPROVER, asked.digest, staff.now())
    runner = Retention(world.vault, [one for one in EXPIRING if one.rule == "access.approval"])
    world.clock[0] = asked.expires_at + APPROVALS_KEPT - timedelta(seconds=1)
    assert runner.run(after_pause=True).rows["access.approval"] == 0
    assert len(world.rows(tables.votes)) == 1
    world.pass_(seconds=1)
    assert runner.run().rows["access.approval"] == 1
    assert world.rows(tables.approvals) == world.rows(tables.votes) == []
    assert timedelta(days=3 * 366) <= APPROVALS_KEPT


def test_every_row_that_ends_has_its_class() -> None:
    classes = {"access.approval", "access.case", "access.decision", "access.session", "api.answer"}
    assert {rule_of(one.rule).name for one in EXPIRING} == classes
    assert rule_of("access.decision").shortest >= timedelta(days=400)


def test_a_case_goes_on_when_its_subject_gets_another_token(world: World, staff: access.World) -> None:
    system, security = staff.admins()
    agent = staff.staff(system, security, "an", Role.AGENT)
    old = world.sealed(number())
    Cases(staff.gate).open(agent, str(old), staff.now())
    rotation = Rotation(world.vault, SUBJECT_COLUMNS)
    rotation.rotate_tenant("acme")
    rotation.go_on()
    new = world.vault.pseudonym("acme", number())
    assert old != new
    assert staff.gate.ask(agent, "see", Thing("subject", agent.tenant, "place", str(new)), staff.now()).allowed


def test_an_agent_who_holds_the_token_from_before_a_rotation_is_in_their_case_all_the_same(
    world: World, staff: access.World, gate: Gate
) -> None:
    system, security = staff.admins()
    an, li = (staff.staff(system, security, login, Role.AGENT) for login in ("an", "li"))
    old, another = world.sealed(number()), world.sealed(number(OTHER))
    case = Cases(staff.gate).open(an, str(old), staff.now())
    rotation = Rotation(world.vault, SUBJECT_COLUMNS)
    for _ in range(2):
        rotation.rotate_tenant("acme")
        rotation.go_on()

    def sees(asker: Asker, subject: object) -> bool:
        thing = Thing("subject", asker.tenant, "place", str(subject))
        return gate.ask(asker, "see", thing, staff.now()).allowed

    assert [sees(an, old), sees(an, another), sees(li, old)] == [True, False, False]
    Cases(staff.gate).close(an, case.id, staff.now())
    assert not sees(an, old)
