"""A file of any size goes through in bounded memory, and nothing that goes wrong on the way leaves half a file."""

from __future__ import annotations

import gzip
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from haoma.numbers import find

HAOMA = str(Path(sys.executable).with_name("haoma"))
GIB = 1 << 30
ROWS = 4_000_000
ROW = b"%07d,\xe5\xbc\xa0\xe4\xb8\x89,+86 138 0013 8000,2026-01-01,a note that makes the row longer\n"


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A CSV file of 300 MB, and the same as Parquet in one row group."""
    folder = tmp_path_factory.mktemp("large")
    with (folder / "calls.csv").open("wb") as file:
        file.write(b"id,name,phone,date,note\n")
        for start in range(0, ROWS, 100_000):
            file.write(b"".join(ROW % at for at in range(start, start + 100_000)))
    column = pa.array([f"+86 138 0013 8{at:03}" for at in range(1000)] * (ROWS // 1000))
    notes = pa.array([f"a note that makes the row longer {at}" for at in range(ROWS)])
    pq.write_table(pa.table({"phone": column, "note": notes}), folder / "calls.parquet", row_group_size=ROWS)
    return folder


def test_ten_million_digits_in_a_text_take_seconds() -> None:
    began = time.process_time()
    assert find("1" * 10_000_000) == []
    assert time.process_time() - began < 20


def enriching(source: Path, target: Path) -> list[str]:
    return [HAOMA, "number", "enrich", str(source), "-o", str(target), "--column", "phone"]


def peak_of(command: list[str]) -> tuple[int, int]:
    """Exit code and peak memory in bytes of a command. A child inherits its parent's peak, so a small process asks."""
    asking = (
        "import resource, subprocess, sys; code = subprocess.call(sys.argv[1:], stderr=subprocess.DEVNULL);"
        "print(code, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
    )
    told = subprocess.run([sys.executable, "-c", asking, *command], capture_output=True, check=True, text=True).stdout
    code, kib = told.split()
    return int(code), int(kib) * 1024


@pytest.mark.parametrize(
    ("source", "target"), [("calls.csv", "out.csv"), ("calls.csv", "out.parquet"), ("calls.parquet", "out.jsonl")]
)
def test_memory_does_not_grow_with_the_file(large: Path, tmp_path: Path, source: str, target: str) -> None:
    out = tmp_path / target
    code, peak = peak_of(enriching(large / source, out))
    assert code == 0
    assert peak < GIB
    if target != "out.parquet":
        with out.open("rb") as file:
            lines = sum(block.count(b"\n") for block in iter(lambda: file.read(1 << 20), b""))
        assert lines == ROWS + (target == "out.csv")
    else:
        assert pq.read_metadata(out).num_rows == ROWS


def test_a_file_without_line_ends_is_told_before_memory_is_full(tmp_path: Path) -> None:
    source = tmp_path / "in.csv.gz"
    with gzip.open(source, "wb", compresslevel=1) as file:
        file.write(b"phone\n")
        for _ in range(20):
            file.write(b"1" * (100 << 20))
    code, peak = peak_of(enriching(source, tmp_path / "out.csv"))
    assert code == 2
    assert peak < GIB
    assert [path.name for path in tmp_path.iterdir()] == ["in.csv.gz"]


def test_a_killed_run_leaves_a_part_that_the_next_run_removes(large: Path, tmp_path: Path) -> None:
    command = [
        HAOMA,
        "number",
        "enrich",
        str(large / "calls.csv"),
        "-o",
        str(tmp_path / "out.csv"),
        "--column",
        "phone",
    ]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    while not any(path.stat().st_size for path in tmp_path.iterdir()):
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert [path.suffix for path in tmp_path.iterdir()] == [".haoma-part"]
    subprocess.run(command, check=True, stderr=subprocess.DEVNULL)
    assert [path.name for path in tmp_path.iterdir()] == ["out.csv"]


def test_a_disk_that_fills_up_is_told_and_nothing_is_left(large: Path, tmp_path: Path) -> None:
    # A limit on the size of files is as near to a full disk as a test without privileges comes.
    limit = 1 << 26
    command = [
        HAOMA,
        "number",
        "enrich",
        str(large / "calls.csv"),
        "-o",
        str(tmp_path / "out.csv"),
        "--column",
        "phone",
    ]
    ended = subprocess.run(
        command,
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)),
    )
    assert (ended.returncode, ended.stderr) == (4, f"haoma: {tmp_path / 'out.csv'}: File too large\n")
    assert list(tmp_path.iterdir()) == []
