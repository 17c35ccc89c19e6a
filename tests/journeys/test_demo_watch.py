"""The demo's chapter on counts: a week of them in seconds, the same in every run."""

from __future__ import annotations

from pathlib import Path

import pytest

from haoma.app import Services
from haoma.cli.demo_watch import chapter
from haoma.cli.stage import Stage
from haoma.settings import load


def test_half_of_the_callers_go_elsewhere_and_it_is_noticed_told_proved_and_over(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told = []
    for run in ("first", "second"):
        with Services(load({"store_dir": str(tmp_path / run)})) as services:
            steps = list(chapter(Stage(tmp_path, 10, shown=True, serve=False, services=services)))
        assert [step.step for step in steps if not step.ok] == []
        told.append([line for line in capsys.readouterr().out.splitlines() if "▲" in line or "█" in line])
    assert told[0] == told[1]
    assert told[0]
    assert (tmp_path / "watch.svg").read_text(encoding="utf-8").startswith("<svg")
