from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa

from contracts.consent import NUMBER, OTHER, TENANT, World, world_on
from haoma.consent import tables
from haoma.consent.grant import USE_WITHIN
from haoma.consent.service import CHECKED_WITHIN
from haoma.errors import BadInput, Refused
from haoma.numbers import parse
from haoma.vault import tables as vault_tables


def reason_of(world: World, **more: object) -> str:
    with pytest.raises(Refused) as refused:
        world.require(**more)
    return refused.value.reason


def test_nobody_is_located_who_was_never_asked(world: World) -> None:
    assert reason_of(world) == "no-grant"


def test_a_grant_is_for_one_use_of_a_minute(world: World) -> None:
    given = world.give()
    grant = world.require()
    assert (grant.grant_id, grant.purpose, grant.recipient, grant.basis) == (
        given.grant_id, "customer-care", "acme-desk", "consent",
    )  # fmt: skip
    assert grant.until - world.clock[0] == USE_WITHIN
    assert grant.ends_at == given.until
    assert grant.live_at(world.clock[0])
    assert not grant.live_at(grant.until)


@pytest.mark.parametrize(
    ("other", "reason"),
    [
        ({"purpose": "delivery"}, "not-assessed"),
        ({"recipient": "other-desk"}, "no-grant"),
        ({"source": "browser"}, "source"),
        ({"number": OTHER}, "policy"),
        ({"by": "colleague"}, "policy"),
        ({"by": "analyst"}, "policy"),
        ({"by": "dpo"}, "policy"),
        ({"purpose": "marketing"}, "purpose-never"),
        ({"purpose": "customer-care delivery"}, "bundled"),
        ({"purpose": "emergency"}, "no-grant"),
    ],
)
def test_a_consent_is_good_for_nothing_else(world: World, other: dict[str, object], reason: str) -> None:
    world.give()
    assert reason_of(world, **other) == reason


def test_what_is_no_purpose_or_source_is_bad_input(world: World) -> None:
    with pytest.raises(BadInput, match="no purpose"):
        world.require(purpose="curiosity")
    with pytest.raises(BadInput, match="no such source"):
        world.require(source="satellite")


def test_every_question_is_an_audit_row_and_an_entry_whatever_the_answer(world: World) -> None:
    reason_of(world)
    world.give()
    grant = world.require()
    used = world.entries("consent.used")
    assert [(entry.body["allowed"], entry.body["reason"]) for entry in used] == [
        (False, "no-grant"), (True, "permission-live"),
    ]  # fmt: skip
    rows = [row for row in world.rows(vault_tables.audit) if row.action == "consent.use"]
    assert [(row.decision, row.reason, row.subject) for row in rows] == [
        ("refused", "no-grant", str(grant.subject)), ("allowed", "permission-live", str(grant.subject)),
    ]  # fmt: skip
    assert rows[-1].entry_id == grant.entry_id


def test_a_consent_ends_by_itself_and_a_clock_that_is_set_back_does_not_revive_it(world: World) -> None:
    world.give(days=1)
    world.pass_(days=1, seconds=-1)
    world.require()
    world.pass_(seconds=1)
    assert reason_of(world) == "expired"
    world.pass_(days=-1)
    assert reason_of(world) == "expired"
    with world.store.read() as tx:
        assert tx.scalar(sa.select(tables.grants.c.state)) == "expired"


def test_a_consent_does_not_begin_before_it_was_given(world: World, tmp_path: Path) -> None:
    world.pass_(hours=1)
    world.give()
    earlier = world_on(world.store, world.vault.keys.store, tmp_path / "keys")
    assert reason_of(earlier) == "not-yet"


def test_without_an_assessment_in_force_nothing_is_allowed(world: World) -> None:
    world.give(days=30)
    drop = sa.update(tables.assessments).values(until=world.clock[0])
    world.store.write(lambda tx: tx.execute(drop).rowcount)
    assert reason_of(world) == "not-assessed"


def test_a_number_that_nobody_has_checked_for_thirty_days_is_not_taken_for_the_same_holder(world: World) -> None:
    world.publish(days=90)
    world.give(days=90)
    world.pass_(seconds=CHECKED_WITHIN.total_seconds())
    assert reason_of(world) == "holder-unchecked"
    assert world.consent.arrived(TENANT, parse(NUMBER)) == 0
    assert world.require().basis == "consent"


def test_a_number_with_another_holder_ends_what_the_last_one_consented_to(world: World) -> None:
    given = world.give()
    world.sent.recycled_at[str(parse(NUMBER).uri)] = world.pass_(hours=1)
    world.pass_(hours=1)
    assert world.consent.arrived(TENANT, parse(NUMBER)) == 1
    assert reason_of(world) == "recycled"
    assert world.consent.arrived(TENANT, parse(NUMBER)) == 0
    again = world.give()
    assert again.grant_id != given.grant_id
    assert world.consent.arrived(TENANT, parse(NUMBER)) == 0
    assert world.require().grant_id == again.grant_id


def test_a_later_consent_takes_the_place_of_the_one_before(world: World) -> None:
    first, second = world.give(), world.give()
    assert world.require().grant_id == second.grant_id
    states = {row.grant_id: row.state for row in world.rows(tables.grants)}
    assert states == {first.grant_id: "replaced", second.grant_id: "given"}


def test_what_was_found_with_a_grant_is_not_kept_once_it_was_withdrawn(world: World) -> None:
    given = world.give()
    grant = world.require()
    world.store.write(lambda tx: world.consent.recheck(tx, grant))
    world.consent.withdrawals.by_receipt(given.receipt)
    with pytest.raises(Refused) as refused:
        world.store.write(lambda tx: world.consent.recheck(tx, grant))
    assert refused.value.reason == "withdrawn"


def test_a_grant_is_over_after_its_minute_although_the_consent_stands(world: World) -> None:
    world.give()
    grant = world.require()
    world.pass_(seconds=60)
    with pytest.raises(Refused, match="over"):
        world.store.write(lambda tx: world.consent.recheck(tx, grant))


def test_a_rotation_of_keys_neither_loses_a_consent_nor_brings_an_ended_one_back(world: World) -> None:
    from haoma.consent.keeping import SUBJECT_COLUMNS
    from haoma.vault.rotation import Rotation

    given = world.give()
    rotation = Rotation(world.vault, SUBJECT_COLUMNS)
    rotation.rotate_tenant(TENANT)
    assert world.subject() == given.subject
    world.open_case()
    assert world.require().grant_id == given.grant_id
    again = world.give()
    world.consent.withdrawals.by_receipt(again.receipt)
    assert reason_of(world) == "withdrawn"
    with world.store.read() as tx:
        assert set(tx.scalars(sa.select(tables.grants.c.state))) == {"replaced", "withdrawn"}
