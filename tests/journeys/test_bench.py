"""A short run of the bench, whole."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.fixture(scope="module")
def quick(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a short run leaves."""
    folder = tmp_path_factory.mktemp("results")
    command = [sys.executable, "-m", "bench", "--quick", "--output", str(folder)]
    ended = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    return folder


def test_a_run_leaves_every_figure_with_its_machine_and_versions(quick: Path) -> None:
    (path,) = quick.glob("*.json")
    body = json.loads(path.read_text(encoding="utf-8"))
    assert {"cpu", "cores", "python", "haoma", "numba", "numpy", "pyarrow"} <= set(body["machine"])
    assert set(body["peers"]) - {"pymerkle"} == {"phone", "phonenumbers"}
    whats = " ".join(figure["what"] for figure in body["figures"])
    for measured in (
        "everyday",
        "messy",
        "clean",
        "median",
        "99th",
        "fresh process",
        "table of segments",
        "CSV",
        "Parquet",
        "log, batches",
        "256 writers",
        "inclusion proof",
        "proofs verified",
        "audit",
        "peak memory",
        "over HTTP",
        "counts kept",
    ):
        assert measured in whats
    assert all(figure["haoma"] > 0 or figure["unit"] == "MiB" for figure in body["figures"])
    assert all(figure["ratio"] > 0 for figure in body["figures"] if figure["peer"])


def test_a_run_leaves_one_table_for_people(quick: Path) -> None:
    (path,) = quick.glob("*.md")
    text = path.read_text(encoding="utf-8")
    assert text.startswith("Taken on ")
    assert len({line.count("|") for line in text.splitlines() if line.startswith("|")}) == 1
