"""Where the contracts of stores are held: on files, or on the PostgreSQL server of the journeys."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from journeys.conftest import Server


class OnFiles:
    """Empty databases for data and keys, as SQLite files."""

    @pytest.fixture
    def url(self, tmp_path: Path) -> str:
        return f"sqlite:///{tmp_path / 'haoma.db'}"

    @pytest.fixture
    def keys_url(self, tmp_path: Path) -> str:
        return f"sqlite:///{tmp_path / 'keys.db'}"


class OnServer:
    """Empty databases for data and keys, on a server. For journeys alone, which start one."""

    @pytest.fixture
    def url(self, postgres: str) -> str:
        return postgres

    @pytest.fixture
    def keys_url(self, postgres_server: Server) -> str:
        return postgres_server.new_database()
