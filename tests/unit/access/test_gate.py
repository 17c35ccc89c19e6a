from __future__ import annotations

import json

import pytest
import sqlalchemy as sa

from contracts.access import NOW, STRONG, World
from haoma.access import Role, Thing, tables
from haoma.access.rows import asker_of
from haoma.errors import Conflict, Refused, Tampered, Unavailable

SHOWN = "hotline"


def put_in_force(world: World, text: str, digest: str | None = None) -> None:
    from hashlib import sha256

    row = {"text": text, "digest": digest or sha256(text.encode()).hexdigest(), "since": NOW}
    world.store.write(
        lambda tx: tx.execute(sa.insert(tables.policies).values(**row, approval_id=f"{world.now().timestamp()}"))
    )


def test_a_decision_is_recorded_with_the_policies_that_made_it(world: World) -> None:
    system, _ = world.admins()
    thing = Thing("person", system.tenant, "roles")
    decision = world.gate.ask(system, "see", thing, world.now())
    row = world.ask(
        lambda tx: tx.execute(sa.select(tables.decisions).order_by(tables.decisions.c.decision_id)).all()[-1]
    )
    assert decision.allowed
    assert json.loads(row.policies) == ["admins-see-accounts"]
    assert (row.action, row.object, row.asker, row.allowed) == ("see", "person.roles", system.id, True)
    entry = world.entries("access.decided")[-1]
    assert entry.body == {
        "decision": row.commitment,
        "allowed": True,
        "policies": ["admins-see-accounts"],
        "version": 0,
    }


def test_a_refused_change_is_recorded_and_changes_nothing(world: World) -> None:
    system, _ = world.admins()
    before = len(world.entries())
    with pytest.raises(Refused, match="no-policy"):
        world.gate.change(
            system,
            "grant-role",
            Thing("person", system.tenant, subject="x"),
            world.now(),
            lambda tx: tx.execute(sa.delete(tables.roles)),
        )
    assert [entry.body["allowed"] for entry in world.entries()[before:]] == [False]
    assert world.ask(lambda tx: tx.scalar(sa.select(sa.func.count()).select_from(tables.roles))) == 2


def test_a_permitted_change_that_fails_leaves_nothing(world: World) -> None:
    system, _ = world.admins()
    before = world.entries()
    with pytest.raises(Conflict):
        world.people.add(system, "root", "Root", world.now())
    assert world.entries() == before


def test_a_policy_change_empties_what_was_kept(world: World) -> None:
    system, _ = world.admins()
    thing = Thing("person", system.tenant, "roles")
    assert world.gate.ask(system, "see", thing, world.now()).allowed
    put_in_force(world, '@id("nothing-more") permit (principal, action == Action::"see", resource in Object::"audit");')
    after = world.gate.ask(system, "see", thing, world.now())
    assert (after.allowed, after.policies, after.version) == (False, ("no-policy",), 1)


def test_a_policy_that_another_process_put_in_force_is_followed_at_once(world: World) -> None:
    from contracts.access import open_world

    system, _ = world.admins()
    thing = Thing("person", system.tenant, "roles")
    with (other := open_world(f"sqlite:///{world.store.name}")).store:
        assert other.gate.ask(system, "see", thing, world.now()).allowed
        put_in_force(world, '@id("other") permit (principal, action == Action::"see", resource in Object::"audit");')
        assert not other.gate.ask(system, "see", thing, world.now()).allowed


@pytest.mark.parametrize(
    ("text", "digest"), [("permit all", None), ('@id("all") permit (principal, action, resource);', "0" * 64)]
)
def test_a_policy_that_cannot_be_read_allows_nothing(world: World, text: str, digest: str | None) -> None:
    system, _ = world.admins()
    put_in_force(world, text, digest)
    with pytest.raises(Unavailable, match="nothing is allowed"):
        world.gate.ask(system, "see", Thing("person", system.tenant, "roles"), world.now())


def test_a_role_that_was_revoked_meanwhile_counts_no_more(world: World) -> None:
    system, security = world.admins()
    dpo = world.staff(system, security, "dora", Role.DPO)
    thing = Thing("audit", dpo.tenant, "decisions")
    assert world.gate.ask(dpo, "see", thing, world.now()).allowed
    world.people.revoke(security, dpo.id, Role.DPO, world.now())
    assert world.gate.ask(dpo, "see", thing, world.now()).policies == ("no-role",)


def test_who_was_suspended_meanwhile_is_refused(world: World) -> None:
    system, security = world.admins()
    dpo = world.staff(system, security, "dora", Role.DPO)
    world.people.suspend(security, dpo.id, world.now())
    assert world.gate.ask(dpo, "see", Thing("audit", dpo.tenant, "decisions"), world.now()).policies == ("no-role",)


def test_who_holds_two_roles_that_exclude_one_another_by_a_hand_has_none_and_that_is_recorded(world: World) -> None:
    system, security = world.admins()
    agent = world.staff(system, security, "an", Role.AGENT)
    row = {"person_id": agent.id, "role": "dpo", "granted_by": agent.id, "granted_at": world.now()}
    world.store.write(lambda tx: tx.execute(sa.insert(tables.roles).values(row)) and None)
    for asker in (agent, world.ask(lambda tx: asker_of(tx, agent.id, STRONG))):
        before = len(world.entries("access.decided"))
        decision = world.gate.ask(asker, "see", Thing("audit", agent.tenant, "decisions"), world.now())
        assert (decision.allowed, decision.policies) == (False, ("roles-exclude",))
        assert [one.body["policies"] for one in world.entries("access.decided")[before:]] == [["roles-exclude"]]
        with pytest.raises(Tampered, match="exclude one another"):
            decision.require()
    assert world.ask(lambda tx: asker_of(tx, agent.id, STRONG)).roles == frozenset()
    world.people.revoke(security, agent.id, Role.DPO, world.now())
    assert world.ask(lambda tx: asker_of(tx, agent.id, STRONG)).roles == {Role.AGENT}


def test_a_database_that_is_down_decides_nothing(world: World) -> None:
    system, _ = world.admins()
    path = world.store.path
    world.store.close()
    path.rename(path.with_suffix(".away"))
    with pytest.raises(Unavailable):
        world.gate.ask(system, "see", Thing("person", system.tenant, "roles"), NOW)
