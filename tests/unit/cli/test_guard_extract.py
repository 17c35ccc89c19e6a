from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from contracts.page_readers import children
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


SLOW = "<table>" + "<tr><td>代理机构电话<td>021-55500101" * 400 + "<tr>" * 1_200_000  # takes seconds


def test_a_page_that_takes_too_long_is_told_and_the_others_are_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HAOMA_GUARD_READ_S", "1")
    (tmp_path / "slow.html").write_text(SLOW, encoding="utf-8")
    pages = ["page.html", "slow.html", "none.html", "page.html"]
    file = tasks(tmp_path, *({"page": page, "org": "甲银行"} for page in pages))
    assert run(["guard", "extract", "--batch", file, "--format", "jsonl"]) == 1
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [row["page"] for row in rows] == pages
    assert [len(row["mentions"]) for row in rows] == [1, 0, 0, 1]
    assert rows[1]["error"] == "the page could not be read within 1 s"
    assert run(["guard", "extract", "--batch", file, "--format", "csv"]) == 1
    assert "slow.html: the page could not be read within 1 s" in capsys.readouterr().err


def test_rows_stand_in_the_order_of_the_tasks(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for at in range(20):
        more = "<p>长期投资</p>" * (5_000 if at % 3 == 0 else 1)
        (tmp_path / f"{at}.html").write_text(f"{PAGE}<p>021-387848{at:02d}</p>{more}", encoding="utf-8")
    file = tasks(tmp_path, *({"page": f"{at}.html", "org": "甲银行"} for at in range(20)))
    assert run(["guard", "extract", "--batch", file, "--format", "jsonl"]) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [row["page"] for row in rows] == [f"{at}.html" for at in range(20)]
    assert [row["mentions"][1]["digits"] for row in rows] == [f"021387848{at:02d}" for at in range(20)]


def test_ctrl_c_ends_what_reads_a_page_too(tmp_path: Path) -> None:
    (tmp_path / "slow.html").write_text(SLOW, encoding="utf-8")
    file = tasks(tmp_path, {"page": "slow.html", "org": "甲银行"})
    start = "from haoma.cli.start import main; main()"
    command = [sys.executable, "-c", start, "guard", "extract", "--batch", file, "--format", "jsonl"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as extracting:
        until = time.monotonic() + 20
        while not (reading := list(children(extracting.pid))) and time.monotonic() < until:
            time.sleep(0.05)
        time.sleep(1)
        extracting.send_signal(signal.SIGINT)
        out, err = extracting.communicate(timeout=10)
    assert (extracting.returncode, out) == (130, "")
    assert "Traceback" not in err
    assert reading
    assert not any(Path(f"/proc/{one}").exists() for one in reading)


@pytest.mark.parametrize("line", ["no json", "[]", '{"page": 1}', '{"page": "p", "org": 5}'])
def test_a_line_that_is_no_task_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str], line: str) -> None:
    file = tmp_path / "tasks.jsonl"
    file.write_text(line, encoding="utf-8")
    assert run(["guard", "extract", "--batch", str(file)]) == 2
    assert "line 1: not a task" in capsys.readouterr().err
