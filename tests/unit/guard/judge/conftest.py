from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from contracts.judge import World, open_world
from haoma.guard.judge import Severity


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = open_world(f"sqlite:///{tmp_path / 'haoma.db'}", channels={"ops": Severity.LOW, "boss": Severity.CRITICAL})
    with world.store:
        yield world
