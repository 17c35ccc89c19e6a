from __future__ import annotations

import pytest

from contracts.access import World
from haoma.access import Cases, Role, Thing
from haoma.errors import BadInput, NotFound, Refused

SUBJECT = f"acme.a1.{'ab' * 16}"


def may_see(world: World, asker: object, subject: str = SUBJECT) -> bool:
    return world.gate.ask(asker, "see", Thing("subject", asker.tenant, "place", subject), world.now()).allowed


def test_an_agent_meets_a_subject_in_an_open_case_of_their_own_alone(world: World) -> None:
    system, security = world.admins()
    an, li = (world.staff(system, security, login, Role.AGENT) for login in ("an", "li"))
    cases = Cases(world.gate)
    assert not may_see(world, an)
    case = cases.open(an, SUBJECT, world.now())
    assert may_see(world, an)
    assert not may_see(world, li)
    assert not may_see(world, an, f"acme.a1.{'cd' * 16}")
    cases.close(an, case.id, world.now())
    assert not may_see(world, an)


def test_a_case_closes_by_itself(world: World) -> None:
    system, security = world.admins()
    an = world.staff(system, security, "an", Role.AGENT)
    Cases(world.gate).open(an, SUBJECT, world.now())
    world.now(hours=11)
    assert may_see(world, an)
    world.now(hours=1)
    assert not may_see(world, an)
    assert Cases(world.gate).mine(an, world.now()) == []


def test_nobody_closes_the_case_of_another(world: World) -> None:
    system, security = world.admins()
    an, li = (world.staff(system, security, login, Role.AGENT) for login in ("an", "li"))
    cases = Cases(world.gate)
    case = cases.open(an, SUBJECT, world.now())
    with pytest.raises(NotFound):
        cases.close(li, case.id, world.now())
    assert [one.id for one in cases.mine(an, world.now())] == [case.id]
    assert cases.mine(li, world.now()) == []


def test_only_agents_open_cases(world: World) -> None:
    system, security = world.admins()
    dpo = world.staff(system, security, "dora", Role.DPO)
    for asker in (system, security, dpo):
        with pytest.raises(Refused):
            Cases(world.gate).open(asker, SUBJECT, world.now())
    an = world.staff(system, security, "an", Role.AGENT)
    with pytest.raises(BadInput):
        Cases(world.gate).open(an, "", world.now())


@pytest.mark.parametrize("text", ["13700137001", "the customer of this morning", "st1.k7.Zm9vYmFy", f"{SUBJECT}\n"])
def test_a_case_is_about_a_subject_token_and_nothing_else_is_kept(world: World, text: str) -> None:
    system, security = world.admins()
    an = world.staff(system, security, "an", Role.AGENT)
    with pytest.raises(BadInput, match="no subject token"):
        Cases(world.gate).open(an, text, world.now())
    assert Cases(world.gate).mine(an, world.now()) == []


def test_a_case_about_another_tenants_customer_is_refused_and_the_refusal_recorded(world: World) -> None:
    system, security = world.admins()
    an = world.staff(system, security, "an", Role.AGENT)
    with pytest.raises(Refused, match="limit-tenant"):
        Cases(world.gate).open(an, SUBJECT.replace("acme", "beta"), world.now())
    assert Cases(world.gate).mine(an, world.now()) == []
    told = [entry.body for entry in world.entries("access.decided") if not entry.body["allowed"]]
    assert told[-1]["policies"] == ["limit-tenant"]


def test_the_log_does_not_hear_who_a_case_is_about(world: World) -> None:
    system, security = world.admins()
    an = world.staff(system, security, "an", Role.AGENT)
    Cases(world.gate).open(an, SUBJECT, world.now())
    may_see(world, an)
    assert SUBJECT not in str(world.entries())
    assert world.entries("access.case")[0].body["change"] == "opened"
