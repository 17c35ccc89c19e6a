"""Facts on a PostgreSQL server as in a file, and on both when the process is killed."""

from __future__ import annotations

from contracts.databases import OnFiles, OnServer
from contracts.lineage_store import LineageContract, LineageKillContract


class TestPostgres(OnServer, LineageContract, LineageKillContract):
    """The contract, on a server."""


class TestSqliteKilled(OnFiles, LineageKillContract):
    """The contract of kills, on a file."""
