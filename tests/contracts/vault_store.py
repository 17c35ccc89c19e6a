"""What the vault does on every database, and what is left when its process is killed.

A test class derives from `VaultContract`, `VaultKillContract` or both and gives the fixtures `url` and `keys_url`:
databases that are empty. Kills take half a minute and are journeys.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from contracts.entries import all_entries
from contracts.killing import assert_all_or_nothing
from contracts.vault import HOUR, NOW, Permitted, World, number, open_world
from haoma.errors import Conflict, NotFound
from haoma.ledger.events import ENTRY_TYPES as LEDGER_TYPES
from haoma.ledger.merkle import EMPTY_ROOT
from haoma.ledger.service import Ledger
from haoma.ledger.view import View
from haoma.lineage.check import LedgerProofs
from haoma.storage import Store
from haoma.vault import (
    ENTRY_TYPES,
    KeyStore,
    LocalFiles,
    Opener,
    Vault,
    open_keys,
    passphrase_file,
    suite_named,
    tables,
)
from haoma.vault.key_backup import Backup, Length, back_up_store
from haoma.vault.key_restore import destroyed, entries_since, put_back_store
from haoma.vault.key_tables import ends, keys
from haoma.vault.retention import EXPIRING, Retention
from haoma.vault.rotation import SUBJECT_COLUMNS, Rotation

PLACE, KEYS_URL = "HAOMA_TEST_PLACE", "HAOMA_TEST_KEYS_URL"
CARE = "customer-care"


def number_of(n: int) -> str:
    return f"1380013{n:04}"


def vault_of(store: Store) -> Vault:
    """A vault whose keys lie where the environment says, with the clock of the machine."""
    suite, place = suite_named("aes-sha2"), Path(os.environ[PLACE])
    keys = KeyStore(open_keys(os.environ[KEYS_URL]), LocalFiles(place, suite), suite, lambda: datetime.now(UTC))
    return Vault(store, keys, Ledger(store, [*LEDGER_TYPES, *ENTRY_TYPES], lambda: NOW), lambda: datetime.now(UTC))


def seal_a_number(store: Store, n: int) -> None:
    vault, one = vault_of(store), number(number_of(n))
    token = vault.pseudonym("acme", one)
    store.write(lambda tx: vault.seal(tx, token, CARE, one, datetime.now(UTC) + HOUR))


def check_a_sealed_number(store: Store, n: int, acknowledged: bool) -> None:
    vault = vault_of(store)
    token = vault.pseudonym("acme", number(number_of(n)))
    with store.read() as tx:
        sealed = tx.scalar(sa.select(sa.func.count()).where(tables.sealed.c.subject == str(token)))
        recorded = tx.scalars(sa.select(tables.audit.c.entry_id).where(tables.audit.c.subject == str(token))).all()
    logged = [LedgerProofs(store).found(entry_id).entry.type for entry_id in recorded]
    assert sealed == len(recorded) == logged.count("vault.sealed")
    assert sealed or not acknowledged
    if sealed:
        permission = Permitted(token, until=datetime.now(UTC) + HOUR)
        assert Opener(vault, Permitted).reveal(permission, actor="agent:1").endswith(number_of(n))


def delete_what_is_over(store: Store, n: int) -> None:
    vault, one = vault_of(store), number(number_of(n))
    token = vault.pseudonym("acme", one)
    store.write(lambda tx: vault.seal(tx, token, CARE, one, datetime.now(UTC) + HOUR))
    over = sa.update(tables.sealed).values(until=datetime.now(UTC) - HOUR)
    store.write(lambda tx: tx.execute(over) and None)
    Retention(vault, EXPIRING[:1]).run()


def check_what_was_deleted(store: Store, n: int, acknowledged: bool) -> None:
    """Every row that is gone is counted once, in the table and in the log."""
    with store.read() as tx:
        counted = tx.scalar(sa.select(tables.retention.c.deleted).where(tables.retention.c["class"] == "number.sealed"))
        left = tx.scalar(sa.select(sa.func.count()).select_from(tables.sealed))
    entries = all_entries(store)
    told = sum(int(entry.body["rows"]) for entry in entries if entry.type == "retention.deleted")
    sealed = sum(entry.type == "vault.sealed" for entry in entries)
    assert (counted or 0) == told == sealed - left
    assert not (acknowledged and left)


class VaultContract:
    """The promises of the vault."""

    @pytest.fixture
    def world(self, url: str, keys_url: str, tmp_path: Path) -> Iterator[World]:
        with open_world(url, tmp_path / "keys", keys_url=keys_url) as world:
            yield world

    def test_a_number_is_sealed_opened_and_shredded(self, world: World) -> None:
        token = world.sealed(number())
        assert world.opener.reveal(Permitted(token), actor="agent:1") == number().uri
        assert world.vault.shred(token, actor="agent:1", reason="withdrawn").keys == 1
        with pytest.raises(NotFound):
            world.opener.reveal(Permitted(token), actor="agent:1")

    def test_a_location_token_resolves(self, world: World) -> None:
        token, vault = world.vault.pseudonym("acme", number()), world.vault
        text = vault.store.write(
            lambda tx: vault.locations.issue(tx, token, CARE, "agent:1", b"where", NOW + HOUR, actor="agent:1")
        )
        assert vault.locations.resolve(text, tenant="acme", audience="agent:1", actor="agent:1").value == b"where"

    def test_what_is_over_goes_with_its_keys_and_is_counted(self, world: World) -> None:
        runner = Retention(world.vault, EXPIRING)
        for n in range(40):
            world.sealed(number(number_of(n)), until=NOW + HOUR)
        world.pass_(hours=1)
        assert runner.run().rows["number.sealed"] == 40
        world.pass_(minutes=1)
        assert runner.run().keys == 40
        assert next(one.deleted for one in runner.status() if one.rule.name == "number.sealed") == 40

    def test_nobody_deletes_or_changes_an_audit_row_before_its_time(self, world: World) -> None:
        world.sealed(number())
        delete, change = sa.delete(tables.audit), sa.update(tables.audit).values(reason="other")
        for statement in (delete, change):
            with pytest.raises(Conflict):
                world.vault.store.write(lambda tx, statement=statement: tx.execute(statement) and None)
        assert len(world.rows(tables.audit)) == 1

    def test_rotations_bring_everything_over(self, world: World) -> None:
        rotation = Rotation(world.vault, SUBJECT_COLUMNS)
        tokens = [world.sealed(number(number_of(n))) for n in range(20)]
        rotation.rotate_tenant("acme")
        rotation.rotate_custody()
        rotation.go_on()
        assert {row.subject.split(".")[1] for row in world.rows(tables.sealed)} == {"a2"}
        for token in tokens:
            world.opener.reveal(Permitted(token), actor="agent:1")
        assert world.vault.keys.wrapped_by_older() == 0

    def test_a_lost_key_store_is_put_back_without_what_was_destroyed_since(
        self, world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(passphrase_file, "_COST", {"lanes": 1, "memory_kib": 64, "passes": 1})
        store, vault, words = world.vault.keys, world.vault, "correct horse battery staple"
        kept, gone = (world.sealed(number(number_of(n))) for n in range(2))
        store.ends.note("ended", "withdrawn")
        back_up_store(store.store, tmp_path / "backup", words, NOW, Length(0, EMPTY_ROOT))
        vault.destroy_keys(gone)
        store.store.write(lambda tx: [tx.execute(sa.delete(table)) for table in (keys, ends)])
        vault.log.integrate()
        told = [name for entry in entries_since(View(vault.store), 0) for name in destroyed(entry)]
        put_back = put_back_store(Backup(tmp_path / "backup", words), store, frozenset(told), {"other": "done"}, NOW)
        assert (put_back.dropped, vault.keys_of(gone)) == (1, [])
        assert world.opener.reveal(Permitted(kept), actor="agent:1").endswith(number_of(0))
        assert [store.ends.why(name) for name in ("ended", "other", "third")] == ["withdrawn", "done", ""]

    def test_threads_at_once_seal_their_numbers(self, world: World) -> None:
        with ThreadPoolExecutor(8) as pool:
            tokens = list(pool.map(lambda n: world.sealed(number(number_of(n))), range(32)))
        assert len({str(token) for token in tokens}) == len(world.rows(tables.sealed)) == 32


class VaultKillContract:
    """All or nothing, wherever the process is killed."""

    @pytest.fixture(autouse=True)
    def _places(self, keys_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv(PLACE, str(tmp_path / "custody"))
        monkeypatch.setenv(KEYS_URL, keys_url)

    def test_a_number_is_sealed_with_its_record_or_not_wherever_the_process_is_killed(self, url: str) -> None:
        assert assert_all_or_nothing(url, seal_a_number, check_a_sealed_number) > 10

    def test_what_is_deleted_is_counted_once_wherever_the_process_is_killed(self, url: str) -> None:
        assert assert_all_or_nothing(url, delete_what_is_over, check_what_was_deleted) > 10
