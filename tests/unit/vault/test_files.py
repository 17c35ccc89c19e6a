from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path

import pytest

from contracts.vault import World
from haoma.vault import rule_of
from haoma.vault.retention import EXPIRING, Retention

LIFE = rule_of("export.file").longest


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "exports"
    folder.mkdir()
    return folder


def put(world: World, path: Path) -> None:
    path.write_text("{}", encoding="utf-8")
    os.utime(path, (world.clock[0].timestamp(), world.clock[0].timestamp()))


def test_a_file_goes_when_its_class_is_over_and_is_counted(world: World, folder: Path) -> None:
    runner = Retention(world.vault, EXPIRING, {"export.file": folder})
    put(world, folder / "old.jsonl")
    world.pass_(days=1)
    put(world, folder / "new.jsonl")
    world.clock[0] += LIFE - timedelta(days=1, seconds=1)
    assert runner.run().rows["export.file"] == 0
    world.pass_(seconds=1)
    due = next(one for one in runner.status() if one.rule.name == "export.file")
    assert (due.table, due.rows, due.over, due.lag_s) == ("exports/", 2, 1, 0)
    assert runner.run().rows["export.file"] == 1
    assert [path.name for path in folder.iterdir()] == ["new.jsonl"]
    due = next(one for one in runner.status() if one.rule.name == "export.file")
    assert (due.rows, due.over, due.deleted) == (1, 0, 1)


def test_a_link_to_elsewhere_is_not_followed_and_no_folder_is_no_trouble(world: World, folder: Path) -> None:
    elsewhere = folder.parent / "elsewhere"
    put(world, elsewhere)
    (folder / "link.jsonl").symlink_to(elsewhere)
    world.pass_(days=30)
    assert Retention(world.vault, EXPIRING, {"export.file": folder}).run().rows["export.file"] == 0
    assert elsewhere.exists()
    assert Retention(world.vault, EXPIRING, {"export.file": folder / "none"}).run().rows["export.file"] == 0
