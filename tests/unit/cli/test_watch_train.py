from __future__ import annotations

from pathlib import Path

import pytest

from haoma.cli.main import run


@pytest.mark.parametrize("end", [".onnx", ".md", ".json"])
def test_nothing_is_written_through_a_link_that_leads_nowhere(tmp_path: Path, end: str) -> None:
    (tmp_path / f"model{end}").symlink_to(tmp_path / "elsewhere")
    assert run(["watch", "train", "--simulated", "-o", str(tmp_path / "model.onnx")]) == 1
    assert not (tmp_path / "elsewhere").exists()


def test_where_no_model_can_be_written_is_told_before_one_is_learnt(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["watch", "train", "--simulated", "-o", str(tmp_path / "none" / "model.onnx")]) == 2
    assert "is no directory" in capsys.readouterr().err
