from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from contracts.consent import TENANT, World, open_world
from haoma.consent import make_notice
from haoma.consent.keeping import SUBJECT_COLUMNS
from haoma.errors import Tampered
from haoma.locate.fusion import Issued
from haoma.locate.sources.segment import IssuedIn
from haoma.storage import quick
from haoma.vault.rotation import SUBJECT_COLUMNS as VAULT_COLUMNS
from haoma.vault.rotation import Rotation


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """A customer who consented to where their number was issued."""
    with open_world(f"sqlite:///{tmp_path}/haoma.db", tmp_path / "keys") as world:
        world.assess()
        sees = make_notice("customer-care", "acme-desk", "安客", "privacy@acme.example", ["segment"], "city", 30)
        world.consent.notices.publish(world.people["dpo"], TENANT, sees)
        world.open_case()
        world.give()
        yield world


def said(world: World) -> list[object]:
    return list(IssuedIn(world.vault).observe(world.require(source="segment"), None))


def test_what_was_issued_somewhere_is_found_and_gone_with_its_key_at_once(world: World) -> None:
    grant, source = world.require(source="segment"), IssuedIn(world.vault)
    [found] = source.observe(grant, None)
    assert isinstance(found, Issued)
    assert source.observe(grant, None) == [found]
    world.vault.destroy_keys(world.subject())
    assert source.observe(grant, None) == []


def test_the_newest_fact_that_opens_counts(world: World) -> None:
    [old] = said(world)
    world.pass_(hours=1)
    world.give()
    [new] = said(world)
    assert isinstance(old, Issued)
    assert isinstance(new, Issued)
    assert new.observed_at > old.observed_at


def test_it_is_found_under_the_token_that_a_rotation_gave_and_the_one_before(world: World) -> None:
    before, grant, source = said(world), world.require(source="segment"), IssuedIn(world.vault)
    rotation = Rotation(world.vault, [*VAULT_COLUMNS, *SUBJECT_COLUMNS])
    rotation.rotate_tenant(TENANT)
    rotation.go_on()
    assert source.observe(grant, None) == before


@pytest.mark.parametrize(("column", "value"), [("sealed", "text"), ("observed_at", "then"), ("confidence", "sure")])
def test_a_cell_that_a_hand_wrote_is_told_as_such(world: World, column: str, value: str) -> None:
    change = f"UPDATE lineage_facts SET {column} = ? WHERE name = 'issued_in'"  # noqa: S608 - a name of the list above
    world.store.write(lambda tx: quick(tx, change, value))
    with pytest.raises(Tampered, match="not of the type that was written"):
        said(world)
