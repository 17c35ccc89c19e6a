"""A team keeps its data and its keys in two databases of a PostgreSQL server."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa

from contracts.vault_store import VaultContract
from haoma.errors import Conflict
from haoma.storage import open_store

if TYPE_CHECKING:
    from journeys.conftest import Server


class TestPostgres(VaultContract):
    """The contract, on a server."""

    @pytest.fixture
    def url(self, postgres: str) -> str:
        return postgres

    @pytest.fixture
    def keys_url(self, postgres_server: Server) -> str:
        return postgres_server.new_database()


def test_the_table_of_audit_rows_is_not_emptied_at_once(postgres: str) -> None:
    with open_store(postgres) as store, pytest.raises(Conflict):
        store.write(lambda tx: tx.execute(sa.text("TRUNCATE audit")) and None)
