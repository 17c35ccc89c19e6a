"""A log as the command line makes it, what somebody with its database file does to it, and streams that are closed.

Each is held in process by tests/unit/cli/test_ledger.py, and by processes in tests/journeys/test_cli_ledger.py.
"""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

from contracts.commands import HAOMA, in_shell
from haoma.cli.main import run

EDITED = [
    (["DROP TABLE ledger_tiles"], ["show 0", "prove 0", "audit", "append a.txt"]),
    (["DROP TABLE ledger_bundles"], ["show", "show 0", "prove 0", "audit", "append a.txt"]),
    (["DROP TABLE ledger_runs"], ["show --entry 1", "prove --entry 1", "audit", "append a.txt"]),
    (["DROP TABLE ledger_queue"], ["show", "audit", "append a.txt", "checkpoint"]),
    (["DROP TABLE ledger_head"], ["show", "show 0", "audit", "append a.txt", "checkpoint"]),
    (["DROP TABLE ledger_attestations"], ["prove 0", "checkpoint", "show --evidence new"]),
    (["DROP TABLE ledger_attestations", "DROP TABLE ledger_checkpoints"], ["show", "prove 0", "audit", "checkpoint"]),
    (["UPDATE ledger_checkpoints SET note = 'text'"], ["show", "prove 0", "audit", "checkpoint"]),
    (["UPDATE ledger_checkpoints SET note = x''"], ["show", "prove 0", "audit", "checkpoint"]),
    (["UPDATE ledger_runs SET first_index = 'a'"], ["show --entry 1", "prove --entry 1", "audit"]),
    (["UPDATE ledger_runs SET first_id = 2", "INSERT INTO ledger_queue VALUES (3, x'0000', 1)"], ["audit"]),
]
CLOSED = {
    "append - <&-": 2,
    "append - 0>none": 2,
    "show >&-": 4,
    "show 0 >&-": 4,
    "prove 0 >&-": 4,
    "checkpoint >&-": 4,
    "keys log >&-": 4,
    "append a.txt >&-": 4,
    "prove 0 -o proof >&-": 0,
}


def make_log(place: Path) -> None:
    """Three entries, and their first checkpoint in `kept`."""
    store = ["--store-dir", str(place / "store"), "ledger"]
    files = [place / name for name in ("a.txt", "b.txt", "c.txt")]
    for file in files:
        file.write_text(f"{file.stem}\n" * 2)
    assert run([*store, "append", *map(str, files)]) == 0
    assert run([*store, "checkpoint", "-o", str(place / "kept")]) == 0
    sys.stdout.flush()


def edit(place: Path, *statements: str) -> None:
    """Change the database behind haoma's back."""
    with closing(sqlite3.connect(place / "store" / "haoma.db")) as database, database:
        for statement in statements:
            database.execute(statement)


def env_of(place: Path) -> Mapping[str, str]:
    return os.environ | {"HAOMA_STORE_DIR": str(place / "store")}


def assert_an_edited_database_is_tampered(statements: list[str], commands: list[str], place: Path) -> None:
    """In a process for each command, started in `place`."""
    edit(place, *statements)
    for command in commands:
        args = [HAOMA, "ledger", *command.split()]
        ended = subprocess.run(args, cwd=place, env=env_of(place), capture_output=True, check=False)
        assert (ended.returncode, command) == (5, command), ended.stderr
        assert b"Traceback" not in ended.stderr


def assert_a_closed_stream_is_told(command: str, code: int, place: Path) -> None:
    ended = in_shell(f"HAOMA_STORE_DIR={place / 'store'} {HAOMA} ledger {command}", place)
    assert (ended.returncode, command) == (code, command), ended.stderr
