from __future__ import annotations

import stat
import threading
from pathlib import Path

import pytest

from contracts.custody import KEY, CustodyContract
from haoma.errors import Refused, Tampered, Unavailable
from haoma.vault import LocalFiles, suite_named


@pytest.fixture(params=["aes-sha2", "sm4-sm3"])
def custody(request: pytest.FixtureRequest, tmp_path: Path) -> LocalFiles:
    return LocalFiles(tmp_path / "keys" / "custody", suite_named(request.param))


class TestLocalFiles(CustodyContract):
    """The contract, on files of this machine."""


def test_keys_are_their_owners_alone(custody: LocalFiles, tmp_path: Path) -> None:
    wrapped = custody.wrap("data", KEY)
    path = tmp_path / "keys" / "custody" / "data-1.key"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    path.chmod(0o644)
    with pytest.raises(Refused):
        custody.unwrap("data", wrapped)


@pytest.mark.parametrize("change", ["replaced", "gone", "shown to others"])
def test_a_key_that_was_used_counts_for_as_long_as_its_file_is_the_same(
    custody: LocalFiles, tmp_path: Path, change: str
) -> None:
    wrapped = custody.wrap("data", KEY)
    assert custody.unwrap("data", wrapped) == custody.unwrap("data", wrapped) == KEY
    path = tmp_path / "keys" / "custody" / "data-1.key"
    kept = path.with_name("kept")
    path.rename(kept)
    if change == "replaced":
        custody.wrap("data", KEY)
    elif change == "shown to others":
        path.write_bytes(kept.read_bytes())
        path.chmod(0o604)
    with pytest.raises({"replaced": Tampered, "gone": Unavailable, "shown to others": Refused}[change]):
        custody.unwrap("data", wrapped)
    kept.replace(path)
    assert custody.unwrap("data", wrapped) == KEY


@pytest.mark.parametrize("text", ["", "nothing", "a" * 70, f"ed25519:{'0' * 64}", f"rot-13:{'0' * 64}"])
def test_a_damaged_file_of_a_key_is_told_as_such(custody: LocalFiles, tmp_path: Path, text: str) -> None:
    wrapped = custody.wrap("data", KEY)
    (tmp_path / "keys" / "custody" / "data-1.key").write_text(text)
    with pytest.raises(Tampered, match="holds no key of its kind"):
        custody.unwrap("data", wrapped)
    with pytest.raises(Tampered, match="holds no key of its kind"):
        custody.wrap("data", KEY)


@pytest.mark.parametrize("text", ["nothing", f"aes-sha2:{'0' * 64}"])
def test_a_damaged_file_of_a_signing_key_is_told_as_such(custody: LocalFiles, tmp_path: Path, text: str) -> None:
    custody.sign("receipts", b"data")
    (tmp_path / "keys" / "custody" / "receipts.sign-1.key").write_text(text)
    with pytest.raises(Tampered, match="holds no key of its kind"):
        custody.sign("receipts", b"data")
    with pytest.raises(Tampered, match="holds no key of its kind"):
        custody.public_keys("receipts")


def test_what_another_suite_wrapped_unwraps_after_the_setting_has_changed(tmp_path: Path) -> None:
    wrapped = LocalFiles(tmp_path, suite_named("aes-sha2")).wrap("data", KEY)
    other = LocalFiles(tmp_path, suite_named("sm4-sm3"))
    assert other.unwrap("data", wrapped) == KEY
    other.rotate("data")
    assert other.unwrap("data", other.wrap("data", KEY)) == KEY


def test_processes_at_once_make_one_key(custody: LocalFiles) -> None:
    wrapped: list[bytes] = []
    threads = [threading.Thread(target=lambda: wrapped.append(custody.wrap("data", KEY))) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {custody.unwrap("data", one) for one in wrapped} == {KEY}
    assert custody.versions("data") == (1,)
