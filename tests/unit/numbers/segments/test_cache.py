from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from haoma import settings
from haoma.errors import Tampered
from haoma.numbers.segments import Pack, load, open_pack, pack_path
from haoma.numbers.segments.cache import fingerprint

BUILD = (
    "from haoma import settings; from haoma.numbers.segments import load, Pack; p = load(settings.load()); p.verify()"
)


def world(folder: Path, **flags: object) -> settings.Settings:
    return settings.load({"data_dir": str(folder), **flags})


@pytest.fixture
def filled(tmp_path: Path, pack: Pack) -> settings.Settings:
    """A cache of its own with a sound pack in it."""
    here = world(tmp_path)
    pack_path(here).write_bytes(built(here))
    return here


def built(_settings: settings.Settings, *_: object) -> bytes:
    """What a build makes, without its seconds: the cache keeps bytes, whatever they say."""
    return pack_path(settings.load()).read_bytes()


def test_a_pack_that_is_there_is_opened_and_not_built(
    filled: settings.Settings, capfd: pytest.CaptureFixture[str]
) -> None:
    before = pack_path(filled).stat().st_mtime_ns
    load(filled).verify()
    assert pack_path(filled).stat().st_mtime_ns == before
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("damage", ["cut", "flipped", "empty"])
def test_a_damaged_pack_is_refused_when_named_and_rebuilt_when_loaded(
    filled: settings.Settings, damage: str, capfd: pytest.CaptureFixture[str]
) -> None:
    path = pack_path(filled)
    body = bytearray(path.read_bytes())
    body[len(body) // 2] ^= 1
    path.write_bytes({"cut": body[:5000], "flipped": body, "empty": b""}[damage])
    with pytest.raises(Tampered) as caught:
        open_pack(path, verify=True)
    assert caught.value.hint == "haoma data build --force"
    load(filled, build=built).verify()
    open_pack(path, verify=True)
    assert "rebuilding" in capfd.readouterr().err


def test_a_directory_that_cannot_be_written_costs_a_note_and_no_answer(
    tmp_path: Path, pack: Pack, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("")
    found = load(world(tmp_path / "file" / "below"), build=built)
    assert found.row(found.segment_row("1380013")) == pack.row(pack.segment_row("1380013"))
    assert "memory only" in capfd.readouterr().err


@pytest.mark.parametrize("made", [os.mkfifo, os.mkdir])
def test_what_is_no_file_in_the_place_of_the_pack_costs_a_note_and_no_answer(
    made: Callable[[Path], None], tmp_path: Path, pack: Pack, capfd: pytest.CaptureFixture[str]
) -> None:
    here = world(tmp_path)
    made(pack_path(here))
    found = load(here, build=built)
    assert found.row(found.segment_row("1380013")) == pack.row(pack.segment_row("1380013"))
    assert "rebuilding" in capfd.readouterr().err


def test_a_source_s_change_changes_the_fingerprint(tmp_path: Path) -> None:
    overlay = tmp_path / "mine.csv"
    overlay.write_text("prefix\n139\n")
    plain, mine = world(tmp_path), world(tmp_path, overlays=str(overlay))
    seen = {fingerprint(plain), fingerprint(mine)}
    os.utime(overlay, ns=(0, 1))
    seen.add(fingerprint(mine))
    overlay.unlink()
    seen.add(fingerprint(mine))
    seen.add(fingerprint(world(tmp_path, phone_dat=str(overlay))))
    assert len(seen) == 5
    assert fingerprint(plain) == fingerprint(world(tmp_path / "elsewhere"))


@pytest.mark.slow
def test_concurrent_builders_all_get_a_whole_pack(tmp_path: Path) -> None:
    environment = {**os.environ, "HAOMA_DATA_DIR": str(tmp_path)}
    builders = [subprocess.Popen([sys.executable, "-c", BUILD], env=environment) for _ in range(2)]
    assert [builder.wait() for builder in builders] == [0, 0]
    assert [path.name for path in tmp_path.iterdir()] == [pack_path(world(tmp_path)).name]


def test_loading_imports_no_source_and_no_array_library(filled: settings.Settings) -> None:
    code = BUILD + "\nimport sys; assert not {'numpy', 'pyarrow', 'numba', 'phonenumbers', 'phone'} & set(sys.modules)"
    environment = {**os.environ, "HAOMA_DATA_DIR": str(filled.data_dir)}
    subprocess.run([sys.executable, "-c", code], check=True, env=environment)


def test_only_the_newest_packs_are_kept(filled: settings.Settings) -> None:
    from haoma.numbers.segments.cache import rebuild

    for number in range(6):
        old = filled.data_dir / f"segments-{number:016}.haoma"
        old.write_bytes(b"")
        os.utime(old, (number, number))
    half = filled.data_dir / ".segments-half"
    half.write_bytes(b"")
    os.utime(half, (0, 0))
    rebuild(filled, build=built)
    assert len(list(filled.data_dir.iterdir())) == 4
    assert pack_path(filled).exists()
