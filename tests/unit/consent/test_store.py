from __future__ import annotations

from pathlib import Path

import pytest

from contracts.consent_store import ConsentContract


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'haoma.db'}"


class TestSqlite(ConsentContract):
    """The contract, on a file."""
