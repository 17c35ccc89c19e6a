from __future__ import annotations

from pathlib import Path

import pytest

from contracts.lineage_store import LineageContract


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'haoma.db'}"


class TestSqlite(LineageContract):
    """The contract, on a file."""
