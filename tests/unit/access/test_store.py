from __future__ import annotations

from pathlib import Path

import pytest

from contracts.access_store import AccessContract


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'haoma.db'}"


class TestSqlite(AccessContract):
    """The contract, on a file."""
