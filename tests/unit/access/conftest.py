from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from contracts.access import World, open_world


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = open_world(f"sqlite:///{tmp_path / 'haoma.db'}")
    with world.store:
        yield world
