from __future__ import annotations

import logging
import threading
import time
from pathlib import Path

import pytest
import sqlalchemy as sa

from contracts.vault import NOW, World, number, open_world
from haoma.errors import BadInput, Conflict, NotFound, Tampered, Unavailable
from haoma.ledger.commitment import Commitment
from haoma.storage import back_up
from haoma.vault import KeyStore, Kind, LocalFiles, suite_named, tables
from haoma.vault.key_store import KEPT_S
from haoma.vault.key_tables import keys


def secrets_of(world: World) -> list[bytes]:
    with world.vault.keys.store.read() as tx:
        ids = list(tx.scalars(sa.select(keys.c.key_id).where(keys.c.wrapped.is_not(None))))
    return [world.vault.keys.get(key_id).secret for key_id in ids]


def test_a_scope_has_one_key_until_it_is_rotated(world: World) -> None:
    store = world.vault.keys
    first = store.current(Kind.PSEUDONYM, "acme")
    assert store.current(Kind.PSEUDONYM, "acme").secret == first.secret
    second = store.rotate(Kind.PSEUDONYM, "acme")
    assert (second.version, store.current(Kind.PSEUDONYM, "acme").version) == (2, 2)
    assert [key.version for key in store.versions(Kind.PSEUDONYM, "acme")] == [2, 1]


@pytest.mark.parametrize("change", ["wrapped = 'text'", "suite = 'rot-13'", "scope = 'bank'", "kind = 'none'"])
def test_a_damaged_row_of_a_key_is_told_as_such(world: World, change: str) -> None:
    key_id, store = world.vault.keys.current(Kind.PSEUDONYM, "acme").key_id, world.vault.keys
    store.store.write(lambda tx: tx.exec_driver_sql(f"UPDATE vault_keys SET {change}") and None)  # noqa: S608 - as above
    with pytest.raises(Tampered):
        store.get(key_id)


def test_no_key_is_on_the_disk_unwrapped_nor_in_a_backup(world: World, tmp_path: Path) -> None:
    world.sealed(number())
    back_up(world.vault.store, tmp_path / "backup", at=NOW)
    found = secrets_of(world)
    assert len(found) > 3
    for path in (path for path in tmp_path.rglob("*") if path.is_file()):
        data = path.read_bytes()
        assert [secret for secret in found if secret in data or secret.hex().encode() in data] == []


def test_no_key_is_in_a_representation_or_a_log_line(world: World, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        world.sealed(number())
    key = world.vault.keys.current(Kind.PSEUDONYM, "acme")
    shown = f"{key!r}{key}{world.vault.keys!r}{caplog.text}"
    assert repr(key.secret) not in shown
    assert key.secret.hex() not in shown


def test_a_destroyed_key_is_gone_from_the_disk_and_for_other_processes(world: World, tmp_path: Path) -> None:
    store = world.vault.keys
    key = store.current(Kind.SEAL, "acme.a1.x/care")
    with store.store.read() as tx:
        wrapped = bytes(tx.scalar(sa.select(keys.c.wrapped).where(keys.c.key_id == key.key_id)))
    with open_world(f"sqlite:///{tmp_path}/other.db", tmp_path / "keys") as other:
        assert other.vault.keys.get(key.key_id).secret == key.secret
        assert store.destroy([key.key_id]) == 1
        with pytest.raises(NotFound):
            other.vault.keys.get(key.key_id)
    assert all(wrapped not in path.read_bytes() for path in (tmp_path / "keys").glob("vault.db*"))
    assert store.destroy([key.key_id]) == 0
    assert store.current(Kind.SEAL, "acme.a1.x/care").key_id != key.key_id


def test_what_is_made_ready_under_a_key_is_kept_no_longer_than_the_key(world: World, tmp_path: Path) -> None:
    store = world.vault.keys
    first = store.current(Kind.PSEUDONYM, "acme")
    with open_world(f"sqlite:///{tmp_path}/other.db", tmp_path / "keys") as other:
        assert other.vault.keys.rotate(Kind.PSEUDONYM, "acme").version == 2
    time.sleep(0.7 * KEPT_S)
    store.digester(Kind.PSEUDONYM, "acme")
    time.sleep(0.4 * KEPT_S)
    key, digest = store.digester(Kind.PSEUDONYM, "acme")
    assert (first.version, key.version, digest(b"x")) == (1, 2, key.suite.mac(key.secret, b"x"))


def test_the_name_of_a_commitment_key_is_never_used_again(world: World) -> None:
    commitments = world.vault.commitments
    first = commitments.commit("facts", b"a")
    assert commitments.opens(first, b"a")
    assert not commitments.opens(first, b"b")
    assert commitments.destroy("facts") == 1
    with pytest.raises(NotFound):
        commitments.opens(first, b"a")
    assert (first.key_id, commitments.commit("facts", b"a").key_id) == ("facts-1", "facts-2")


@pytest.mark.parametrize("scope", ["", "Facts", "../keys", "a-1", "1"])
def test_a_scope_that_is_no_word_is_refused(world: World, scope: str) -> None:
    with pytest.raises(BadInput):
        world.vault.commitments.commit(scope, b"a")


def test_a_commitment_under_a_key_that_never_was_opens_nothing(world: World) -> None:
    with pytest.raises(NotFound):
        world.vault.commitments.opens(Commitment("nothing-1", bytes(32)), b"a")


def test_threads_at_once_make_one_key(world: World) -> None:
    made: list[str] = []
    store = world.vault.keys
    threads = [threading.Thread(target=lambda: made.append(store.current(Kind.SEAL, "s/p").key_id)) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 16
    assert len(set(made)) == 1


def test_a_row_that_was_given_the_key_of_another_is_found_out(world: World) -> None:
    store = world.vault.keys
    one, other = store.current(Kind.SEAL, "one/p"), store.current(Kind.SEAL, "other/p")

    def swap(tx: sa.Connection) -> None:
        wrapped = tx.scalar(sa.select(keys.c.wrapped).where(keys.c.key_id == one.key_id))
        tx.execute(sa.update(keys).where(keys.c.key_id == other.key_id).values(wrapped=wrapped))

    store.store.write(swap)
    with pytest.raises(Tampered):
        store.get(other.key_id)


def test_a_key_store_whose_custody_is_gone_opens_nothing_and_gets_no_second_custody(
    world: World, tmp_path: Path
) -> None:
    world.vault.pseudonym("acme", number())
    for path in (tmp_path / "keys" / "custody").glob("haoma-keys-*.key"):
        path.unlink()
    with open_world(f"sqlite:///{tmp_path}/haoma.db", tmp_path / "keys") as again:
        with pytest.raises(Unavailable):
            again.vault.pseudonym("acme", number())
        with pytest.raises(Conflict):
            again.vault.pseudonym("bank", number())


def test_two_who_make_their_first_key_at_once_both_have_it(tmp_path: Path) -> None:
    class Slow(LocalFiles):
        """Custody in whose first answer the other one makes a key."""

        def versions(self, name: str) -> tuple[int, ...]:
            found = super().versions(name)
            if waiting:
                waiting.pop().vault.pseudonym("acme", number())
            return found

    with open_world(f"sqlite:///{tmp_path}/haoma.db", tmp_path / "keys") as other:
        waiting = [other]
        keys, suite = other.vault.keys, suite_named("aes-sha2")
        store = KeyStore(keys.store, Slow(tmp_path / "keys" / "custody", suite), suite, lambda: NOW)
        made = store.current(Kind.SEAL, "one/p")
        assert keys.get(made.key_id).secret == made.secret
    assert not waiting


def test_a_key_store_that_is_away_seals_and_opens_nothing(world: World, tmp_path: Path) -> None:
    token = world.sealed(number())
    for path in (tmp_path / "keys").glob("vault.db*"):
        path.rename(tmp_path / path.name)
    with pytest.raises(Unavailable):
        world.sealed(number(), "fraud-prevention")
    assert [row.subject for row in world.rows(tables.sealed)] == [str(token)]


def test_the_suite_of_a_key_stays_when_the_setting_changes(tmp_path: Path) -> None:
    url, place = f"sqlite:///{tmp_path}/haoma.db", tmp_path / "keys"
    with open_world(url, place, suite="aes-sha2") as world:
        before = world.vault.pseudonym("acme", number())
    with open_world(url, place, suite="sm4-sm3") as world:
        assert world.vault.pseudonym("acme", number()) == before
        assert world.vault.pseudonym("bank", number()).letter == "s"
        world.vault.keys.rotate(Kind.PSEUDONYM, "acme")
        assert str(world.vault.pseudonym("acme", number())).startswith("acme.s2.")


def test_a_tenant_whose_key_is_lost_is_not_begun_anew(world: World, tmp_path: Path) -> None:
    world.sealed(number())
    with open_world(f"sqlite:///{tmp_path}/haoma.db", tmp_path / "other") as again:
        with pytest.raises(Conflict, match="no key of it"):
            again.vault.pseudonym("acme", number())
        again.vault.pseudonym("bank", number())
