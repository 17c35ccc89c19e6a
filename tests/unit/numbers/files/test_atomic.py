from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from haoma.errors import BadInput, Conflict, Unavailable
from haoma.numbers.files.atomic import PART, replacing


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_file_appears_when_it_is_whole(tmp_path: Path) -> None:
    target = tmp_path / "out.csv"
    with replacing(target, overwrite=False) as file:
        file.write(b"all of it")
        assert not target.exists()
    assert (target.read_bytes(), names(tmp_path)) == (b"all of it", ["out.csv"])
    mask = os.umask(0)
    os.umask(mask)
    assert stat.S_IMODE(target.stat().st_mode) == 0o666 & ~mask


@pytest.mark.parametrize("failure", [ValueError("it broke"), KeyboardInterrupt()])
def test_a_failure_leaves_nothing_and_what_was_there(tmp_path: Path, failure: BaseException) -> None:
    target = tmp_path / "out.csv"
    target.write_bytes(b"before")

    def fail() -> None:
        with replacing(target, overwrite=True) as file:
            file.write(b"half")
            raise failure

    with pytest.raises(type(failure)):
        fail()
    assert (target.read_bytes(), names(tmp_path)) == (b"before", ["out.csv"])


def test_a_file_that_is_there_is_replaced_on_request_alone_and_keeps_its_mode(tmp_path: Path) -> None:
    target = tmp_path / "out.csv"
    target.write_bytes(b"before")
    target.chmod(0o640)
    with pytest.raises(Conflict, match="there already"), replacing(target, overwrite=False):
        pass
    with replacing(target, overwrite=True) as file:
        file.write(b"after")
    assert (target.read_bytes(), stat.S_IMODE(target.stat().st_mode)) == (b"after", 0o640)


def test_a_private_file_is_its_owners_alone_whatever_was_there(tmp_path: Path) -> None:
    target = tmp_path / "receipt.jws"
    for _ in range(2):
        with replacing(target, overwrite=True, private=True) as file:
            assert {stat.S_IMODE(one.stat().st_mode) for one in tmp_path.iterdir() if one != target} == {0o600}
            file.write(b"of a person")
        assert stat.S_IMODE(target.stat().st_mode) == 0o600
        target.chmod(0o666)


def test_a_file_that_appears_meanwhile_is_not_replaced(tmp_path: Path) -> None:
    target = tmp_path / "out.csv"

    def meet() -> None:
        with replacing(target, overwrite=False) as file:
            file.write(b"mine")
            target.write_bytes(b"theirs")

    with pytest.raises(Conflict, match="meanwhile"):
        meet()
    assert (target.read_bytes(), names(tmp_path)) == (b"theirs", ["out.csv"])


def test_what_a_killed_writer_left_is_removed_and_a_living_ones_is_not(tmp_path: Path) -> None:
    target, left = tmp_path / "out.csv", tmp_path / f".out.csv.0011aabb{PART}"
    left.write_bytes(b"half")
    other = tmp_path / f".other.csv.0011aabb{PART}"
    other.write_bytes(b"half")
    with replacing(target, overwrite=True) as slow:
        assert not left.exists()
        with replacing(target, overwrite=True) as quick:
            quick.write(b"quick")
        slow.write(b"slow")
    assert (target.read_bytes(), names(tmp_path)) == (b"slow", [other.name, "out.csv"])


def test_a_link_is_followed(tmp_path: Path) -> None:
    (tmp_path / "real.csv").write_bytes(b"")
    (tmp_path / "link.csv").symlink_to("real.csv")
    with replacing(tmp_path / "link.csv", overwrite=True) as file:
        file.write(b"x")
    assert (tmp_path / "link.csv").is_symlink()
    assert (tmp_path / "real.csv").read_bytes() == b"x"


def test_where_nothing_can_be_written_the_file_is_named(tmp_path: Path) -> None:
    with (
        pytest.raises(BadInput, match=r"none/out\.csv: No such file"),
        replacing(tmp_path / "none" / "out.csv", overwrite=True),
    ):
        pass
    with pytest.raises(BadInput, match="this is a directory"), replacing(tmp_path, overwrite=True):
        pass


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs the device that is always full, which Linux has")
def test_a_full_disk_is_told_and_a_device_is_never_renamed() -> None:
    with (
        pytest.raises(Unavailable, match="/dev/full: No space left"),
        replacing(Path("/dev/full"), overwrite=True) as file,
    ):
        file.write(b"x" * 100_000)
    assert Path("/dev/full").is_char_device()
