"""What leaves this checkout: facts and code, and nothing of anybody's phone.dat."""

from __future__ import annotations

import re
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from haoma.numbers.segments import phonedat
from haoma.numbers.segments.tables import DATA

SHIPPED = {"area_splits.csv", "areas.csv", "changes.csv", "miit_h0.csv", "networks.csv", "regions.csv"}


@pytest.fixture(scope="module")
def built(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with the wheel and the source archive."""
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "hatchling", "build", "-d", str(folder)]
    subprocess.run(command, check=True, cwd=root, capture_output=True)
    return folder


def files(built: Path) -> Iterator[tuple[str, bytes]]:
    """Names and bytes of all files in both archives."""
    for wheel in built.glob("*.whl"):
        with zipfile.ZipFile(wheel) as archive:
            yield from ((name, archive.read(name)) for name in archive.namelist())
    for source in built.glob("*.tar.gz"):
        with tarfile.open(source) as archive:
            for member in archive.getmembers():
                if (opened := archive.extractfile(member)) is not None:
                    yield member.name, opened.read()


def test_no_row_of_phone_dat_is_in_the_wheel_or_the_source_archive(built: Path) -> None:
    path = phonedat.find()
    body = path.read_bytes() if path else b""
    pieces = {body[at : at + 90] for at in range(20_000, len(body) - 90, 100_017)}
    names = []
    for name, content in files(built):
        names.append(name)
        assert not name.endswith((".dat", ".haoma")), name
        assert not any(piece in content for piece in pieces), name
        if name.endswith(".csv"):
            # A few dozen cities have as many people as a segment has digits; a table of segments has 500,000.
            most = 50 if name.endswith("population.csv") else 0
            assert len(re.findall(rb"\b1[3-9]\d{5}\b", content)) <= most, name
    assert any(name.endswith("miit_h0.csv") for name in names)


def test_every_shipped_table_names_its_source() -> None:
    assert {path.name for path in DATA.glob("*.csv")} >= SHIPPED
    for name in SHIPPED:
        head = (DATA / name).read_text(encoding="utf-8").split("\n")[:3]
        assert any(re.search(r"Source|published by", line) for line in head if line.startswith("#")), name
