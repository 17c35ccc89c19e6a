"""What has ended stays so: a backup from before, an earlier clock and a hand in the database bring nothing back."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa

from contracts.consent import NUMBER, TENANT, World, world_on
from haoma.consent import tables
from haoma.consent.erasing import verify_deletion
from haoma.consent.purposes import Source
from haoma.errors import Refused, Tampered, Unavailable
from haoma.numbers import parse
from haoma.storage import open_store
from haoma.vault import open_keys


def withdrawn(world: World) -> str:
    given = world.rows(tables.grants)[0]
    world.consent.withdrawals.by_receipt(given.receipt)
    return "withdrawn"


def recycled(world: World) -> str:
    world.sent.recycled_at[str(parse(NUMBER).uri)] = world.pass_(hours=1)
    world.consent.arrived(TENANT, parse(NUMBER))
    return "recycled"


def replaced(world: World) -> str:
    world.give()
    return "replaced"


def expired(world: World) -> str:
    world.pass_(days=30)
    return "expired"


ENDS: list[Callable[[World], str]] = [withdrawn, recycled, replaced, expired]


def kept_before(folder: Path) -> Path:
    """A copy of the data as they are now, as a backup holds them."""
    (folder / "before").mkdir()
    with (
        closing(sqlite3.connect(folder / "haoma.db")) as now,
        closing(sqlite3.connect(folder / "before/haoma.db")) as old,
    ):
        now.backup(old)
    return folder / "before"


@contextmanager
def put_back(folder: Path) -> Iterator[World]:
    """The desk on the data of a backup, with the key store as it stands, and its clock set back to the beginning."""
    keys = folder.parent / "keys"
    with open_store(f"sqlite:///{folder}/haoma.db") as store, open_keys(f"sqlite:///{keys}/vault.db") as key_store:
        yield world_on(store, key_store, keys)


def reason_of(call: Callable[[], object]) -> str:
    with pytest.raises(Refused) as refused:
        call()
    return refused.value.reason


@pytest.mark.parametrize("ended", ENDS)
def test_a_backup_from_before_the_end_brings_nothing_back(
    world: World, tmp_path: Path, ended: Callable[[World], str]
) -> None:
    given = world.give()
    before = kept_before(tmp_path)
    why = ended(world)
    world.consent.run()
    with put_back(before) as later:
        assert reason_of(later.require) == why
        row = later.rows(tables.grants)[0]
        assert (row.grant_id, row.state) == (given.grant_id, why)
        assert [entry.body["why"] for entry in later.entries("consent.ended")] == [why]
        assert reason_of(later.require) == why
        later.consent.run()
        assert verify_deletion(later.consent.erasures.proof(given.grant_id), later.keys)["why"] == why


def test_a_backup_brings_back_no_emergency_that_was_none(world: World, tmp_path: Path) -> None:
    asked = {"recipient": "police", "reason": "fire", "reference": "fire-1", "source": Source.CARRIER}
    grant = world.consent.emergencies.disclose(world.agent, world.subject(), **asked)
    before = kept_before(tmp_path)
    world.consent.emergencies.review(world.people["dpo"], grant.grant_id, justified=False)
    world.consent.run()
    with put_back(before) as later:
        assert reason_of(lambda: later.require(purpose="emergency", recipient="police")) == "unjustified"


def test_a_permission_that_lives_is_put_back_with_its_backup(world: World, tmp_path: Path) -> None:
    given = world.give()
    with put_back(kept_before(tmp_path)) as later:
        assert later.require().grant_id == given.grant_id


def revive(world: World) -> None:
    change = sa.update(tables.grants).values(state="given", ended_at=None, kept_until=None)
    world.store.write(lambda tx: tx.execute(change).rowcount)


def test_a_hand_that_takes_back_a_withdrawal_is_told_and_recorded(world: World) -> None:
    world.give()
    withdrawn(world)
    revive(world)
    with pytest.raises(Tampered, match="changed"):
        world.require()
    (used,) = world.entries("consent.used")
    assert (used.body["allowed"], used.body["reason"]) == (False, "tampered")


def test_a_customer_withdraws_again_what_a_hand_has_brought_back(world: World) -> None:
    given = world.give()
    withdrawn(world)
    revive(world)
    assert len(world.consent.withdrawals.by_receipt(given.receipt).proofs) == 1
    assert reason_of(world.require) == "withdrawn"


def test_where_the_key_store_does_not_answer_nothing_is_allowed(world: World, tmp_path: Path) -> None:
    world.give()
    world.vault.keys.store.close()
    for file in (tmp_path / "keys").glob("vault.db*"):
        file.unlink()
    (tmp_path / "keys" / "vault.db").write_bytes(b"no database" * 1000)
    with pytest.raises(Unavailable):
        world.require()
    assert world.entries("consent.used") == []


def test_a_key_store_of_before_gets_its_table_when_it_is_opened(world: World, tmp_path: Path) -> None:
    world.vault.keys.store.write(lambda tx: tx.execute(sa.text("DROP TABLE vault_ends")).rowcount)
    with open_keys(f"sqlite:///{tmp_path}/keys/vault.db") as store, store.read() as tx:
        assert tx.scalar(sa.text("SELECT count(*) FROM vault_ends")) == 0


def test_what_has_ended_is_found_among_many_at_once(world: World) -> None:
    ends = world.vault.keys.ends
    ends.note("a", "withdrawn")
    ends.note("a", "expired")
    assert ends.among(["a", "b"]) == {"a": "withdrawn"}
    assert (ends.why("a"), ends.why("b")) == ("withdrawn", "")
    ends.note("b", "replaced")
    assert ends.why("b") == "replaced"
