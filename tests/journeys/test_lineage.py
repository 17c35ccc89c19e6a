"""Facts on a PostgreSQL server as in a file, and on both when the process is killed."""

from __future__ import annotations

from pathlib import Path

import pytest

from contracts.lineage_store import LineageContract, LineageKillContract


class TestPostgres(LineageContract, LineageKillContract):
    """The contract, on a server."""

    @pytest.fixture
    def url(self, postgres: str) -> str:
        return postgres


class TestSqliteKilled(LineageKillContract):
    """The contract of kills, on a file."""

    @pytest.fixture
    def url(self, tmp_path: Path) -> str:
        return f"sqlite:///{tmp_path / 'haoma.db'}"
