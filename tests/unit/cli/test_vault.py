from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from haoma.app import Services
from haoma.cli.main import run
from haoma.numbers import parse
from haoma.settings import load
from haoma.vault import SubjectToken

NUMBER = "13800138000"
Rows = Callable[[], list[dict[str, object]]]


@pytest.fixture
def store_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HAOMA_STORE_DIR", str(tmp_path / "store"))
    return tmp_path / "store"


@pytest.fixture
def token(store_dir: Path) -> SubjectToken:
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
