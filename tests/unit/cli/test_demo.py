from __future__ import annotations

import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from haoma.cli import demo
from haoma.cli.main import run

LONGER = {"haoma.cli.demo_guard:chapter", "haoma.cli.demo_watch:chapter"}
QUICK = ["demo", "--no-serve", "--rows", "2000"]


@pytest.fixture(autouse=True)
def without_what_takes_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    """The chapters that crawl and replay a week: tests/journeys/test_demo_guard.py and test_demo_watch.py have them."""
    assert set(demo.CHAPTERS) >= LONGER
    monkeypatch.setattr(demo, "CHAPTERS", tuple(chapter for chapter in demo.CHAPTERS if chapter not in LONGER))


def steps(text: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in text.splitlines()]


def test_every_step_of_the_demo_is_as_expected_and_has_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert run([*QUICK, "--format", "jsonl"]) == 0
    shown = capsys.readouterr()
    lines = steps(shown.out)
    assert len(lines) > 20
    assert [line for line in lines if not line["ok"]] == []
    assert all(list(line) == ["step", "expected", "got", "ok", "entry"] for line in lines)
    assert [line["entry"] for line in lines] == list(range(1, len(lines) + 1))
    assert "0 not as expected" in shown.err
    got = {line["step"]: line["got"] for line in lines}
    assert (
        got["a customer says no: the agent sees what to offer instead"] == "请客户说出所在城市，或自行从网点列表中选择"
    )
    assert got["the agent is told the region"] == "华东"
    assert got["near the store in 上海"] == "TRUE"
    assert got["one that says 北京 explains its score"] == "declared-contradicted"
    assert got["the customer takes it back: the next question is refused"] == "withdrawn"


def test_a_person_sees_kinds_operators_provinces_examples_and_what_to_try_next(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(QUICK) == 0
    shown = capsys.readouterr().out
    for seen in (
        "landline",
        "中国移动",
        "广东省",
        "rows a second",
        "95588",
        "设备定位可信",
        "声明的地区与证据不符",
        "Where the time went",
        "haoma number parse",
    ):
        assert seen in shown


@pytest.mark.slow
def test_files_are_kept_where_asked_and_nowhere_else(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(temporary))
    assert run([*QUICK, "--format", "jsonl"]) == 0
    assert list(temporary.iterdir()) == []
    assert run([*QUICK, "--format", "jsonl", "--keep", str(tmp_path / "kept")]) == 0
    assert pq.read_metadata(tmp_path / "kept" / "customers-known.parquet").num_rows == 2000
    assert capsys.readouterr().err.rstrip().endswith("kept")


@pytest.mark.slow
@pytest.mark.parametrize("rows", ["1", "5"])
def test_a_small_demo_works_too(rows: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["demo", "--rows", rows]) == 0


def test_a_step_that_is_not_as_expected_ends_with_1(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    chapter = "from haoma.cli.stage import Step\n\ndef chapter(stage):\n    yield Step('sum', 4, 5)\n"
    (tmp_path / "wrong_chapter.py").write_text(chapter)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(demo, "CHAPTERS", ("wrong_chapter:chapter",))
    assert run([*QUICK, "--format", "jsonl"]) == 1
    assert steps(capsys.readouterr().out) == [{"step": "sum", "expected": 4, "got": 5, "ok": False, "entry": 1}]
    assert run(QUICK) == 1
    assert "5, not 4" in capsys.readouterr().out


def test_the_demo_leaves_a_checkpoint_and_a_proof_that_hold_and_the_log_goes_on_in_a_second_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kept = [*QUICK, "--format", "jsonl", "--keep", str(tmp_path)]
    assert run(kept) == 0
    first = steps(capsys.readouterr().out)
    store = ["--store-dir", str(tmp_path / "store")]
    assert run([*store, "ledger", "audit", "--checkpoint", str(tmp_path / "checkpoint.txt")]) == 0
    capsys.readouterr()
    assert run([*store, "ledger", "keys", "log"]) == 0
    key = capsys.readouterr().out.strip()
    assert run(["ledger", "verify", str(tmp_path / "first-step.tlog-proof"), "--key", key]) == 0
    assert run(kept) == 0
    assert f'"entry": {len(first) + 1}' in capsys.readouterr().out
