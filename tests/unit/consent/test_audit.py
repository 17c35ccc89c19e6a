"""The finder: whatever a hand does to consents, notices and erasures is named."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from contracts.consent import NOW, OTHER, TENANT, World
from haoma.consent import tables
from haoma.consent.audit import Audited, audit_consents
from haoma.consent.keeping import EXPIRING, SUBJECT_COLUMNS
from haoma.consent.purposes import Source
from haoma.errors import Tampered
from haoma.vault.retention import Retention
from haoma.vault.rotation import Rotation

NOBODY = "00000000-0000-4000-8000-000000000000"


def audited(world: World) -> Audited:
    with world.store.read() as tx:
        return audit_consents(tx, world.consent.office)


def found(world: World) -> str:
    with pytest.raises(Tampered) as error:
        audited(world)
    return str(error.value)


def changed(world: World, statement: sa.Update | sa.Delete | sa.Insert) -> None:
    world.store.write(lambda tx: tx.execute(statement).rowcount)


def lived(world: World) -> tuple[str, str]:
    """One of each: withdrawn, replaced, live, disclosed in an emergency; the ids of the withdrawn and the live one."""
    first = world.give(OTHER)
    world.consent.withdrawals.by_receipt(first.receipt)
    world.give()
    live = world.give()
    asked = {"recipient": "police", "reason": "fire", "reference": "fire-1", "source": Source.CARRIER}
    world.consent.emergencies.disclose(world.agent, world.subject(), **asked)
    world.consent.run()
    return first.grant_id, live.grant_id


def test_what_was_done_by_the_rules_stands(world: World) -> None:
    assert audited(world) == Audited(0, 1, 0, 0, 0)
    lived(world)
    assert audited(world) == Audited(4, 1, 2, 0, 0, messages=3)
    world.consent.office.vault.log.integrate()
    assert audited(world) == Audited(4, 1, 2, 0, 0, messages=3)


def test_what_stands_does_so_over_rotations_and_until_it_is_deleted_on_time(world: World) -> None:
    lived(world)
    rotation = Rotation(world.vault, SUBJECT_COLUMNS)
    for _ in range(2):
        rotation.rotate_tenant(TENANT)
        world.pass_(hours=1)
        rotation.go_on()
    assert audited(world).consents == 4
    for days in (40, 1100, 60):
        world.pass_(days=days)
        world.consent.run()
        Retention(world.vault, EXPIRING).run(after_pause=True)
        left = audited(world)
    assert (left.consents, left.notices, left.erasures) == (0, 1, 0)


G, E = tables.grants.c, tables.erasures.c


@pytest.mark.parametrize(
    ("which", "values", "names"),
    [
        ("live", {"granularity": "district"}, "granularity"),
        ("live", {"channel": "agent"}, "channel"),
        ("live", {"version": 2}, "channel"),
        ("live", {"entry_id": 1}, "entry"),
        ("live", {"state": "withdrawn"}, "state"),
        ("ended", {"state": "given", "ended_at": None, "kept_until": None}, "state"),
        ("ended", {"kept_until": NOW}, "state"),
        ("ended", {"state": "expired"}, "state"),
        ("ended", {"receipt": "x"}, "receipt"),
    ],
    ids=str,
)
def test_a_consent_that_a_hand_changed_is_named(
    world: World, which: str, values: dict[str, object], names: str
) -> None:
    ended, live = lived(world)
    named = ended if which == "ended" else live
    changed(world, sa.update(tables.grants).where(G.grant_id == named).values(**values))
    assert found(world) == f"consent {named} is not what was recorded: its {names} differs"


@pytest.mark.parametrize(
    ("values", "names"),
    [
        ({"found": '{"keys": 9, "numbers": 0, "tokens": 0, "places": 1}'}, "entry"),
        ({"found": "{}"}, "entry"),
        ({"proof": "x"}, "proof"),
        ({"why": "expired"}, "why"),
        ({"erased_at": NOW - timedelta(1)}, "entry"),
        ({"erased_at": None, "proof": None}, "time"),
    ],
    ids=str,
)
def test_an_erasure_that_a_hand_changed_is_named(world: World, values: dict[str, object], names: str) -> None:
    ended, _ = lived(world)
    changed(world, sa.update(tables.erasures).where(E.grant_id == ended).values(**values))
    assert found(world) == f"the erasure of consent {ended} is not what was recorded: its {names} differs"
    changed(world, sa.delete(tables.erasures).where(E.grant_id == ended))
    assert found(world) == f"consent {ended} is not what was recorded: its erasure differs"


M = tables.messages.c


@pytest.mark.parametrize(
    ("values", "names"),
    [
        ({"subject": "acme.a1." + "b" * 32}, "commitment"),
        ({"tenant": "others"}, "commitment"),
        ({"asker": "strangers-1:" + "0" * 64}, "commitment"),
        ({"kept_until": NOW}, "commitment"),
        ({"kind": "door"}, "entry"),
        ({"at": NOW - timedelta(days=1)}, "entry"),
        ({"entry_id": 1}, "entry"),
        ({"commitment": "messages-1:" + "0" * 64}, "entry"),
    ],
    ids=str,
)
def test_a_message_that_a_hand_changed_is_named(world: World, values: dict[str, object], names: str) -> None:
    world.ready()
    world.ask()
    (row,) = world.rows(tables.messages)
    changed(world, sa.update(tables.messages).values(**values))
    assert found(world) == f"message {row.message_id} is not what was recorded: its {names} differs"


def test_a_message_that_a_hand_deleted_or_made_up_is_found(world: World) -> None:
    world.ready()
    world.ask()
    (row,) = world.rows(tables.messages)
    made_up = {**row._mapping, "message_id": NOBODY}
    changed(world, sa.insert(tables.messages).values(**made_up))
    assert found(world) == f"message {NOBODY} is not what was recorded: its commitment differs"
    changed(world, sa.delete(tables.messages))
    assert found(world) == f"the message that entry {row.entry_id} of the log tells of is gone"
    world.pass_(days=1)
    assert audited(world).messages == 0


def test_a_commitment_of_another_row_is_no_commitment(world: World) -> None:
    ended, live = lived(world)
    other = sa.select(G.commitment).where(G.grant_id == ended).scalar_subquery()
    changed(world, sa.update(tables.grants).where(G.grant_id == live).values(commitment=other))
    assert f"consent {live}" in found(world)


def test_a_consent_that_a_hand_deleted_or_copied_is_found(world: World) -> None:
    _, live = lived(world)
    row = next(row for row in world.rows(tables.grants) if row.grant_id == live)
    changed(world, sa.delete(tables.grants).where(G.grant_id == live))
    assert f"entry {row.entry_id} of the log tells of is gone" in found(world)
    changed(world, sa.insert(tables.grants).values(**row._asdict()))
    assert audited(world).consents == 4
    changed(world, sa.insert(tables.grants).values(**row._asdict() | {"grant_id": NOBODY, "recipient": "other"}))
    assert NOBODY in found(world)


def test_a_notice_that_was_changed_or_slipped_in_is_named(world: World) -> None:
    row = world.rows(tables.notices)[0]
    for values in ({"body": "{}"}, {"digest": "0" * 64}, {"recipient": "b"}, {"published_at": NOW - timedelta(1)}):
        changed(world, sa.update(tables.notices).values(**values))
        assert "the notice acme customer-care" in found(world)
        changed(world, sa.update(tables.notices).values(**{name: getattr(row, name) for name in values}))
    changed(world, sa.insert(tables.notices).values(**row._asdict() | {"version": 2}))
    assert "the notice acme customer-care acme-desk 2" in found(world)


R = tables.refusals.c


def refused(world: World) -> int:
    """A customer who said no; the entry that tells of it."""
    world.consent.answers.no(world.ask().request_id)
    return int(world.rows(tables.refusals)[-1].entry_id)


def test_a_no_stands_over_rotations_and_until_retention_deletes_it(world: World) -> None:
    refused(world)
    assert audited(world).refusals == 1
    Rotation(world.vault, SUBJECT_COLUMNS).rotate_tenant(TENANT)
    assert audited(world).refusals == 1
    world.pass_(days=91)
    assert audited(world).refusals == 1
    Retention(world.vault, EXPIRING).run(after_pause=True)
    assert audited(world).refusals == 0


def test_a_no_that_a_hand_deleted_is_found_before_its_time_and_after(world: World) -> None:
    entry = refused(world)
    changed(world, sa.delete(tables.refusals))
    assert f"the refusal that entry {entry} of the log tells of is gone" in found(world)
    world.pass_(days=91)
    assert "1 refusals are gone, and retention deleted 0" in found(world)


@pytest.mark.parametrize(
    ("values", "names"),
    [
        ({"purpose": "delivery"}, "purpose or time"),
        ({"until": NOW}, "purpose or time"),
        ({"refused_at": NOW - timedelta(1)}, "purpose or time"),
        ({"kept_until": NOW}, "purpose or time"),
        ({"entry_id": 1}, "entry"),
    ],
    ids=str,
)
def test_a_no_that_a_hand_changed_is_named(world: World, values: dict[str, object], names: str) -> None:
    refused(world)
    (row,) = world.rows(tables.refusals)
    changed(world, sa.update(tables.refusals).values(**values))
    assert found(world) == f"refusal {row.refusal_id} is not what was recorded: its {names} differs"


def test_a_no_of_somebody_else_or_twice_is_found(world: World) -> None:
    refused(world)
    (row,) = world.rows(tables.refusals)
    changed(world, sa.update(tables.refusals).values(subject=str(world.subject(OTHER))))
    assert found(world) == f"refusal {row.refusal_id} is not what was recorded: its subject differs"
    changed(world, sa.update(tables.refusals).values(subject=row.subject))
    changed(world, sa.insert(tables.refusals).values(**row._asdict() | {"refusal_id": 99}))
    assert "two refusals are of one entry of the log" in found(world)


def test_a_consent_without_its_notice_is_named(world: World) -> None:
    given = world.give()
    changed(world, sa.update(tables.grants).values(version=1))
    assert audited(world).consents == 1
    changed(world, sa.delete(tables.notices))
    assert f"consent {given.grant_id} is not what was recorded: its notice differs" in found(world)


def test_consents_that_have_ended_since_their_backup_are_counted(world: World) -> None:
    given = world.give()
    world.vault.keys.ends.note(given.grant_id, "withdrawn")
    assert audited(world).ended_since == 1


def test_a_destroyed_key_of_commitments_leaves_receipt_and_entry(world: World) -> None:
    world.give()
    world.vault.commitments.destroy(f"consent{NOW:%Y%m}")
    assert audited(world) == Audited(1, 1, 0, 1, 0, messages=1)


def test_a_damaged_cell_is_tampered(world: World) -> None:
    world.give()
    world.store.write(lambda tx: tx.exec_driver_sql("UPDATE consent_grants SET until = 'never'") and None)
    with pytest.raises(Tampered):
        audited(world)
