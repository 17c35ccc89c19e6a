from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from contracts.access import World
from haoma.access import ApiKey, ApiKeys, Asker, Role, Thing, draft_key
from haoma.errors import BadInput, Conflict, Refused


@pytest.fixture
def staffed(world: World) -> tuple[World, ApiKeys, Asker, Asker, Asker]:
    system, security = world.admins()
    return world, ApiKeys(world.gate, world.sealing), system, security, world.staff(system, security, "an", Role.AGENT)


def drafted(world: World, owner: Asker, **changes: object) -> ApiKey:
    draft = draft_key(owner.id, "desk", "bearer", Role.AGENT, ["open-case", "see"], world.now(), days=30)
    return replace(draft, **changes)


def test_a_key_acts_in_its_role_for_its_scopes(staffed: tuple) -> None:
    world, keys, _, security, an = staffed
    key, secret = keys.make(security, drafted(world, an), world.now())
    machine = keys.asker(secret, world.now())
    assert (machine.id, machine.person, machine.roles, machine.scopes) == (
        key.id,
        an.id,
        {Role.AGENT},
        {"open-case", "see"},
    )
    allowed = {
        action: world.gate.ask(machine, action, Thing("case", an.tenant), world.now()).allowed
        for action in ("open-case", "close-case")
    }
    assert allowed == {"open-case": True, "close-case": False}


def test_a_revoked_an_expired_and_an_unknown_key_are_told_in_the_same_words(staffed: tuple) -> None:
    world, keys, _, security, an = staffed
    key, secret = keys.make(security, drafted(world, an), world.now())
    _, other = keys.make(security, drafted(world, an), world.now())
    keys.revoke(security, key.id, world.now())
    told = set()
    for token, later in ((secret, 0), ("haoma_key_x", 0), (other, 31)):
        with pytest.raises(Refused) as caught:
            keys.asker(token, world.clock[0] + timedelta(days=later))
        told.add(str(caught.value))
    assert len(told) == 1
    with pytest.raises(Conflict):
        keys.revoke(security, key.id, world.now())


def test_a_key_falls_with_its_owner(staffed: tuple) -> None:
    world, keys, _, security, an = staffed
    _, secret = keys.make(security, drafted(world, an), world.now())
    world.people.revoke(security, an.id, Role.AGENT, world.now())
    machine = keys.asker(secret, world.now())
    assert not world.gate.ask(machine, "open-case", Thing("case", an.tenant), world.now()).allowed
    world.people.suspend(security, an.id, world.now())
    with pytest.raises(Refused):
        keys.asker(secret, world.now())


def test_only_the_security_administrator_makes_keys(staffed: tuple) -> None:
    world, keys, system, _, an = staffed
    for asker in (system, an):
        with pytest.raises(Refused):
            keys.make(asker, drafted(world, an), world.now())


@pytest.mark.parametrize(
    "changes",
    [
        {"kind": "md5"},
        {"kind": "ed25519"},
        {"name": "13800138000"},
        {"name": ""},
        {"role": Role.SECURITY_ADMIN},
        {"role": Role.APPROVER},
        {"scopes": ()},
        {"scopes": ("fly",)},
    ],
)
def test_what_is_no_key_is_not_made(staffed: tuple, changes: dict[str, object]) -> None:
    world, keys, _, security, an = staffed
    with pytest.raises(BadInput):
        keys.make(security, drafted(world, an, **changes), world.now())


@pytest.mark.parametrize("days", [0, 401])
def test_a_key_lives_for_a_while(staffed: tuple, days: int) -> None:
    world, keys, _, security, an = staffed
    now = world.now()
    with pytest.raises(BadInput):
        keys.make(security, drafted(world, an, expires_at=now + timedelta(days=days)), now)


def test_a_key_in_a_role_that_its_owner_does_not_hold_is_not_made(staffed: tuple) -> None:
    world, keys, _, security, an = staffed
    with pytest.raises(Conflict):
        keys.make(security, drafted(world, an, role=Role.RISK_ANALYST), world.now())


def test_keys_are_listed_without_a_secret(staffed: tuple) -> None:
    world, keys, _, security, an = staffed
    key, secret = keys.make(security, drafted(world, an), world.now())
    assert keys.all(security, world.now()) == [key]
    assert secret not in str(keys.all(security, world.now()))
    assert [entry.body["change"] for entry in world.entries("access.key")] == ["made"]
    with pytest.raises(Refused):
        keys.all(an, world.now())
