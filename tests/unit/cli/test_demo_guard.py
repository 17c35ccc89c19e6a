from __future__ import annotations

from pathlib import Path

import pytest

from haoma.app import Services
from haoma.cli import demo_guard
from haoma.cli.stage import Stage
from haoma.settings import load


def test_without_what_crawls_and_reads_pages_the_chapter_is_left_out_and_says_what_it_needs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(demo_guard, "NEEDED", {"no_such_crawler": "crawl", "no_such_reader": "guard", "json": "phone"})
    with Services(load({"store_dir": str(tmp_path / "store")})) as services:
        assert list(demo_guard.chapter(Stage(tmp_path, 10, shown=False, serve=False, services=services))) == []
    assert "pip install 'haoma[crawl,guard]'" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
