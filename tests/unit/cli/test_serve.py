from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from haoma.cli.main import run


@pytest.mark.parametrize(
    ("args", "code"),
    [
        (["--port", "70000"], 2),
        (["--workers", "0"], 2),
        (["--prefix", "log"], 2),
        (["--prefix", "/v1"], 2),
        (["--host", "no.such.host.invalid"], 4),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else str(value),
)
def test_what_cannot_be_served_is_told_before_anything_listens(
    args: list[str], code: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HAOMA_STORE_DIR", str(tmp_path / "store"))
    assert run(["serve", *args]) == code
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.startswith("haoma: ")
    assert "fault of haoma's own" not in told.err


SETTLED = """
import gc
from haoma.cli.serve import settle
before = len(gc.get_objects())
settle()
assert gc.get_freeze_count() > before // 2
assert len(gc.get_objects()) < before // 2
"""


def test_what_a_process_has_before_it_answers_is_looked_through_no_more() -> None:
    assert subprocess.run([sys.executable, "-c", SETTLED], check=False).returncode == 0
