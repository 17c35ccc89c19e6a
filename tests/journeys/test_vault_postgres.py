"""A team keeps data and keys in two databases of a PostgreSQL server; and what kills leave there, and in files."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from contracts.databases import OnFiles, OnServer
from contracts.made import made
from contracts.vault_store import VaultContract, VaultKillContract
from haoma.errors import Conflict
from haoma.storage import open_store


class TestPostgres(OnServer, VaultContract, VaultKillContract):
    """The contract, on a server."""


class TestSqliteKilled(OnFiles, VaultKillContract):
    """The contract of kills, on files."""


def test_the_table_of_audit_rows_is_not_emptied_at_once(postgres: str) -> None:
    with open_store(made(postgres)) as store, pytest.raises(Conflict):
        store.write(lambda tx: tx.execute(sa.text("TRUNCATE audit")) and None)
