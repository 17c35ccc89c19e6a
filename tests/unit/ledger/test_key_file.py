from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from haoma.errors import BadInput, Conflict, Refused
from haoma.ledger.commitment import Commitment
from haoma.ledger.key_file import destroy_private, private_directory, read_private, write_private


def test_keys_are_for_their_owner_alone(tmp_path: Path) -> None:
    private_directory(tmp_path / "keys")
    path = tmp_path / "keys" / "a.key"
    write_private(path, b"one")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    path.chmod(0o640)
    with pytest.raises(Refused):
        read_private(path)


def test_a_destroyed_file_is_gone_and_overwritten_first(tmp_path: Path) -> None:
    path, twin = tmp_path / "a.key", tmp_path / "twin"
    write_private(path, b"secret")
    twin.hardlink_to(path)
    destroy_private(path)
    assert not path.exists()
    assert b"secret" not in twin.read_bytes()
    with pytest.raises(FileNotFoundError):
        destroy_private(path)


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


def test_a_pipe_in_the_place_of_a_key_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.key", 0o600)
    for path in (tmp_path / "a.key", tmp_path):
        with pytest.raises(BadInput, match="no regular file"):
            read_private(path)
