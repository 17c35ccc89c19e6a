"""A team keeps data and keys in two databases of a PostgreSQL server; and what kills leave there, and in files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa

from contracts.vault_store import VaultContract, VaultKillContract
from haoma.errors import Conflict
from haoma.storage import open_store

if TYPE_CHECKING:
    from journeys.conftest import Server


class TestPostgres(VaultContract, VaultKillContract):
    """The contract, on a server."""

    @pytest.fixture
    def url(self, postgres: str) -> str:
        return postgres

    @pytest.fixture
    def keys_url(self, postgres_server: Server) -> str:
        return postgres_server.new_database()


class TestSqliteKilled(VaultKillContract):
    """The contract of kills, on files."""

    @pytest.fixture
    def url(self, tmp_path: Path) -> str:
        return f"sqlite:///{tmp_path}/haoma.db"

    @pytest.fixture
    def keys_url(self, tmp_path: Path) -> str:
        return f"sqlite:///{tmp_path}/keys.db"


def test_the_table_of_audit_rows_is_not_emptied_at_once(postgres: str) -> None:
    with open_store(postgres) as store, pytest.raises(Conflict):
        store.write(lambda tx: tx.execute(sa.text("TRUNCATE audit")) and None)
