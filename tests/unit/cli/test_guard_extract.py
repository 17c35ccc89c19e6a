from __future__ import annotations

import json
from pathlib import Path

import pytest

from haoma.cli.main import run

PAGE = "<title>甲银行</title><p>甲银行客服热线：95588</p>"


def tasks(folder: Path, *rows: object) -> str:
    (folder / "page.html").write_text(PAGE, encoding="utf-8")
    file = folder / "tasks.jsonl"
    file.write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")
    return str(file)


def test_a_page_beside_the_tasks_is_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tasks(
        tmp_path, {"page": "page.html", "url": None, "org": "甲银行"}, {"page": "page.html", "url": None, "org": None}
    )
    assert run(["guard", "extract", "--batch", file, "--format", "jsonl"]) == 0
    named, unnamed = map(json.loads, capsys.readouterr().out.splitlines())
    (mention,) = named["mentions"]
    assert (mention["digits"], mention["role"], mention["purpose"]) == ("95588", "voice", "客服")
    assert unnamed["mentions"][0]["organisation"] == "unsure"


def test_a_page_that_is_not_there_does_not_stop_the_others(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tasks(tmp_path, {"page": "none.html"}, {"page": "../etc/passwd"}, {"page": "page.html"})
    assert run(["guard", "extract", "--batch", file, "--format", "jsonl"]) == 1
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [bool(row.get("error")) for row in rows] == [True, True, False]
    assert rows[2]["mentions"]


def test_a_table_has_a_row_a_mention(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tasks(tmp_path, {"page": "page.html", "org": "甲银行"})
    assert run(["guard", "extract", "--batch", file, "--format", "csv"]) == 0
    head, row = capsys.readouterr().out.splitlines()
    assert head.startswith("page,text,digits,uri,role")
    assert row.startswith("page.html,95588,95588,")


@pytest.mark.parametrize("line", ["no json", "[]", '{"page": 1}', '{"page": "p", "org": 5}'])
def test_a_line_that_is_no_task_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str], line: str) -> None:
    file = tmp_path / "tasks.jsonl"
    file.write_text(line, encoding="utf-8")
    assert run(["guard", "extract", "--batch", str(file)]) == 2
    assert "line 1: not a task" in capsys.readouterr().err
