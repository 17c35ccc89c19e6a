"""What a command does as a process: with signals, with streams that a caller has closed, with notes that nobody reads.

A body each, for a case or two in the unit tests and for every case in tests/journeys/test_cli_processes.py.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

HAOMA = str(Path(sys.executable).with_name("haoma"))
DEMO_ENDED_BY = [(signal.SIGTERM, 143), (signal.SIGHUP, 129), (signal.SIGINT, 130)]
ENRICH_ENDED_BY = [
    (signal.SIGTERM, 143, "out.csv"),
    (signal.SIGINT, 130, "out.csv"),
    (signal.SIGINT, 130, "out.parquet"),
    (signal.SIGHUP, 129, "out.parquet"),
]
WITHOUT_STDERR = ["<&- >&- 2>&-", "2>&-", ">&- 2>&-"]
NO_STDIN = ["<&-", "0>nothing"]
READERS_OF_STDIN = ["find", "parse -", "find -", "enrich - -o out.csv"]


def in_shell(line: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["bash", "-c", line], cwd=folder, capture_output=True, text=True, check=False)


@contextmanager
def started(
    *command: str | Path, env: Mapping[str, str] | None = None, **streams: int
) -> Iterator[subprocess.Popen[bytes]]:
    """A process, which ends with the block even where the test fails and has not ended it."""
    with subprocess.Popen(command, env=env, **streams) as process:
        try:
            yield process
        finally:
            process.kill()


def assert_nothing_of_the_demo_is_left(sent: signal.Signals, code: int, folder: Path) -> None:
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    command = (HAOMA, "demo", "--rows", "300000", "--no-serve")
    with started(*command, env=os.environ | {"TMPDIR": str(folder)}, **quiet) as process:
        while not any(folder.glob("haoma-demo-*/*")):
            time.sleep(0.01)
        process.send_signal(sent)
        assert process.wait(timeout=60) == code
    assert list(folder.iterdir()) == []


def assert_an_interrupted_run_leaves_nothing(sent: signal.Signals, code: int, target: str, folder: Path) -> None:
    piped = {"stdin": subprocess.PIPE, "stderr": subprocess.PIPE}
    with started(HAOMA, "number", "enrich", "-", "-o", folder / target, **piped) as process:
        assert process.stdin
        process.stdin.write(b"phone\n" + b"95588\n" * 2_200_000)
        while not any(path.stat().st_size for path in folder.iterdir()):
            time.sleep(0.01)
        process.send_signal(sent)
        process.wait(timeout=30)
        assert process.stderr
        assert process.stderr.read().strip() == b""
        process.stdin.close()
    assert (process.returncode, list(folder.iterdir())) == (code, [])


def assert_notes_are_dropped_and_the_file_is_written(closed: str, folder: Path) -> None:
    (folder / "in.csv").write_text("phone\n95588\n")
    ended = in_shell(f"{HAOMA} number enrich in.csv -o out.csv --columns kind {closed}", folder)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")
    assert (folder / "out.csv").read_text() == "phone,kind\n95588,national_service\n"
    assert in_shell(f"{HAOMA} nonsense {closed}", folder).returncode == 2


def assert_a_stdin_that_cannot_be_read_is_told(args: str, stdin: str, folder: Path) -> None:
    ended = in_shell(f"{HAOMA} number {args} {stdin}", folder)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr.startswith("haoma: stdin: it is closed, or open for writing only\n")
    assert not (folder / "out.csv").exists()
