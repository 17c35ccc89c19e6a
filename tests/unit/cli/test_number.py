from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from haoma.cli.main import run

HAOMA = [sys.executable, "-c", "from haoma.cli.main import main; main()"]
HEAVY = {"numpy", "pyarrow", "numba", "rich", "phonenumbers"}


def asked(args: list[str], capfd: pytest.CaptureFixture[str], code: int = 0) -> list[dict[str, object]]:
    assert run(["number", *args]) == code
    return [json.loads(line) for line in capfd.readouterr().out.splitlines()]


def piped(args: list[str], stdin: bytes) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([*HAOMA, "number", *args], input=stdin, capture_output=True, check=False)


def test_parse_tells_the_numbers_of_a_cell(capfd: pytest.CaptureFixture[str]) -> None:
    (row,) = asked(["parse", "0571-88888888转8001"], capfd)
    assert row == {
        "input": "0571-88888888转8001",
        "numbers": [
            {
                "uri": "tel:+8657188888888;ext=8001",
                "kind": "landline",
                "extension": "8001",
                "valid": True,
                "national": "(0571) 8888 8888 转 8001",
                "issued_by": None,
                "issued_in": {
                    "province": "浙江省",
                    "city": "杭州市",
                    "adcode": "330100",
                    "area_code": "0571",
                    "postcode": None,
                },
                "confidence": 0.98,
                "sources": ["libphonenumber"],
            }
        ],
    }


def test_parse_exits_1_where_a_cell_holds_no_number(capfd: pytest.CaptureFixture[str]) -> None:
    rows = asked(["parse", "95588", "无"], capfd, code=1)
    assert rows[1] == {"input": "无", "numbers": [], "reason": "no digits"}


def test_parse_reads_numbers_of_another_region(capfd: pytest.CaptureFixture[str]) -> None:
    (row,) = asked(["parse", "--region", "gb", "020 7946 0958"], capfd)
    assert row["numbers"][0]["uri"] == "tel:+442079460958"  # type: ignore[index]
    assert run(["number", "parse", "--region", "XX", "1"]) == 2


def test_a_line_is_a_cell_whatever_it_holds() -> None:
    cells = "95588\r\n\n1\u2028x\x85y\x0b\nlast".encode() + b"\xff95588"
    ended = piped(["parse", "--format", "jsonl", "-"], cells)
    rows = [json.loads(line) for line in ended.stdout.decode().split("\n")[:-1]]
    assert [row["input"] for row in rows] == ["95588", "", "1\u2028x\x85y\x0b", "last�95588"]
    assert (ended.returncode, ended.stderr) == (0, b"")


def test_a_row_is_told_before_the_next_line_is_there() -> None:
    with subprocess.Popen([*HAOMA, "number", "parse", "-"], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin
        assert process.stdout
        for _ in range(2):
            process.stdin.write(b"95588\n")
            process.stdin.flush()
            assert json.loads(process.stdout.readline())["input"] == "95588"
        process.stdin.close()
    assert process.returncode == 0


def test_flat_formats_have_a_row_a_number(capfd: pytest.CaptureFixture[str]) -> None:
    assert run(["number", "parse", "010-65051166、65051156", "--format", "csv"]) == 0
    head, *rows = capfd.readouterr().out.splitlines()
    assert head.startswith("input,kind,uri,national")
    assert [row.split(",")[2] for row in rows] == ["tel:+861065051166", "tel:+861065051156"]


def test_parse_is_a_table_for_people(capfd: pytest.CaptureFixture[str]) -> None:
    assert run(["number", "parse", "13800138000", "无", "--format", "table"]) == 1
    shown = capfd.readouterr().out
    assert "138 0013 8000" in shown
    assert "no digits" in shown


def test_one_number_costs_a_fifth_of_a_second_and_no_heavy_package() -> None:
    code = (
        "import sys; from haoma.cli.main import run; run(['number', 'parse', '--format', 'jsonl', '13800138000']);"
        "print(*sys.modules, file=sys.stderr)"
    )
    subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert HEAVY & set(ended.stderr.split()) == set()
    # The promise is 0.2 s; a machine under load counts more, and a package too many costs far more than that.
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 0.6


def test_lookup_tells_sources_with_their_dates(capfd: pytest.CaptureFixture[str]) -> None:
    (row,) = asked(["lookup", "13800138000"], capfd)
    assert (row["issued_by"], row["issued_in"]["city"]) == ("中国移动", "北京市")  # type: ignore[index]
    first = row["sources"][0]  # type: ignore[index]
    assert (first["name"], first["as_of"]) == ("miit", "2023-03-31")
    assert "people to other places" in str(row["note"])


def test_lookup_is_told_in_words_and_exits_1_for_what_is_none(capfd: pytest.CaptureFixture[str]) -> None:
    assert run(["number", "lookup", "13800138000", "15400000000", "--format", "table"]) == 1
    shown = capfd.readouterr().out
    assert "as of 2023-03-31" in shown
    assert "in no allocated block" in shown


def test_find_tells_where_numbers_stand(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    text = tmp_path / "page.txt"
    text.write_bytes("首行\n拨打客服热线95588，或021-6234 5678-801\n".encode("gb18030"))
    rows = asked(["find", str(text)], capfd)
    assert [(row["line"], row["column"], row["start"], row["end"], row["text"]) for row in rows] == [
        (2, 7, 9, 14, "95588"),
        (2, 14, 16, 33, "021-6234 5678-801"),
    ]


def test_find_tells_once_where_the_text_is_in_another_encoding() -> None:
    ended = piped(["find", "--encoding", "ascii", "--format", "csv"], "厦门 95588\n厦门 95588\n".encode("gb18030"))
    assert (ended.returncode, ended.stdout.count(b"95588,national_service")) == (0, 2)
    assert ended.stderr.decode().startswith("stdin: it holds bytes that are not ASCII, shown as �; --encoding names")
    assert ended.stderr.count(b"\n") == 1


def test_find_exits_1_where_there_is_none() -> None:
    ended = piped(["find"], "订单号20260101138001380001".encode())
    assert (ended.returncode, ended.stdout, ended.stderr) == (1, b"", b"")


def test_enrich_streams_and_sums_up() -> None:
    ended = piped(["enrich", "-", "-o", "-", "--columns", "kind"], b"phone\n95588\nx\n")
    assert (ended.returncode, ended.stdout) == (0, b"phone,kind\n95588,national_service\nx,invalid\n")
    assert ended.stderr.startswith(b"-: 2 rows, 1 invalid, 0 without a cell")


def test_strict_exits_1_and_writes_all_the_same(tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    cells = tmp_path / "cells.csv"
    cells.write_bytes(b"x\n")
    assert run(["number", "enrich", str(cells), "-o", "-", "--columns", "kind", "--strict", "--no-header"]) == 1
    assert capfdbinary.readouterr().out == b"x,invalid\n"


@pytest.fixture
def calls(tmp_path: Path) -> Path:
    path = tmp_path / "calls.csv"
    path.write_text("id,phone\n1,95588\n")
    return path


def refused(capfd: pytest.CaptureFixture[str], code: int, *args: object) -> str:
    assert run(["number", "enrich", *map(str, args)]) == code
    told = capfd.readouterr().err
    assert "Traceback" not in told
    return told


def test_what_cannot_be_done_is_told_in_a_line_or_two(
    calls: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out.csv"
    assert "No such file" in refused(capfd, 2, tmp_path / "none.csv", "-o", out)
    assert "columns there: id, phone" in refused(capfd, 2, calls, "-o", out, "--column", "tel")
    assert "which column" in refused(capfd, 2, calls, "-o", out)
    assert "directory" in refused(capfd, 2, tmp_path, "-o", out, "--in-format", "csv")
    assert "its name does not tell" in refused(capfd, 2, calls, "-o", tmp_path / "out.xlsx", "--column", "phone")
    assert "is the file that is read" in refused(capfd, 2, calls, "-o", calls, "--column", "phone", "--overwrite")
    assert "there is no column 'place'" in refused(capfd, 2, calls, "-o", out, "--columns", "place")
    assert "no encoding" in refused(capfd, 2, calls, "-o", out, "--encoding", "utf-80")
    assert "is no delimiter" in refused(capfd, 2, calls, "-o", out, "--delimiter", "::")
    assert "not read or written in a stream" in refused(capfd, 2, calls, "-o", "-", "--out-format", "parquet")
    for empty in ("", " , "):
        assert "no column to add is named" in refused(capfd, 2, calls, "-o", out, "--columns", empty)
    assert "is no delimiter" in refused(capfd, 2, calls, "-o", out, "--delimiter", "")
    assert "no encoding" in refused(capfd, 2, calls, "-o", out, "--encoding", "")
    assert "for --engine spark alone" in refused(capfd, 2, calls, "-o", out, "--master", "local[*]")
    assert not out.exists()
    assert run(["number", "enrich", str(calls), "-o", str(out), "--column", "phone"]) == 0
    assert "there already" in refused(capfd, 1, calls, "-o", out, "--column", "phone")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_directory_that_cannot_be_written_is_told(
    calls: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    shut = tmp_path / "shut"
    shut.mkdir(mode=0o500)
    assert "Permission denied" in refused(capfd, 2, calls, "-o", shut / "out.csv", "--column", "phone")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs the device that is always full, which Linux has")
def test_a_full_disk_is_told(calls: Path, capfd: pytest.CaptureFixture[str]) -> None:
    told = refused(capfd, 4, calls, "-o", "/dev/full", "--column", "phone", "--out-format", "csv", "--overwrite")
    assert told == "haoma: /dev/full: No space left on device\n"


def test_spark_that_is_not_installed_is_told(
    calls: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    told = refused(capfd, 4, calls, "-o", tmp_path / "out.parquet", "--column", "phone", "--engine", "spark")
    assert "pip install 'haoma[spark]'" in told
