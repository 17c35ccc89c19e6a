"""The log on the command line, in a PostgreSQL database."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa

from contracts.log import KEY, sign
from contracts.made import made
from haoma.cli.main import run
from haoma.ledger import tables
from haoma.ledger.evidence import Known, attested, covering
from haoma.storage import open_store

LINE = "— w.example AAAAAQI=\n".encode()
REPLY = b"\x30\x00"


def note_of(size: int) -> bytes:
    return sign(size, bytes(32))


def test_the_log_is_appended_proved_and_audited_in_postgresql(
    postgres: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HAOMA_STORE_DIR", str(tmp_path / "store"))
    monkeypatch.setenv("HAOMA_DATABASE", postgres)
    assert run(["ledger", "audit"]) == 1
    (tmp_path / "a").write_text("hi\n")
    commands = ("append a", "checkpoint -o kept", "append a", "prove 0 -o proof", "audit --checkpoint kept", "show")
    assert [run(["ledger", *command.split()]) for command in commands] == [0] * len(commands)
    capfd.readouterr()
    key = subprocess.run(
        [sys.executable, "-c", "from haoma.cli.main import main; main()", "ledger", "keys", "log"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert run(["ledger", "verify", "proof", "--key", key.stdout.strip()]) == 0
    sys.stdout.flush()
    assert json.loads(capfd.readouterr().out)["size"] == 1


def test_evidence_is_read_out_of_postgresql(postgres: str) -> None:
    with open_store(made(postgres)) as store:

        def fill(tx: sa.Connection) -> None:
            made = sa.insert(tables.checkpoints).returning(tables.checkpoints.c.checkpoint_id)
            for size in (1, 2):
                row = {"size": size, "root": bytes(32), "signed_at": sa.literal(0), "note": note_of(size)}
                one = tx.execute(made.values(row)).scalar_one()
                said = {"checkpoint_id": one, "attempts": 1, "due_at": sa.literal(0), "done_at": sa.literal(0)}
                for kind, evidence in (("witness", LINE), ("stamp", REPLY)):
                    if (size, kind) != (2, "stamp"):
                        tx.execute(
                            sa.insert(tables.attestations).values(kind=kind, name="n", evidence=evidence, **said)
                        )

        store.write(fill)
        found = [(one.size, one.kind, one.note, one.evidence) for one in attested(store, Known())]
        assert found == [(1, "stamp", note_of(1) + LINE, REPLY), (2, "witness", note_of(2) + LINE, LINE)]
        assert covering(store, 0, Known(KEY.verifier)).note == note_of(2) + LINE
        assert covering(store, 2, Known(KEY.verifier)).note is None
