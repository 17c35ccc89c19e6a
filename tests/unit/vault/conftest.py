from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from contracts.vault import World, open_world


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """A vault on SQLite."""
    with open_world(f"sqlite:///{tmp_path}/haoma.db", tmp_path / "keys") as world:
        yield world
