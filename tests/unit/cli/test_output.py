from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator

import click
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from haoma.cli import output
from haoma.cli.output import Format, Row, format_option, inert, note, progress, write
from haoma.errors import BadInput

ROWS: list[Row] = [
    {
        "kind": "mobile",
        "issued_in": {"city": "杭州市", "adcode": "330100"},
        "valid": True,
        "sources": ["miit", "phone"],
    },
    {"kind": "invalid", "issued_in": None, "valid": False, "reason": "a\ud800b"},
]
FLAT = ["kind", "issued_in.city", "issued_in.adcode", "valid", "sources", "reason"]


def written(rows: list[Row], fmt: Format, columns: list[str] | None, capture: pytest.CaptureFixture[bytes]) -> bytes:
    write(rows, fmt, columns=columns)
    return capture.readouterr().out


def test_json_lines_keep_the_nesting(capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    lines = written(ROWS, Format.JSONL, None, capsysbinary).decode().splitlines()
    assert [json.loads(line) for line in lines] == ROWS
    assert "杭州市" in lines[0]


@pytest.mark.parametrize("text", ["=HYPERLINK(1)", "+1", "-1", "@SUM(1)", "\t=1", "＝1"])
def test_a_text_of_somebody_else_is_no_formula_in_csv_and_itself_elsewhere(text: str) -> None:
    assert inert(text, Format.CSV) == f" {text}"
    assert [inert(text, fmt) for fmt in (Format.JSONL, Format.TABLE)] == [text, text]
    assert inert("平川基金 = 95588", Format.CSV) == "平川基金 = 95588"
    assert inert(None, Format.CSV) is None


def test_json_is_one_list(capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    assert json.loads(written(ROWS, Format.JSON, None, capsysbinary)) == ROWS


def test_csv_flattens_and_keeps_every_key_of_every_row(capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    rows = list(csv.DictReader(io.StringIO(written(ROWS, Format.CSV, None, capsysbinary).decode())))
    assert list(rows[0]) == FLAT
    assert list(rows[0].values()) == ["mobile", "杭州市", "330100", "true", "miit; phone", ""]
    assert rows[1]["reason"] == "a\\ud800b"


def test_columns_pick_what_the_flat_formats_show(capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    picked = written(ROWS, Format.CSV, ["issued_in.city", "kind"], capsysbinary)
    assert picked.decode() == "issued_in.city,kind\n杭州市,mobile\n,invalid\n"


def test_rows_stream_as_json_lines(capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    def rows() -> Iterator[Row]:
        yield {"n": 1}
        assert capsysbinary.readouterr().out == b'{"n": 1}\n'

    write(rows(), Format.JSONL)


def test_parquet_comes_back_as_it_was(capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    table = pq.read_table(io.BytesIO(written(ROWS, Format.PARQUET, None, capsysbinary)))
    assert table.column_names == FLAT
    assert table["valid"].to_pylist() == [True, False]
    assert table["issued_in.city"].to_pylist() == ["杭州市", None]
    assert table["reason"].to_pylist() == [None, "a\\ud800b"]


def test_parquet_is_kept_off_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    with pytest.raises(BadInput, match="terminal"):
        write(ROWS, Format.PARQUET)


def test_a_table_never_passes_a_control_character_on(capsys: pytest.CaptureFixture[str]) -> None:
    write([{"input": "\x1b[2J\u202e13\x07", "kind": "[bold]x"}], Format.TABLE, title="What came in")
    shown = capsys.readouterr().out
    assert "What came in" in shown
    assert "\x1b" not in shown
    assert "\u202e" not in shown
    assert "[bold]x" in shown


@pytest.mark.parametrize("fmt", [fmt for fmt in Format if fmt is not Format.JSON])
def test_no_rows_are_no_failure(fmt: Format, capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    write([], fmt, columns=["kind"])
    assert capsysbinary.readouterr().err == b""


@pytest.mark.parametrize(("terminal", "expected"), [(True, "table"), (False, "jsonl")])
def test_a_terminal_gets_a_table_and_a_pipe_json_lines(
    terminal: bool,
    expected: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    @click.command()
    @format_option
    def show(fmt: Format) -> None:
        note(str(fmt))

    monkeypatch.setattr(output, "sys", type("sys", (), {"stdout": type("out", (), {"isatty": lambda: terminal})}))
    assert CliRunner().invoke(show, []).stderr == f"{expected}\n"
    assert CliRunner().invoke(show, ["--format", "csv"]).stderr == "csv\n"


def test_progress_is_silent_without_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    with progress("reading", 3) as advance:
        advance(3)
    assert "".join(capsys.readouterr()) == ""


def test_progress_shows_a_bar_on_a_terminal(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    with progress("reading", 3) as advance:
        advance(3)
    captured = capsys.readouterr()
    assert "reading" in captured.err
    assert captured.out == ""
