from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from haoma.places.tables import DATA, rows

HEADED = {"cities.csv", "groups.csv", "old_adcodes.csv", "outline.csv", "population.csv"}


def test_every_table_says_where_it_is_from() -> None:
    assert {path.name for path in DATA.iterdir()} == HEADED
    for name in HEADED:
        assert (DATA / name).read_text(encoding="utf-8").startswith("# ")
        assert next(rows(name))


@pytest.mark.slow
def test_the_points_are_made_of_their_source(root: Path, shared: Path, tmp_path: Path) -> None:
    source = shared / "places" / "adcodes_cpca_MIT_2021.csv"
    target = tmp_path / "cities.csv"
    made = [sys.executable, str(root / "tools" / "build_places.py"), str(source), str(target)]
    subprocess.run(made, check=True, capture_output=True)
    assert target.read_text(encoding="utf-8") == (DATA / "cities.csv").read_text(encoding="utf-8")
