from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from contracts.desk import Desk

NOW = datetime.now(UTC).replace(second=0, microsecond=0)


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    desk = Desk(tmp_path_factory.mktemp("desk"))
    desk.told("people", "add", "--first", "--tenant", "acme", "--login", "root", "--name", "Root")
    return desk


def at(back_min: int) -> str:
    return (NOW - timedelta(minutes=back_min)).isoformat()


def write(path: Path, rows: list[str]) -> str:
    path.write_text("\n".join(["timestamp,hotline,inquiries,errors", *rows, ""]), encoding="utf-8")
    return str(path)


def test_a_file_is_taken_once_however_often_it_comes(desk: Desk) -> None:
    file = write(desk.folder / "calls.csv", [f"{at(back)},east,{back},0" for back in range(5, 305)])
    told = [desk.rows("watch", "ingest", file, *whose) for whose in ((), ("--tenant", "acme"))]
    assert told[0] == [{"rows": 300, "changed": 300, "refused": 0, "reasons": {}}]
    assert told[1][0]["changed"] == 0


def test_rows_that_cannot_be_are_told_by_row_and_the_others_are_taken(desk: Desk) -> None:
    file = write(desk.folder / "odd.csv", [f"{at(9)},west,4,0", f"{at(9)},0571-8888 8888,4,0", "soon,west,1,0", "x"])
    ended = desk.haoma("watch", "ingest", file, "--tenant", "acme")
    assert ended.returncode == 1
    assert '"reasons": {"name": 1, "time": 1, "broken": 1}' in ended.stdout
    assert "row 2 is refused: name" in ended.stderr
    assert "8888" not in ended.stdout + ended.stderr


def test_a_table_is_asked_for_what_is_new(desk: Desk) -> None:
    with closing(sqlite3.connect(desk.folder / "calls.db")) as database, database:
        database.execute("CREATE TABLE calls (at INTEGER, line TEXT, n INTEGER)")
        rows = [(int(NOW.timestamp()) - 60 * back, "south", back) for back in (3, 2)]
        database.executemany("INSERT INTO calls VALUES (?, ?, ?)", rows)
    chart = desk.folder / "map.toml"
    where = 'url = "sqlite:///calls.db"\ntable = "calls"\nkind = "seconds"\n'
    chart.write_text(f'{where}[columns]\ntimestamp = "at"\nhotline = "line"\ninquiries = "n"\n', encoding="utf-8")
    chart.chmod(0o600)
    asked = ("watch", "ingest", "--map", str(chart), "--tenant", "acme")
    assert [desk.rows(*asked)[0]["changed"] for _ in range(2)] == [2, 0]
    assert desk.rows(*asked, "--since", at(2))[0]["rows"] == 1


@pytest.mark.slow
def test_a_time_that_stands_for_never_ends_no_pull(desk: Desk) -> None:
    with closing(sqlite3.connect(desk.folder / "never.db")) as database, database:
        database.execute("CREATE TABLE calls (at TEXT, line TEXT, n INTEGER)")
        times = [f"{NOW - timedelta(minutes=back):%Y-%m-%d %H:%M:%S}" for back in range(10, 20_009)]
        rows = [(at, "north", 1) for at in [*times, "9999-12-31 23:59:00"]]
        database.executemany("INSERT INTO calls VALUES (?, ?, ?)", rows)
    chart = desk.folder / "never.toml"
    where = 'url = "sqlite:///never.db"\ntable = "calls"\nutc_offset_min = 0\n'
    chart.write_text(f'{where}[columns]\ntimestamp = "at"\nhotline = "line"\ninquiries = "n"\n', encoding="utf-8")
    chart.chmod(0o600)
    ended = desk.haoma("watch", "ingest", "--map", str(chart), "--tenant", "acme", "--since", at(30 * 24 * 60))
    assert ended.returncode == 1
    assert '"reasons": {"future": 2}' in ended.stdout


def test_a_file_or_a_table_is_asked_for_and_a_tenant_that_there_is(desk: Desk) -> None:
    file = write(desk.folder / "none.csv", [])
    assert desk.haoma("watch", "ingest", "--tenant", "acme").returncode == 2
    assert desk.haoma("watch", "ingest", file, "--tenant", "nobody").returncode == 1
