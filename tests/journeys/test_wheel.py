"""A user installs haoma from a wheel, without a checkout."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest


@pytest.fixture(scope="module")
def wheel(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("wheel")
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "wheel", "--quiet", "--no-deps"]
    subprocess.run([*pip, "--no-build-isolation", "--wheel-dir", out, root], check=True)
    return next(out.glob("*.whl"))


def test_the_wheel_has_the_types_the_licence_and_no_rows_of_others(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    assert "haoma/py.typed" in names
    assert any(name.endswith("licenses/LICENSE") for name in names)
    assert {name.split("/")[0] for name in names if ".dist-info" not in name} == {"haoma"}
    assert [name for name in names if name.endswith((".dat", ".pyc", ".nbi", ".nbc"))] == []
    assert wheel.stat().st_size < 5_000_000


def test_haoma_runs_out_of_the_wheel(wheel: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "site")
    code = "import haoma.cli.main as m; print(m.__file__); m.sys.exit(m.run(['--version']))"
    env = os.environ | {"PYTHONPATH": str(tmp_path / "site")}
    ended = subprocess.run(
        [sys.executable, "-c", code], env=env, cwd=tmp_path, capture_output=True, text=True, check=True
    )
    place, version = ended.stdout.splitlines()
    assert place.startswith(str(tmp_path))
    assert version.startswith("haoma ")
