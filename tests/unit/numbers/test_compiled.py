from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numba
import pytest

from haoma.numbers.compiled import MANIFEST, UNUSED_S, compiled

Doubled = Callable[[int], int]
SELF = Path(__file__)
NOTE = "compiling the doubler"
FILES = ("index", "code", "manifest")
WAYS: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda _: b"",
    "cut": lambda body: body[: len(body) // 2],
    "garbage": lambda body: bytes(byte ^ 0xFF for byte in body),
}
# Compiles nothing but takes its time, and writes down that it did.
SLOW = """
import sys, time
from pathlib import Path
import numba
from haoma.numbers.compiled import compiled
folder, seconds = Path(sys.argv[1]), float(sys.argv[2])
def build(keep):
    if not list(Path(numba.config.CACHE_DIR).glob("*.nbc")):
        with folder.with_suffix(".log").open("a") as log:
            log.write("compiled\\n")
        time.sleep(seconds)
        (Path(numba.config.CACHE_DIR) / "slow.nbc").write_bytes(b"code")
compiled("slow", [], build, "compiling", folder=folder)
"""


def double(x):  # type: ignore[no-untyped-def] # noqa: ANN001, ANN201
    return 2 * x


def build(keep: bool) -> Doubled:
    return numba.njit([numba.int64(numba.int64)], cache=keep)(double)


def doubled(folder: Path) -> Doubled:
    return compiled("double", [SELF], build, NOTE, folder=folder)


def place(folder: Path) -> Path:
    return next(folder.glob("double-*"))


def misses(function: Doubled) -> int:
    """How often numba did not find the code on disk."""
    return sum(function.stats.cache_misses.values())


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("whole") / "compiled"
    assert misses(doubled(folder)) == 1
    return folder


@pytest.fixture
def folder(whole: Path, tmp_path: Path) -> Path:
    """Sound code in a directory of the test's own."""
    return Path(shutil.copytree(whole, tmp_path / "compiled"))


@pytest.fixture
def file(folder: Path, request: pytest.FixtureRequest) -> Path:
    pattern = {"index": "*/*.nbi", "code": "*/*.nbc", "manifest": MANIFEST}[request.param]
    return next(place(folder).glob(pattern))


def test_code_that_is_kept_is_read_without_a_word(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    function = doubled(folder)
    assert (function(21), misses(function)) == (42, 0)
    assert capfd.readouterr().err == ""


@pytest.mark.slow
@pytest.mark.parametrize("file", FILES, indirect=True)
@pytest.mark.parametrize("way", WAYS)
def test_damaged_code_is_compiled_anew_and_sound_after_that(
    folder: Path, file: Path, way: str, capfd: pytest.CaptureFixture[str]
) -> None:
    file.write_bytes(WAYS[way](file.read_bytes()))
    function = doubled(folder)
    assert (function(21), misses(function)) == (42, 1)
    assert capfd.readouterr().err.splitlines() == [
        f"haoma: {place(folder)} is damaged or unfinished, and deleted", f"haoma: {NOTE}",
    ]  # fmt: skip
    assert misses(doubled(folder)) == 0


@pytest.mark.slow
@pytest.mark.parametrize("file", FILES, indirect=True)
def test_code_that_lacks_a_file_is_compiled_anew(folder: Path, file: Path) -> None:
    file.unlink()
    assert misses(doubled(folder)) == 1


def test_a_pickle_that_was_added_is_never_opened(folder: Path) -> None:
    added = next(place(folder).glob("*/*.nbi")).with_name("added.nbi")
    added.write_bytes(b"")
    assert misses(doubled(folder)) == 1
    assert not added.exists()


def test_code_that_others_could_write_is_not_read(folder: Path) -> None:
    place(folder).chmod(0o777)
    assert misses(doubled(folder)) == 1
    assert place(folder).stat().st_mode & 0o777 == 0o700


def test_only_the_user_may_enter_even_where_an_older_version_let_others(tmp_path: Path) -> None:
    folder = tmp_path / "compiled"
    folder.mkdir(mode=0o755)
    doubled(folder)
    assert {path.stat().st_mode & 0o777 for path in (folder, place(folder))} == {0o700}


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a directory away")
def test_another_user_s_directory_is_left_alone(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    os.chown(folder, 12345, -1)
    before = sorted(folder.rglob("*"))
    function = doubled(folder)
    assert function(21) == 42
    assert not function.stats.cache_hits
    assert "belongs to another user" in capfd.readouterr().err
    assert sorted(folder.rglob("*")) == before


def test_where_nothing_can_be_written_code_is_compiled_in_the_process(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("")
    assert doubled(tmp_path / "file" / "compiled")(21) == 42
    assert "it is compiled in each process" in capfd.readouterr().err


def test_a_disk_that_is_full_costs_the_compilation_and_not_the_answer(tmp_path: Path) -> None:
    def on_full_disk(keep: bool) -> Doubled:
        if keep:
            raise OSError(28, "No space left on device")
        return build(keep)

    assert compiled("double", [SELF], on_full_disk, folder=tmp_path / "compiled")(21) == 42


def test_a_change_of_a_source_leads_to_a_directory_of_its_own(tmp_path: Path) -> None:
    source, folder = tmp_path / "source.py", tmp_path / "compiled"
    for text in ("a = 1", "a = 2", "a = 1"):
        source.write_text(text)
        compiled("double", [source], build, folder=folder)
    assert len(list(folder.glob("double-*"))) == 2


def test_what_nobody_used_for_30_days_is_deleted_when_code_is_compiled(tmp_path: Path) -> None:
    folder, long_ago = tmp_path / "compiled", time.time() - UNUSED_S - 60
    for name in ("13446f3ba0fea85c", "rows-old", "rows-used", "rows-new"):
        (folder / name).mkdir(parents=True)
        if name == "rows-used":
            (folder / name / MANIFEST).write_text("")
        if name != "rows-new":
            os.utime(folder / name, (long_ago, long_ago))
    doubled(folder)
    assert {path.name.split("-")[-1] for path in folder.iterdir()} == {"lock", "used", "new", place(folder).name[7:]}


def test_reading_code_counts_as_using_it(folder: Path) -> None:
    os.utime(place(folder) / MANIFEST, (0, 0))
    doubled(folder)
    assert time.time() - (place(folder) / MANIFEST).stat().st_mtime < 60


def test_threads_keep_their_code_apart(tmp_path: Path) -> None:
    def one(name: str) -> Doubled:
        return compiled(name, [SELF], build, folder=tmp_path / "compiled")

    with ThreadPoolExecutor(4) as threads:
        made = list(threads.map(one, ["a", "b", "a", "b"]))
    assert [function(21) for function in made] == [42] * 4
    assert sum(map(misses, made)) == 2


def slow(folder: Path, seconds: float) -> subprocess.Popen[str]:
    return subprocess.Popen([sys.executable, "-c", SLOW, folder, str(seconds)], stderr=subprocess.PIPE, text=True)


@pytest.mark.slow
def test_of_processes_at_once_one_compiles_and_the_others_wait(tmp_path: Path) -> None:
    folder = tmp_path / "compiled"
    told = [process.communicate()[1].splitlines() for process in [slow(folder, 2.5) for _ in range(2)]]
    assert folder.with_suffix(".log").read_text() == "compiled\n"
    assert sorted(told) == [["haoma: another process is compiling; waiting for it"], ["haoma: compiling"]]


@pytest.mark.slow
def test_a_killed_process_leaves_no_lock_and_no_half_code(tmp_path: Path) -> None:
    folder = tmp_path / "compiled"
    killed = slow(folder, 600)
    try:
        while not folder.with_suffix(".log").exists():
            assert killed.poll() is None
            time.sleep(0.02)
    finally:
        killed.send_signal(signal.SIGKILL)
        killed.communicate()
    assert "unfinished" in slow(folder, 0).communicate()[1]
    assert slow(folder, 0).communicate()[1] == ""
