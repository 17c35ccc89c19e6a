from __future__ import annotations

import csv
import gzip
from pathlib import Path

import numpy as np
import pytest

from haoma.errors import BadInput, Conflict
from haoma.watch.series import Counts, Series, score_file


def written(place: Path, text: str | bytes) -> Path:
    path = place / "in.csv"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def scored(place: Path, text: str | bytes) -> tuple[Counts, list[list[str]]]:
    target = place / "out.csv"
    counts = score_file(written(place, text), target, overwrite=True)
    with target.open(encoding="utf-8", newline="") as file:
        return counts, list(csv.reader(file))


def hours(values: list[float], first: int = 0) -> str:
    rows = "".join(f"2026-01-{1 + at // 24:02} {at % 24:02}:00:00,{value}\n" for at, value in enumerate(values, first))
    return "timestamp,value\n" + rows


def test_each_row_has_its_timestamp_a_score_and_an_alert(tmp_path: Path) -> None:
    values = np.random.default_rng(1).normal(100, 5, 700).round(2).tolist()
    counts, rows = scored(tmp_path, hours(values))
    series = Series()
    expected = [series.step(value) for value in values]
    assert rows[0] == ["timestamp", "score", "alert"]
    assert [row[0] for row in rows[1:3]] == ["2026-01-01 00:00:00", "2026-01-01 01:00:00"]
    assert [(float(row[1]), row[2]) for row in rows[1:]] == [
        (pytest.approx(score, abs=1e-9), str(int(alert))) for score, alert in expected
    ]
    assert (counts.rows, counts.missing, counts.back, counts.repeated, counts.unread) == (700, 0, 0, 0, 0)


@pytest.mark.parametrize("cell", ["", "nan", "NaN", "inf", "-inf", "n/a", "1e300", "12,5", "１２人"])
def test_a_row_without_a_value_has_no_score_and_moves_nothing(cell: str, tmp_path: Path) -> None:
    good = [float(value) for value in np.random.default_rng(2).integers(0, 50, 60)]
    _, plain = scored(tmp_path, hours(good))
    lines = hours(good).splitlines()
    lines.insert(31, f'2026-01-02 05:30:00,"{cell}"')
    counts, rows = scored(tmp_path, "\n".join(lines))
    assert rows.pop(31) == ["2026-01-02 05:30:00", "", "0"]
    assert rows == plain
    assert counts.missing == 1


def test_rows_that_are_cut_or_have_more_cells_stop_nothing(tmp_path: Path) -> None:
    counts, rows = scored(
        tmp_path, b"timestamp,value\n2026-01-01\n\n2026-01-02,7,8,9\n,5\n\xff\xfe,6\n\0\n2026-01-03,1"
    )
    assert [row[0] for row in rows[1:]] == ["2026-01-01", "2026-01-02", "", "��", "\0", "2026-01-03"]
    assert [bool(row[1]) for row in rows[1:]] == [False, True, True, True, False, True]
    assert (counts.missing, counts.unread) == (2, 3)


@pytest.mark.parametrize(
    ("stamps", "told"),
    [
        (["2026-01-01 00:00:00", "2026-01-01 00:05:00"], (0, 0, 0)),
        (["2026-01-01T00:00:00Z", "2026-01-01T08:05:00+08:00"], (0, 0, 0)),
        (["1767225600", "1767225900.5"], (0, 0, 0)),
        (["2026-01-01", "2026-01-01"], (0, 0, 1)),
        (["2026-01-02", "2026-01-01"], (0, 1, 0)),
        (["yesterday", "", "nan"], (3, 0, 0)),
    ],
)
def test_a_clock_that_does_not_go_forward_is_told_and_changes_no_score(
    stamps: list[str], told: tuple[int, int, int], tmp_path: Path
) -> None:
    counts, rows = scored(tmp_path, "timestamp,value\n" + "".join(f"{stamp},{at}\n" for at, stamp in enumerate(stamps)))
    assert (counts.unread, counts.back, counts.repeated) == told
    series = Series()
    assert [float(row[1]) for row in rows[1:]] == [
        pytest.approx(series.step(float(at))[0], abs=1e-9) for at in range(len(stamps))
    ]


@pytest.mark.parametrize(
    ("header", "line"),
    [
        ("Value;other; Timestamp ", "3;x;2026-01-01"),
        ('"timestamp","value"', '"2026-01-01","3"'),
        ("\ufefftimestamp\tvalue\r", "2026-01-01\t3\r"),
    ],
)
def test_columns_are_found_by_their_names(header: str, line: str, tmp_path: Path) -> None:
    _, rows = scored(tmp_path, f"{header}\n{line}\n")
    assert (rows[1][0], bool(rows[1][1])) == ("2026-01-01", True)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty"),
        ("\n", "is empty"),
        ("time,value\n1,2\n", "no column 'timestamp'"),
        ("timestamp,count\n1,2\n", "no column 'value'"),
        ("timestamp,value,value\n1,2,3\n", "more than one column 'value'"),
        (b"PK\x03\x04 a spreadsheet", "no text"),
    ],
)
def test_a_file_that_holds_no_series_is_refused_and_nothing_is_written(
    text: str | bytes, message: str, tmp_path: Path
) -> None:
    with pytest.raises(BadInput, match=message):
        scored(tmp_path, text)
    assert not (tmp_path / "out.csv").exists()


def test_a_header_alone_and_one_row_are_files(tmp_path: Path) -> None:
    assert scored(tmp_path, "timestamp,value\n")[1] == [["timestamp", "score", "alert"]]
    assert scored(tmp_path, "timestamp,value\n2026-01-01,5")[1][1:] == [["2026-01-01", "0.000000000", "0"]]


def test_a_line_that_never_ends_is_one_row_without_a_value(tmp_path: Path) -> None:
    counts, rows = scored(tmp_path, "timestamp,value\n2026-01-01," + "1" * 200_000 + "\n2026-01-02,5\n")
    assert [row[0] for row in rows[1:]] == ["", "2026-01-02"]
    assert (counts.rows, counts.missing) == (2, 1)


def test_a_timestamp_with_a_comma_reads_back(tmp_path: Path) -> None:
    assert scored(tmp_path, 'timestamp,value\n"Jan 1, ""26""",5\n')[1][1][0] == 'Jan 1, "26"'


def test_a_packed_file_is_unpacked(tmp_path: Path) -> None:
    path = tmp_path / "in.csv.gz"
    path.write_bytes(gzip.compress(b"timestamp,value\n2026-01-01,5\n"))
    assert score_file(path, tmp_path / "out.csv").rows == 1


def test_what_is_there_is_replaced_only_where_asked(tmp_path: Path) -> None:
    source, target = written(tmp_path, hours([1.0])), tmp_path / "out.csv"
    target.write_text("kept")
    with pytest.raises(Conflict, match="is there already"):
        score_file(source, target)
    assert target.read_text() == "kept"
    with pytest.raises(BadInput, match="is the file that is read"):
        score_file(source, source, overwrite=True)
