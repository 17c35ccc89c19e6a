from __future__ import annotations

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
