from __future__ import annotations

import stat
import threading
from pathlib import Path

import pytest

from haoma.errors import BadInput, Conflict, NotFound, Refused
from haoma.ledger.commitment import Commitment
from haoma.ledger.key_file import KeyFiles, write_private


def test_a_commitment_opens_with_its_bytes_alone(tmp_path: Path) -> None:
    keys = KeyFiles(tmp_path / "keys")
    commitment = keys.commit("facts", b"tel:+8613800138000")
    assert keys.opens(commitment, b"tel:+8613800138000")
    assert not keys.opens(commitment, b"tel:+8613800138001")


def test_the_same_bytes_have_one_commitment_under_one_key_and_another_under_the_next(tmp_path: Path) -> None:
    keys = KeyFiles(tmp_path)
    first = keys.commit("facts", b"a")
    assert keys.commit("facts", b"a") == first
    keys.destroy(first.key_id)
    assert keys.commit("facts", b"a").key_id == "facts-2"


def test_a_destroyed_key_opens_nothing_and_its_bytes_are_gone(tmp_path: Path) -> None:
    keys = KeyFiles(tmp_path)
    commitment = keys.commit("facts", b"a")
    key = (tmp_path / "facts-1.key").read_bytes()
    keys.destroy("facts-1")
    assert all(key not in path.read_bytes() for path in tmp_path.iterdir())
    with pytest.raises(NotFound):
        keys.opens(commitment, b"a")
    with pytest.raises(NotFound):
        keys.destroy("facts-1")


def test_keys_are_for_their_owner_alone(tmp_path: Path) -> None:
    keys = KeyFiles(tmp_path / "keys")
    commitment = keys.commit("facts", b"a")
    path = tmp_path / "keys" / "facts-1.key"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    path.chmod(0o640)
    with pytest.raises(Refused):
        keys.opens(commitment, b"a")


def test_writers_at_once_make_one_key(tmp_path: Path) -> None:
    made = list[Commitment]()
    threads = [
        threading.Thread(target=lambda: made.append(KeyFiles(tmp_path).commit("facts", b"a"))) for _ in range(16)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 16
    assert len(set(made)) == 1


@pytest.mark.parametrize("scope", ["", "Facts", "../keys", "a-1", "1"])
def test_a_scope_that_is_no_word_is_refused(tmp_path: Path, scope: str) -> None:
    with pytest.raises(BadInput):
        KeyFiles(tmp_path).commit(scope, b"a")


@pytest.mark.parametrize("key_id", ["", "../x-1", "facts", "facts-0", "facts-1\n"])
def test_a_name_that_is_no_key_id_is_not_there(tmp_path: Path, key_id: str) -> None:
    with pytest.raises(NotFound):
        KeyFiles(tmp_path).opens(Commitment(key_id, bytes(32)), b"a")


def test_a_private_file_is_never_replaced(tmp_path: Path) -> None:
    write_private(tmp_path / "a.key", b"one")
    with pytest.raises(Conflict):
        write_private(tmp_path / "a.key", b"two")
    assert (tmp_path / "a.key").read_bytes() == b"one"
    assert [path.name for path in tmp_path.iterdir()] == ["a.key"]


@pytest.mark.parametrize("text", ["", "facts-1:", "facts-1:" + "0" * 63, "F:" + "0" * 64, "facts-1:" + "0" * 64 + "\n"])
def test_text_that_is_no_commitment_is_refused(text: str) -> None:
    with pytest.raises(BadInput):
        Commitment.parse(text)


def test_a_commitment_reads_back() -> None:
    commitment = Commitment("facts-1", bytes(range(32)))
    assert Commitment.parse(str(commitment)) == commitment
