from __future__ import annotations

import pytest
import sqlalchemy as sa

from contracts.access import STRONG, World
from haoma.access import Asker, Role, tables
from haoma.access.secret import digest_of
from haoma.errors import BadInput, Conflict, NotFound, Refused


def test_the_first_person_is_made_on_an_empty_store_alone(world: World) -> None:
    first = world.first()
    assert first.roles == {Role.SYSTEM_ADMIN}
    with pytest.raises(Conflict, match="people here already"):
        world.people.add_first("second", "Second", "other", world.now())


def test_the_first_security_administrator_is_named_once_and_by_no_one_for_themselves(world: World) -> None:
    system = world.first()
    with pytest.raises(Refused, match="first security administrator"):
        world.people.grant(system, system.id, Role.SECURITY_ADMIN, world.now())
    world.staff(system, system, "safe", Role.SECURITY_ADMIN)
    other, _ = world.people.add(system, "other", "Other", world.now())
    with pytest.raises(Refused, match="no-policy"):
        world.people.grant(system, other.id, Role.SECURITY_ADMIN, world.now())


def test_after_the_first_security_administrator_has_gone_there_is_no_second_first(world: World) -> None:
    system, security = world.admins()
    second = world.staff(system, security, "two", Role.SECURITY_ADMIN)
    world.people.revoke(second, security.id, Role.SECURITY_ADMIN, world.now())
    with pytest.raises(Refused):
        world.people.grant(system, security.id, Role.SECURITY_ADMIN, world.now())


def test_excluding_roles_are_refused_with_the_reason(world: World) -> None:
    system, security = world.admins()
    agent = world.staff(system, security, "an", Role.AGENT)
    with pytest.raises(Conflict, match="agent and approver exclude one another") as caught:
        world.people.grant(security, agent.id, Role.APPROVER, world.now())
    assert "does not approve" in caught.value.hint
    world.people.revoke(security, agent.id, Role.AGENT, world.now())
    assert world.people.grant(security, agent.id, Role.APPROVER, world.now()).roles == (Role.APPROVER,)


def test_nobody_but_the_security_administrator_gives_roles(world: World) -> None:
    system, security = world.admins()
    dpo = world.staff(system, security, "dora", Role.DPO)
    for asker in (system, dpo):
        with pytest.raises(Refused):
            world.people.grant(asker, dpo.id, Role.APPROVER, world.now())
    with pytest.raises(Refused, match="limit-own-rights"):
        world.people.grant(security, security.id, Role.DPO, world.now())


def test_nobody_is_let_near_with_one_factor(world: World) -> None:
    system, _ = world.admins()
    weak = Asker(system.id, system.person, system.tenant, system.roles, frozenset({"password"}))
    with pytest.raises(Refused, match="limit-two-factors"):
        world.people.add(weak, "an", "An", world.now())


def test_a_login_is_given_once(world: World) -> None:
    system, _ = world.admins()
    with pytest.raises(Conflict):
        world.people.add(system, "safe", "Another", world.now())


@pytest.mark.parametrize("login", ["", "a", "An", "an li", "13800138000", "a13800138000", "安", "an\n"])
def test_what_is_no_login_is_not_taken(world: World, login: str) -> None:
    with pytest.raises(BadInput):
        world.people.add_first(login, "An", "t", world.now())


@pytest.mark.parametrize(
    "number", ["13800138000", "138 0013 8000", "(010) 6552-9988", "１３８００１３８０００", "+86.138.0013.8000"]
)
def test_no_person_is_called_by_a_phone_number_however_it_is_written(world: World, number: str) -> None:
    for login, name in ((f"an-{number}", "An"), ("an", number), ("an", f"An ({number})")):
        with pytest.raises(BadInput):
            world.people.add_first(login, name, "t", world.now())
    assert world.people.add_first("an", "An, desk 12, floor 3", "t", world.now())


def test_the_log_hears_of_people_by_id_alone(world: World) -> None:
    system, security = world.admins()
    world.staff(system, security, "dora", Role.DPO)
    told = " ".join(str(entry) for entry in world.entries())
    assert security.id in told
    assert not any(name in told for name in ("dora", "Dora", "safe", "root", "acme"))


def test_a_token_is_stored_as_a_digest(world: World) -> None:
    _, token = world.people.add_first("root", "Root", "t", world.now())
    assert world.ask(lambda tx: tx.scalar(sa.select(tables.tokens.c.digest))) == digest_of(token)


def test_everybody_is_listed_to_whom_it_is_shown(world: World) -> None:
    system, security = world.admins()
    dpo = world.staff(system, security, "dora", Role.DPO)
    assert [person.login for person in world.people.all(system, world.now())] == ["dora", "root", "safe"]
    with pytest.raises(Refused):
        world.people.all(dpo, world.now())


def test_who_is_not_there_is_not_found(world: World) -> None:
    _, security = world.admins()
    with pytest.raises(NotFound):
        world.people.suspend(security, "00000000-0000-0000-0000-000000000000", world.now())
    with pytest.raises(BadInput):
        world.people.suspend(security, "an", world.now())


def test_a_role_goes_once(world: World) -> None:
    system, security = world.admins()
    dpo = world.staff(system, security, "dora", Role.DPO)
    world.people.revoke(security, dpo.id, Role.DPO, world.now())
    with pytest.raises(Conflict):
        world.people.revoke(security, dpo.id, Role.DPO, world.now())
    assert dpo.methods == STRONG


def test_a_suspended_person_is_let_in_again_by_the_security_administrator_alone(world: World) -> None:
    system, security = world.admins()
    dpo = world.staff(system, security, "dora", Role.DPO)
    assert world.people.suspend(system, dpo.id, world.now()).state == "suspended"
    with pytest.raises(Refused):
        world.people.restore(system, dpo.id, world.now())
    assert world.people.restore(security, dpo.id, world.now()).state == "active"
    with pytest.raises(Conflict, match="not suspended"):
        world.people.restore(security, dpo.id, world.now())


def test_an_identity_is_linked_by_one_administrator_and_trusted_by_another(world: World) -> None:
    system, security = world.admins()
    dpo = world.staff(system, security, "dora", Role.DPO)
    new, _ = world.people.add(system, "new", "New", world.now())
    assert world.people.link(system, new.id, "https://id.example", "1", world.now()).state == "active"
    assert world.people.link(system, dpo.id, "https://id.example", "2", world.now()).state == "suspended"
    assert world.people.restore(security, dpo.id, world.now()).state == "active"
    with pytest.raises(Conflict):
        world.people.link(system, dpo.id, "https://id.example", "1", world.now())
    with pytest.raises(Refused, match="limit-own-rights"):
        world.people.link(system, system.id, "https://id.example", "3", world.now())
    with pytest.raises(BadInput):
        world.people.link(system, dpo.id, "", "3", world.now())


def test_no_administrator_takes_an_account_over_alone(world: World) -> None:
    system, security = world.admins()
    auditor = world.staff(system, security, "aud", Role.AUDIT_ADMIN)
    world.people.enrol_again(system, security.id, world.now())
    with pytest.raises(Refused):
        world.people.restore(system, security.id, world.now())
    assert world.people.restore(auditor, security.id, world.now()).roles == (Role.SECURITY_ADMIN,)
