"""A team keeps its people, keys and approvals on a PostgreSQL server; and what kills leave there and in a file."""

from __future__ import annotations

from contracts.access_store import AccessContract, AccessKillContract
from contracts.databases import OnFiles, OnServer


class TestPostgres(OnServer, AccessContract, AccessKillContract):
    """The contract, on a server."""


class TestSqliteKilled(OnFiles, AccessKillContract):
    """The contract of kills, on a file."""
