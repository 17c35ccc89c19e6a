"""`haoma ledger` as a process: Ctrl-C, streams that are closed, a database that somebody has edited."""

from __future__ import annotations

import signal
import subprocess
import time
from pathlib import Path

import pytest

from contracts.cli_log import (
    CLOSED,
    EDITED,
    assert_a_closed_stream_is_told,
    assert_an_edited_database_is_tampered,
    make_log,
)
from contracts.commands import HAOMA, started
from haoma.app import Services
from haoma.cli.main import run
from haoma.ledger.entry import Entry
from haoma.settings import load


@pytest.fixture
def logged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A log of three entries, with its first checkpoint in `kept`."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HAOMA_STORE_DIR", str(tmp_path / "store"))
    make_log(tmp_path)
    return tmp_path


@pytest.mark.parametrize(("statements", "commands"), EDITED)
def test_an_edited_database_is_tampered_whatever_was_edited(
    statements: list[str], commands: list[str], logged: Path
) -> None:
    assert_an_edited_database_is_tampered(statements, commands, logged)


def test_a_stdin_or_stdout_that_is_closed_is_told(logged: Path) -> None:
    for command, code in CLOSED.items():
        assert_a_closed_stream_is_told(command, code, logged)
    assert run(["ledger", "show", "3"]) == 1


def fill(count: int) -> None:
    with Services(load()) as services:
        at = services.view.head().integrated_at
        entry = Entry("file.recorded", at, {"sha256": "0" * 64, "bytes": 1})
        services.store.write(lambda tx: services.ledger.append_all(tx, [entry] * count))
        services.ledger.integrate()


def has_open(pid: int, name: str) -> bool:
    try:
        return any(name in str(file.readlink()) for file in Path(f"/proc/{pid}/fd").iterdir())
    except FileNotFoundError:  # a file that was closed while we looked
        return False


def test_ctrl_c_ends_an_audit_and_harms_nothing(logged: Path) -> None:
    fill(200_000)
    with started(HAOMA, "ledger", "audit", stdout=subprocess.PIPE, stderr=subprocess.PIPE) as audit:
        while not has_open(audit.pid, "haoma.db"):
            time.sleep(0.005)
        audit.send_signal(signal.SIGINT)
        out, err = audit.communicate(timeout=60)
    assert (audit.returncode, out) == (130, b"")
    assert b"Traceback" not in err
    assert run(["ledger", "audit", "--checkpoint", "kept"]) == 0
