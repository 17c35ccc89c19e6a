"""What two others approved is run to its end, on a PostgreSQL server as in files, when the process is killed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from contracts.guarded import GuardedKillContract

if TYPE_CHECKING:
    from journeys.conftest import Server


class TestPostgres(GuardedKillContract):
    """The contract, on a server."""

    @pytest.fixture
    def url(self, postgres: str) -> str:
        return postgres

    @pytest.fixture
    def keys_url(self, postgres_server: Server) -> str:
        return postgres_server.new_database()


class TestSqlite(GuardedKillContract):
    """The contract, on files."""

    @pytest.fixture
    def url(self, tmp_path: Path) -> str:
        return f"sqlite:///{tmp_path}/haoma.db"

    @pytest.fixture
    def keys_url(self, tmp_path: Path) -> str:
        return f"sqlite:///{tmp_path}/keys.db"
