"""A permission allows what was signed, whatever a hand writes into its row."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from contracts.consent import NOW, OTHER, TENANT, World
from haoma.consent import jws, tables
from haoma.consent.keeping import SUBJECT_COLUMNS
from haoma.consent.purposes import Granularity, Source
from haoma.consent.receipt import RECEIPT, verify_receipt
from haoma.errors import Refused, Tampered
from haoma.vault import tables as vault_tables
from haoma.vault.rotation import Rotation

OLD = "00000000-0000-4000-8000-000000000000"


def change(world: World, **values: object) -> None:
    world.store.write(lambda tx: tx.execute(sa.update(tables.grants).values(**values)).rowcount)


def copy(world: World, **values: object) -> None:
    """A second row like the one there is, but for some columns."""
    row = world.rows(tables.grants)[0]._asdict() | {"grant_id": OLD} | values
    world.store.write(lambda tx: tx.execute(sa.insert(tables.grants).values(**row)).rowcount)


def told(world: World) -> list[tuple[object, object]]:
    return [(entry.body["allowed"], entry.body["reason"]) for entry in world.entries("consent.used")]


@pytest.mark.parametrize("used", [False, True], ids=["never used", "used before"])
@pytest.mark.parametrize(
    "values",
    [
        {"granularity": "district"},
        {"granularity": "a"},
        {"sources": "browser carrier stated"},
        {"until": NOW + timedelta(days=90)},
        {"since": NOW - timedelta(days=1)},
        {"basis": "emergency"},
        {"basis": "none"},
        {"grant_id": OLD},
        {"receipt": "x", "until": NOW + timedelta(days=90)},
        {"state": "nothing"},
    ],
    ids=str,
)
def test_a_row_that_was_widened_is_told_and_recorded(world: World, values: dict[str, object], used: bool) -> None:
    world.give()
    if used:
        world.require()
    change(world, **values)
    with pytest.raises(Tampered, match="changed"):
        world.require()
    assert told(world) == [(True, "permission-live")] * used + [(False, "tampered")]


def test_a_consent_is_not_copied_to_another_customer_purpose_or_recipient(world: World) -> None:
    world.give()
    world.open_case(OTHER)
    world.assess("delivery")
    copy(world, subject=str(world.subject(OTHER)))
    with pytest.raises(Tampered):
        world.require(OTHER)
    for where in ({"recipient": "other-desk"}, {"recipient": "acme-desk", "purpose": "delivery"}):
        change(world, **where)
        with pytest.raises(Tampered):
            world.require(**where)


def test_a_consent_is_no_emergency_and_an_emergency_no_more_than_was_recorded(world: World) -> None:
    world.give()
    change(world, purpose="emergency")
    with pytest.raises(Tampered):
        world.require(purpose="emergency")
    world.store.write(lambda tx: tx.execute(sa.delete(tables.grants)).rowcount)
    asked = {"recipient": "police", "reason": "fire", "reference": "fire-1", "source": Source.CARRIER}
    world.consent.emergencies.disclose(world.agent, world.subject(), **asked)
    assert world.require(purpose="emergency", recipient="police").granularity is Granularity.POINT
    for values in ({"until": NOW + timedelta(days=9)}, {"recipient": "press"}, {"sources": "carrier history"}):
        with world.store.read() as tx:
            before = tx.execute(sa.select(*(tables.grants.c[name] for name in values))).one()._asdict()
        change(world, **values)
        with pytest.raises(Tampered):
            world.require(purpose="emergency", recipient=str(values.get("recipient", "police")))
        change(world, **before)
    assert world.require(purpose="emergency", recipient="police")


def test_a_receipt_that_somebody_else_signed_allows_nothing(world: World, tmp_path: Path) -> None:
    from haoma.vault import LocalFiles, suite_named

    given = world.give()
    other = LocalFiles(tmp_path / "other", suite_named("aes-sha2"))
    change(world, receipt=jws.sign(other, RECEIPT, verify_receipt(given.receipt, world.keys)))
    with pytest.raises(Tampered):
        world.require()


def test_a_permission_is_verified_once_and_anew_when_it_changed(world: World) -> None:
    world.give()
    world.require()
    receipt = world.rows(tables.grants)[0].receipt
    change(world, receipt="gone")
    assert world.require()
    change(world, receipt=receipt, granularity="district")
    with pytest.raises(Tampered):
        world.require()


def test_a_rotated_token_is_the_same_customer_and_a_forged_alias_is_not(world: World) -> None:
    given = world.give()
    world.open_case(OTHER)
    other = str(world.subject(OTHER))
    forged = sa.insert(vault_tables.aliases).values(old=str(given.subject), new=other, at=NOW, commitment="")
    world.store.write(lambda tx: tx.execute(forged).rowcount)
    change(world, subject=other)
    with pytest.raises(Tampered):
        world.require(OTHER)
    change(world, subject=str(given.subject))
    world.store.write(lambda tx: tx.execute(sa.delete(vault_tables.aliases)).rowcount)
    rotation = Rotation(world.vault, SUBJECT_COLUMNS)
    for _ in range(3):
        world.pass_(hours=1)
        rotation.rotate_tenant(TENANT)
        rotation.go_on()
    world.pass_(hours=1)
    rotation.go_on()
    world.open_case()
    assert world.rows(tables.grants)[0].subject != str(given.subject)
    assert world.require().grant_id == given.grant_id


def test_a_row_whose_times_are_none_is_told(world: World) -> None:
    world.give()
    for text in ("until = 'never'", "until = 4611686018427387904", "since = 'x'", "checked_at = 'x'"):
        world.store.write(lambda tx, text=text: tx.exec_driver_sql(f"UPDATE consent_grants SET {text}") and None)  # noqa: S608 - constants
        with pytest.raises(Tampered):
            world.require()
        with pytest.raises(Refused) as refused:
            world.require(recipient="other-desk")
        assert refused.value.reason == "no-grant"
