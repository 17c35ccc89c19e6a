from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from warcio.archiveiterator import ArchiveIterator

from contracts.made import made
from haoma.cli.main import run

Haoma = Callable[..., list[dict[str, object]]]


@pytest.fixture
def haoma(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Haoma:
    """Runs a command on a store of its own; the rows that it shows, or the exit code in one row."""
    monkeypatch.setenv("HAOMA_STORE_DIR", str(tmp_path / "store"))
    made(f"sqlite:///{tmp_path}/store/haoma.db")

    def call(*args: str) -> list[dict[str, object]]:
        code = run(["crawl", *args])
        sys.stdout.flush()
        out, err = capfd.readouterr()
        return [{"exit": code, "err": err}] if code else [json.loads(line) for line in out.splitlines()]

    return call


def add(haoma: Haoma, kind: str, *more: str) -> str:
    (row,) = haoma("source", "add", "--kind", kind, "--owner", "Service desk", *more)
    return str(row["source"])


def test_a_source_is_added_shown_and_stopped(haoma: Haoma) -> None:
    one = add(haoma, "official", "https://WWW.example.com", "--depth", "2", "--budget", "50")
    (row,) = haoma("source", "show", one)
    assert (row["url"], row["depth"], row["budget_per_day"]) == ("https://www.example.com/", 2, 50)
    (standing,) = haoma("status")
    assert (standing["jobs"], standing["spent_today"], standing["stopped"]) == ({}, 0, False)
    assert haoma("source", "stop", one)[0]["stopped_at"]
    assert haoma("source", "list") == []
    assert len(haoma("source", "list", "--all")) == 1


@pytest.mark.parametrize(
    ("args", "code"),
    [
        (("source", "add", "ftp://example.com", "--kind", "page", "--owner", "an"), 2),
        (("source", "add", "https://example.com/13800138000", "--kind", "page", "--owner", "an"), 2),
        (("source", "add", "https://example.com", "--kind", "feed", "--owner", "an"), 2),
        (("source", "add", "https://a.example", "--kind", "page", "--owner", "an", "--organisation", "nobody"), 1),
        (("source", "show", "nothing"), 1),
        (("source", "stop", "nothing"), 1),
        (("task", "done", "nothing", "--by", "an"), 1),
        (("run", "--once"), 2),
    ],
)
def test_what_cannot_be_done_is_told(args: tuple[str, ...], code: int, haoma: Haoma) -> None:
    (told,) = haoma(*args)
    assert told["exit"] == code
    assert "13800138000" not in str(told["err"])


def test_a_number_that_somebody_saw_is_a_snapshot_and_is_shown_masked(
    haoma: Haoma, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = add(haoma, "submission")
    monkeypatch.setattr("sys.stdin", io.StringIO("王经理 13800138000\n"))
    (seen,) = haoma(
        "submit", "--source", one, "--organisation", "某银行", "--number", "-", "--url", "https://example.com/a"
    )
    assert seen["status"] == 200
    (saved := tmp_path / "page.html").write_text("<p>客服 95588，手机 13800138000</p>", encoding="utf-8")
    haoma("submit", "--source", one, "--organisation", "某银行", "--file", str(saved))
    assert [row["source"] for row in haoma("show", "--source", one)] == [one, one]
    file = tmp_path / "pages.warc.gz"
    assert haoma("export", str(file)) == []
    pages = [record.content_stream().read().decode() for record in ArchiveIterator(io.BytesIO(file.read_bytes()))]
    assert len(pages) == 3
    assert "95588" in "".join(pages)
    assert "13800138000" not in "".join(pages)


def test_only_a_source_of_people_takes_what_people_bring(haoma: Haoma) -> None:
    page, shopper = add(haoma, "page", "https://example.com/"), add(haoma, "shopper")
    said = ("--organisation", "某银行", "--number", "95588")
    assert haoma("submit", "--source", page, *said)[0]["exit"] == 2
    assert haoma("submit", "--source", shopper, "--organisation", "某银行")[0]["exit"] == 2
    assert haoma("submit", "--source", shopper, "--organisation", " ", "--number", "95588")[0]["exit"] == 2
    assert haoma("task", "add", "--source", page, "--note", "call")[0]["exit"] == 2


def test_a_shopper_is_asked_and_says_what_came_of_it(haoma: Haoma) -> None:
    one = add(haoma, "shopper")
    (task,) = haoma("task", "add", "--source", one, "--note", "call 95588 and ask who is there, not 13800138000")
    assert task["note"] == "call 95588 and ask who is there, not 138****8000"
    haoma("submit", "--source", one, "--organisation", "某银行", "--number", "95588")
    assert haoma("task", "done", str(task["task"]), "--by", "an")[0]["done_by"] == "an"
    assert haoma("task", "list") == []


def test_a_feed_has_a_licence_and_a_map(haoma: Haoma, tmp_path: Path) -> None:
    (chart := tmp_path / "feed.toml").write_text('name = "org"\nnumber = "tel"\n', encoding="utf-8")
    licensed = ("--authorisation", "licence 2026-7", "--map", str(chart))
    add(haoma, "feed", "https://feed.example/v1", *licensed)
    chart.write_text("name = 1", encoding="utf-8")
    again = haoma("source", "add", "https://feed.example/v2", "--kind", "feed", "--owner", "an", *licensed)
    assert again[0]["exit"] == 2


@pytest.mark.slow
@pytest.mark.parametrize("package", ["scrapy", "warcio", "protego"])
def test_a_package_that_is_missing_is_told_with_how_to_install_it(package: str, tmp_path: Path) -> None:
    made(f"sqlite:///{tmp_path}/haoma.db")
    code = (
        f"import sys; sys.modules['{package}'] = None; from haoma.cli.main import run; sys.exit(run(['crawl', 'run']))"
    )
    told = {"HAOMA_STORE_DIR": str(tmp_path), "HAOMA_CRAWL_CONTACT": "https://www.example.com/crawler"}
    ended = subprocess.run(
        [sys.executable, "-c", code], env=os.environ | told, capture_output=True, text=True, check=False
    )
    assert (ended.returncode, "pip install 'haoma[crawl]'" in ended.stderr) == (4, True), ended.stderr
