from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from contracts.store import put
from haoma.cli.main import run
from haoma.storage import open_store, schema


@pytest.fixture
def store_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HAOMA_STORE_DIR", str(tmp_path / "store"))
    return tmp_path / "store"


def rows(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_status_of_nothing_is_a_no_and_makes_nothing(store_dir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["db", "status"]) == 1
    assert "haoma db upgrade" in capsys.readouterr().err
    assert not store_dir.exists()


@pytest.mark.slow
def test_upgrade_makes_the_database_once(store_dir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert [run(["db", "upgrade"]), run(["db", "upgrade"]), run(["db", "status"])] == [0, 0, 0]
    head = schema.revisions()[-1]
    made, again, state = rows(capsys)
    assert made == {"database": f"{store_dir}/haoma.db", "from": None, "to": head}
    assert (again["from"], again["to"], state["revision"], state["current"]) == (head, head, head, True)


def test_status_of_a_database_that_is_behind_is_a_no(store_dir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with open_store(f"sqlite:///{store_dir}/haoma.db") as store:
        store.write(lambda tx: tx.exec_driver_sql("UPDATE alembic_version SET version_num = '0001_store'") and None)
    assert run(["db", "status"]) == 1
    assert rows(capsys)[0]["pending"] == list(schema.revisions()[1:])


@pytest.mark.slow
def test_a_database_that_has_lost_a_table_is_not_current_and_not_backed_up(
    store_dir: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with open_store(f"sqlite:///{store_dir}/haoma.db") as store, store.changing() as tx:
        tx.exec_driver_sql("DROP TABLE ledger_tiles")
    assert run(["db", "status"]) == 5
    told = capsys.readouterr()
    assert json.loads(told.out)["current"] is False
    assert "ledger_tiles" in told.err
    assert [run(["db", "upgrade"]), run(["db", "backup", "-o", str(tmp_path / "a")])] == [5, 5]
    assert not (tmp_path / "a").exists()


@pytest.mark.slow
@pytest.mark.parametrize(
    "by_hand",
    [
        "DROP TRIGGER access_decisions_kept",
        "DROP TRIGGER audit_not_replaced; CREATE TRIGGER audit_not_replaced BEFORE INSERT ON audit BEGIN SELECT 1; END",
    ],
)
def test_a_database_that_has_lost_a_trigger_is_not_current(
    store_dir: Path, capsys: pytest.CaptureFixture[str], by_hand: str
) -> None:
    assert run(["db", "upgrade"]) == 0
    with closing(sqlite3.connect(store_dir / "haoma.db")) as database:
        database.executescript(by_hand)
    assert run(["db", "status"]) == 5
    told = capsys.readouterr()
    assert json.loads(told.out.splitlines()[-1])["current"] is False
    assert by_hand.split()[2].rstrip(";") in told.err


@pytest.mark.slow
def test_a_backup_goes_into_another_database_and_into_no_full_one(
    store_dir: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with open_store(f"sqlite:///{store_dir}/haoma.db") as store:
        store.write(put("a"))
    file = str(tmp_path / "a.haoma")
    assert run(["db", "backup", "-o", file]) == 0
    made = rows(capsys)[0]
    other = ["--store-dir", str(tmp_path / "other")]
    assert run([*other, "db", "restore", file, "--sha256", "0" * 64]) == 5
    capsys.readouterr()
    assert run([*other, "db", "restore", file, "--sha256", str(made["sha256"])]) == 0
    restored = rows(capsys)[0]
    assert (restored["rows"], restored["sha256"]) == (made["rows"], made["sha256"])
    assert run(["db", "restore", file]) == 1
    assert "empty database" in capsys.readouterr().err


def test_a_backup_of_nothing_is_a_no(store_dir: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["db", "backup", "-o", str(tmp_path / "a")]) == 1
    assert not store_dir.exists()
    assert list(tmp_path.iterdir()) == []
