from __future__ import annotations

from pathlib import Path

import pytest

from contracts.vault import HOUR, NOW, OTHER, Permitted, World, number, open_world
from haoma.errors import NotFound
from haoma.vault import Kind, tables
from haoma.vault.key_store import CUSTODY_NAME
from haoma.vault.retention import EXPIRING, Retention
from haoma.vault.rotation import SUBJECT_COLUMNS, Rotation, SubjectColumn


@pytest.fixture
def rotation(world: World) -> Rotation:
    return Rotation(world.vault, SUBJECT_COLUMNS)


def to_the_end(rotation: Rotation, tenant: str = "acme") -> None:
    while rotation.rekey(tenant):
        pass


def test_tokens_are_of_the_new_version_at_once_and_found_under_both(world: World, rotation: Rotation) -> None:
    old = world.vault.pseudonym("acme", number())
    assert rotation.rotate_tenant("acme") == 2
    new = world.vault.pseudonym("acme", number())
    assert (old.version, new.version) == (1, 2)
    assert world.vault.known_as("acme", number()) == (new, old)


def test_sealed_numbers_are_brought_over_and_open_under_either_token(world: World, rotation: Rotation) -> None:
    old = world.sealed(number())
    rotation.rotate_tenant("acme")
    to_the_end(rotation)
    new = world.vault.pseudonym("acme", number())
    assert [row.subject for row in world.rows(tables.sealed)] == [str(new)]
    assert world.opener.reveal(Permitted(new), actor="agent:1") == number().uri
    assert world.opener.reveal(Permitted(old), actor="agent:1") == number().uri
    assert [(one.done, one.total, one.ended_at) for one in rotation.progress()] == [(1, 1, NOW)]


def test_a_version_that_another_process_has_just_made_opens_what_it_brought_over(world: World, tmp_path: Path) -> None:
    token = world.sealed(number())
    assert world.vault.known_as("acme", number()) == (token,)  # and kept in memory for a second
    with open_world(f"sqlite:///{tmp_path}/haoma.db", tmp_path / "keys") as other:
        rotation = Rotation(other.vault, SUBJECT_COLUMNS)
        rotation.rotate_tenant("acme")
        to_the_end(rotation)
        new = other.vault.pseudonym("acme", number())
    assert world.opener.reveal(Permitted(new), actor="agent:1") == number().uri


def test_shredding_under_the_new_token_reaches_what_was_sealed_under_the_old(world: World, rotation: Rotation) -> None:
    old = world.sealed(number())
    place = world.vault.seal_bytes(old, "customer-care", "place", b"where")
    rotation.rotate_tenant("acme")
    to_the_end(rotation)
    new = world.vault.pseudonym("acme", number())
    assert world.opener.open_bytes(Permitted(new), "place", place) == b"where"
    done = world.vault.shred(new, actor="system:test", reason="withdrawn")
    assert (done.keys, done.numbers) == (1, 1)
    with pytest.raises(NotFound):
        world.opener.open_bytes(Permitted(new), "place", place)


def test_location_tokens_follow_their_subject(world: World, rotation: Rotation) -> None:
    old, vault = world.sealed(number()), world.vault
    text = vault.store.write(
        lambda tx: vault.locations.issue(tx, old, "customer-care", "agent:1", b"x", NOW + HOUR, actor="agent:1")
    )
    rotation.rotate_tenant("acme")
    to_the_end(rotation)
    found = vault.locations.resolve(text, tenant="acme", audience="agent:1", actor="agent:1")
    assert (found.value, found.subject.version) == (b"x", 2)


def test_a_version_stays_while_a_row_has_a_token_of_it(world: World, rotation: Rotation) -> None:
    world.sealed(number())
    rotation.rotate_tenant("acme")
    to_the_end(rotation)
    world.pass_(minutes=2)
    assert rotation.tidy() == 0
    assert len(world.vault.keys.versions(Kind.PSEUDONYM, "acme")) == 2


def test_a_version_that_no_row_has_a_token_of_is_destroyed(world: World) -> None:
    rotation = Rotation(world.vault, [SubjectColumn(tables.tokens.c.subject, rekey=True)])
    world.sealed(number())
    rotation.rotate_tenant("acme")
    to_the_end(rotation)
    assert rotation.tidy() == 0
    world.pass_(hours=2)
    runner = Retention(world.vault, EXPIRING)
    runner.run()
    world.pass_(minutes=2)
    runner.run()
    assert rotation.tidy() == 1
    assert [key.version for key in world.vault.keys.versions(Kind.PSEUDONYM, "acme")] == [2]
    assert world.rows(tables.aliases) == []


def test_a_number_sealed_anew_during_a_rotation_is_kept_as_long_as_either_says(
    world: World, rotation: Rotation
) -> None:
    world.sealed(number(), until=NOW + 3 * HOUR)
    rotation.rotate_tenant("acme")
    world.sealed(number(), until=NOW + HOUR)
    to_the_end(rotation)
    assert [row.until for row in world.rows(tables.sealed)] == [NOW + 3 * HOUR]


def test_a_row_whose_key_is_gone_does_not_stop_a_rotation(world: World, rotation: Rotation) -> None:
    world.vault.destroy_keys(world.sealed(number()))
    world.sealed(number(OTHER))
    rotation.rotate_tenant("acme")
    to_the_end(rotation)
    assert len(world.rows(tables.sealed)) == 1


def test_a_tenant_without_a_key_has_none_to_rotate(rotation: Rotation) -> None:
    with pytest.raises(NotFound):
        rotation.rotate_tenant("bank")


def test_keys_are_wrapped_anew_and_two_versions_of_custody_stay(world: World, rotation: Rotation) -> None:
    token = world.sealed(number())
    for version in (2, 3, 4):
        assert rotation.rotate_custody() == version
        assert world.vault.keys.wrapped_by_older() > 0
        while rotation.rewrap():
            pass
        assert world.vault.keys.wrapped_by_older() == 0
        assert world.opener.reveal(Permitted(token), actor="agent:1") == number().uri
    assert world.custody.versions(CUSTODY_NAME) == (3, 4)
