from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from contracts.consent import World, open_world


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the desk that each test has a copy of."""
    folder = tmp_path_factory.mktemp("desk")
    with open_world(f"sqlite:///{folder}/haoma.db", folder / "keys") as world:
        world.ready()
        world.open_case()
    return folder


@pytest.fixture
def world(template: Path, tmp_path: Path) -> Iterator[World]:
    """A desk that is ready to ask about customer care, with a case of its agent."""
    shutil.copytree(template, tmp_path, dirs_exist_ok=True)
    with open_world(f"sqlite:///{tmp_path}/haoma.db", tmp_path / "keys") as world:
        yield world
