from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from contracts.consent import World, open_world


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """A desk that is ready to ask about customer care, with a case of its agent."""
    with open_world(f"sqlite:///{tmp_path}/haoma.db", tmp_path / "keys") as world:
        world.ready()
        world.open_case()
        yield world
