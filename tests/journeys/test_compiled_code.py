"""Whatever happens to the compiled code on disk, a column is enriched and right."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from contracts.first_column import assert_first_column_is_asked_together

HAOMA = str(Path(sys.executable).with_name("haoma"))
COMPILING = "haoma: compiling the column kernel"
WAITING = "haoma: another process is compiling"
DELETED = "is damaged or unfinished, and deleted"
RIGHT = "phone,uri\n13800138000,tel:+8613800138000\n95588,tel:95588;phone-context=+86\n"


def start(data_dir: Path, folder: Path) -> tuple[subprocess.Popen[str], Path]:
    folder.mkdir(exist_ok=True)
    source, target = folder / "in.csv", folder / "out.csv"
    source.write_text("phone\n13800138000\n95588\n")
    how = ["--column", "phone", "--columns", "uri", "--overwrite"]
    env = os.environ | {"HAOMA_DATA_DIR": str(data_dir)}
    return subprocess.Popen(
        [HAOMA, "number", "enrich", source, "-o", target, *how], env=env, stderr=subprocess.PIPE, text=True
    ), target


def finish(started: tuple[subprocess.Popen[str], Path]) -> str:
    """The notes on stderr of a command whose answers are right."""
    said = started[0].communicate()[1]
    assert (started[0].returncode, started[1].read_text()) == (0, RIGHT), said
    return "".join(line for line in said.splitlines(keepends=True) if line.startswith("haoma: "))


@pytest.fixture(scope="module")
def first_runs(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    """The data directory that three first runs at once have filled, and what they said."""
    folder = tmp_path_factory.mktemp("first")
    started = [start(folder / "data", folder / str(at)) for at in range(3)]
    return folder / "data", [finish(each) for each in started]


@pytest.fixture
def data_dir(first_runs: tuple[Path, list[str]], tmp_path: Path) -> Path:
    return Path(shutil.copytree(first_runs[0], tmp_path / "data"))


def test_of_first_runs_at_once_one_compiles_and_the_others_wait(first_runs: tuple[Path, list[str]]) -> None:
    assert sum(COMPILING in said for said in first_runs[1]) == 1
    assert [said.count(WAITING) for said in first_runs[1] if COMPILING not in said] == [1, 1]


def test_threads_may_ask_for_the_first_column_together_every_time() -> None:
    for _ in range(3):
        assert_first_column_is_asked_together()


@pytest.mark.parametrize("name", ["scan.nbi", "scan.nbc", "copy.nbi", "copy.nbc", "SUMS"])
@pytest.mark.parametrize("way", ["empty", "cut", "garbage"])
def test_a_damaged_row_scanner_is_compiled_anew(data_dir: Path, tmp_path: Path, name: str, way: str) -> None:
    (file,) = (data_dir / "compiled").glob(f"rows-*/**/*{name.replace('.', '-*.')}*")
    file.write_bytes(damaged(file.read_bytes(), way))
    assert DELETED in finish(start(data_dir, tmp_path))
    assert finish(start(data_dir, tmp_path)) == ""


def test_a_kernel_whose_files_are_all_damaged_is_compiled_anew(data_dir: Path, tmp_path: Path) -> None:
    files = sorted((data_dir / "compiled").glob("*/*/*"))
    for at, file in enumerate(files):
        file.write_bytes(damaged(file.read_bytes(), ("empty", "cut", "garbage")[at % 3]))
    said = finish(start(data_dir, tmp_path))
    assert (said.count(DELETED), said.count(COMPILING), len(files)) == (2, 1, 12)
    assert finish(start(data_dir, tmp_path)) == ""


def test_without_a_data_directory_each_process_compiles(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    said = finish(start(tmp_path / "file" / "data", tmp_path))
    assert said.count("it is compiled in each process") == 2


def damaged(body: bytes, way: str) -> bytes:
    return {"empty": b"", "cut": body[: len(body) // 2], "garbage": bytes(byte ^ 0xFF for byte in body)}[way]
