from __future__ import annotations

import hashlib
import io
import json
import sys
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from contracts.made import made
from haoma.app import Services
from haoma.cli.main import run
from haoma.consent.tables import grants
from haoma.ledger.entry import Entry, decode
from haoma.numbers import parse
from haoma.settings import load
from haoma.storage import Time
from haoma.vault import SubjectToken

NUMBER = "13800138000"
Rows = Callable[[], list[dict[str, object]]]


@pytest.fixture
def store_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HAOMA_STORE_DIR", str(tmp_path / "store"))
    return tmp_path / "store"


@pytest.fixture
def token(store_dir: Path) -> SubjectToken:
    made(f"sqlite:///{store_dir}/haoma.db")
    with Services(load({"store_dir": store_dir}, env={})) as services:
        vault, number = services.vault, parse(NUMBER)
        token = vault.pseudonym("acme", number)
        until = datetime.now(UTC) + timedelta(hours=1)
        vault.store.write(lambda tx: vault.seal(tx, token, "customer-care", number, until))
    return token


@pytest.fixture
def rows(capsys: pytest.CaptureFixture[str]) -> Rows:
    return lambda: [json.loads(line) for line in capsys.readouterr().out.splitlines()]


@pytest.mark.parametrize("command", [["keys"], ["rotate"], ["retention", "status"], ["retention", "run"]])
def test_where_there_is_no_database_none_is_made(store_dir: Path, command: list[str]) -> None:
    assert run(["vault", *command]) == 1
    assert not store_dir.exists()


@pytest.mark.parametrize("command", [["keys"], ["retention", "status"], ["retention", "run"]])
def test_a_database_without_keys_yet_is_none_to_complain_of(store_dir: Path, command: list[str]) -> None:
    assert run(["db", "upgrade"]) == 0
    assert run(["vault", *command]) == 0


def test_keys_are_counted_and_never_shown(token: SubjectToken, rows: Rows) -> None:
    assert run(["vault", "keys"]) == 0
    found = {str(row["kind"]): row for row in rows() if "scope" not in row}
    assert found["seal"]["rows"] == found["pseudonym"]["rows"] == 1


@pytest.mark.parametrize("options", [[], ["--tenant", "acme"], ["--commitments", "facts"]])
def test_where_there_are_no_people_nothing_is_rotated(
    token: SubjectToken, options: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["vault", "rotate", *options]) == 3
    assert "haoma access people add --first" in capsys.readouterr().err


def test_one_rotation_at_a_time_is_asked_for(token: SubjectToken) -> None:
    assert run(["vault", "rotate", "--continue"]) == 0
    assert run(["vault", "rotate", "--continue", "--tenant", "acme"]) == 2


def test_what_will_be_over_is_told(token: SubjectToken, rows: Rows, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["vault", "retention", "status"]) == 0
    assert sum(int(str(row["over"])) for row in rows()) == 0
    assert run(["vault", "retention", "simulate", "--at", "2100-01-01"]) == 0
    assert sum(int(str(row["over"])) for row in rows()) == 2
    assert run(["vault", "retention", "run"]) == 0
    assert sum(int(str(row["deleted"])) for row in rows()) == 0
    assert run(["vault", "retention", "simulate", "--at", "soon"]) == 2


def test_what_is_no_token_is_not_shown(token: SubjectToken, capsys: pytest.CaptureFixture[str]) -> None:
    for command in (["shred"], ["reveal", "--purpose", "customer-care"]):
        assert run(["vault", *command, NUMBER, "--reason", "withdrawn"]) == 2
        assert NUMBER not in capsys.readouterr().err


WORDS = "correct horse battery staple"


def typed(monkeypatch: pytest.MonkeyPatch, *args: str, words: str = WORDS) -> int:
    """A command line that is given a passphrase."""
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(f"{words}\n".encode()), encoding="utf-8"))
    return run(["vault", "keys", *args])


def row_for(table: sa.Table, **values: object) -> dict[str, object]:
    """A row with these values, and something of its type in every other column that needs it."""
    some: dict[type, object] = {sa.String: "x", Time: datetime(2026, 11, 22, tzinfo=UTC), sa.LargeBinary: b"x"}
    needed = [column for column in table.columns if not column.nullable]
    return {column.name: some.get(type(column.type), 1) for column in needed} | values


@pytest.mark.slow
def test_a_lost_disk_of_keys_is_put_back_without_what_has_ended_since(
    token: SubjectToken, store_dir: Path, rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    backups = store_dir.parent
    with Services(load({"store_dir": store_dir}, env={})) as services:
        services.log_key  # noqa: B018 - made when it is first asked for
        other = services.vault.pseudonym("acme", parse("13800138001"))
        services.vault.prepare(other, "customer-care")
    assert typed(monkeypatch, "backup", f"{backups}/keys") == 0
    assert typed(monkeypatch, "backup", f"{backups}/files", "--custody") == 0
    made, files = rows()
    assert (made["what"], made["keys"], files["what"], files["keys"]) == ("store", 5, "files", 2)
    ended = row_for(grants, grant_id=str(uuid.uuid4()), commitment=f"consent202611-1:{'0' * 64}")
    approval = str(uuid.uuid4())
    with Services(load({"store_dir": store_dir}, env={})) as services:
        services.vault.destroy_keys(other)
        body = {"approval": approval, "by": approval, "action": "destroy-key", "digest": "0" * 64, "to": "done"}
        grant = {"audit": f"audit202611-1:{'0' * 64}", "grant": str(ended["commitment"]), "why": "withdrawn"}
        entries = [Entry("access.approval", services.now(), body), Entry("consent.ended", services.now(), grant)]
        services.store.write(lambda tx: tx.execute(sa.insert(grants).values(**ended)).rowcount)
        services.store.write(lambda tx: services.ledger.append_all(tx, entries))
    (store_dir / "keys").rename(backups / "lost")
    assert typed(monkeypatch, "restore", f"{backups}/keys") == 1  # custody first
    assert typed(monkeypatch, "restore", f"{backups}/files", "--custody", words="not the right words") == 3
    assert typed(monkeypatch, "restore", f"{backups}/files", "--custody") == 0
    assert typed(monkeypatch, "restore", f"{backups}/keys") == 0
    files, store = rows()
    assert (files["keys"], store["keys"], store["dropped"]) == (2, 4, 1)
    assert store["sha256"] == hashlib.sha256((backups / "keys").read_bytes()).hexdigest() == made["sha256"]
    assert typed(monkeypatch, "restore", f"{backups}/keys") == 1
    with Services(load({"store_dir": store_dir}, env={})) as services:
        assert services.vault.pseudonym("acme", parse(NUMBER)) == token
        assert (len(services.vault.keys_of(token)), services.vault.keys_of(other)) == (1, [])
        why = services.key_store.ends.why
        assert (why(approval), why(str(ended["grant_id"]))) == ("done", "withdrawn")
        services.ledger.integrate()
        told = [decode(services.view.entry(at)).type for at in range(services.view.head().size)]
    assert [type_ for type_ in told if type_ in {"vault.backed-up", "vault.restored"}] == [
        "vault.backed-up",
        "vault.backed-up",
        "vault.restored",
        "vault.restored",
    ]


def test_a_passphrase_that_is_short_or_another_kind_of_file_is_told(
    token: SubjectToken, store_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert typed(monkeypatch, "backup", f"{store_dir.parent}/keys", words="short") == 2
    (store_dir.parent / "keys").write_text("no backup")
    assert typed(monkeypatch, "restore", f"{store_dir.parent}/keys") == 2
    assert typed(monkeypatch, "backup", f"{store_dir.parent}/keys") == 1
