"""A disk that is full behind stdout: one line, exit code 4, no traceback."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.parametrize("fmt", ["csv", "jsonl", "json"])
def test_a_full_disk_behind_stdout_is_told_in_one_line(fmt: str) -> None:
    haoma = str(Path(sys.executable).with_name("haoma"))
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [haoma, "number", "parse", "95588", "--format", fmt],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert (done.returncode, done.stderr) == (4, "haoma: the output: No space left on device\n")
