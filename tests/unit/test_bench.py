from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

RESULTS = re.compile(r"\((bench/results/[^)]+\.md)\)")


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
    ):
        assert measured in whats
    assert all(figure["haoma"] > 0 or figure["unit"] == "MiB" for figure in body["figures"])
    assert all(figure["ratio"] > 0 for figure in body["figures"] if figure["peer"])


def test_a_run_leaves_one_table_for_people(quick: Path) -> None:
    (path,) = quick.glob("*.md")
    text = path.read_text(encoding="utf-8")
    assert text.startswith("Taken on ")
    assert len({line.count("|") for line in text.splitlines() if line.startswith("|")}) == 1


def test_a_missing_peer_ends_the_run_with_how_to_install_it(root: Path) -> None:
    code = "import sys; sys.modules['phone'] = None; from bench import peers; peers.require()"
    ended = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=False)
    assert ended.returncode == 1
    assert "pip install 'haoma[bench]'" in ended.stderr


def test_a_ratio_above_one_says_that_haoma_is_better(root: Path) -> None:
    code = (
        "from bench.figure import Figure;"
        "print(Figure('rate', 'M/s', 6.0, 'peer', 2.0).ratio, Figure('time', 'ms', 2.0, 'peer', 6.0).ratio,"
        " Figure('alone', 'ms', 2.0).ratio)"
    )
    ended = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    assert ended.stdout.split() == ["3.0", "3.0", "None"]


def test_the_readme_quotes_a_run_as_it_was(root: Path) -> None:
    readme = (root / "README.md").read_text(encoding="utf-8")
    quoted = RESULTS.findall(readme)
    assert quoted, "README.md names no file of bench/results"
    shown = readme.partition("## Figures\n")[2].partition("\n## ")[0]
    lines = [line for line in shown.splitlines() if line.startswith("|")]
    assert len(lines) > 8
    for path in quoted:
        table = (root / path).read_text(encoding="utf-8").splitlines()
        assert [line for line in lines if line not in table] == [], f"README.md shows other figures than {path}"
