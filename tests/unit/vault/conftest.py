from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from contracts.vault import World, open_world


@pytest.fixture(params=["aes-sha2", "sm4-sm3"])
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    """A vault on SQLite, of each suite."""
    with open_world(f"sqlite:///{tmp_path}/haoma.db", tmp_path / "keys", suite=request.param) as world:
        yield world
