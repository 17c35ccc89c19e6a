from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

RESULTS = re.compile(r"\((bench/results/[^)]+\.md)\)")


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
