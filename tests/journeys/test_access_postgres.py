"""A team keeps its people, keys and approvals on a PostgreSQL server; and what kills leave there and in a file."""

from __future__ import annotations

from pathlib import Path

import pytest

from contracts.access_store import AccessContract, AccessKillContract


class TestPostgres(AccessContract, AccessKillContract):
    """The contract, on a server."""

    @pytest.fixture
    def url(self, postgres: str) -> str:
        return postgres


class TestSqliteKilled(AccessKillContract):
    """The contract of kills, on a file."""

    @pytest.fixture
    def url(self, tmp_path: Path) -> str:
        return f"sqlite:///{tmp_path / 'haoma.db'}"
