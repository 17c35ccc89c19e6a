from __future__ import annotations

from pathlib import Path

import pytest

from haoma.cli.main import run

ROWS = "timestamp,value\n" + "".join(
    f"2026-01-01 {at // 60:02}:{at % 60:02},{100 if at == 300 else at % 7}\n" for at in range(400)
)


def test_a_file_is_scored_and_its_alerts_are_counted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source, target = tmp_path / "in.csv", tmp_path / "out.csv"
    source.write_text(ROWS)
    assert run(["watch", "score", str(source), "-o", str(target)]) == 0
    rows = [line.split(",") for line in target.read_text().splitlines()]
    assert rows[0] == ["timestamp", "score", "alert"]
    assert [row[0] for row in rows if row[2] == "1"] == ["2026-01-01 05:00"]
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.startswith(f"{target}: 400 rows, 1 alerting, in ")


def test_rows_that_do_not_count_are_told_and_are_no_failure(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = tmp_path / "in.csv"
    source.write_text("timestamp,value\nyesterday,1\n2026-01-02,nan\n2026-01-02,2\n2026-01-01,3\n")
    assert run(["watch", "score", str(source), "-o", str(tmp_path / "out.csv")]) == 0
    assert capsys.readouterr().err.splitlines()[1:] == [
        "  1 row without a value that counts: no score",
        "  1 row with a timestamp that is none: scored where it stands",
        "  1 row earlier than the row before: scored where it stands",
        "  1 row at the same time as the row before: scored where it stands",
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "in.csv is empty"),
        ("time,count\n1,2\n", "in.csv has no column 'timestamp'\n       columns there: time, count"),
    ],
)
def test_what_is_no_series_is_told(
    text: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("in.csv").write_text(text)
    assert run(["watch", "score", "in.csv", "-o", "out.csv"]) == 2
    assert message in capsys.readouterr().err
    assert not Path("out.csv").exists()
