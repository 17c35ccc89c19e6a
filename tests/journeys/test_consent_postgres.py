"""A team keeps consents on a PostgreSQL server; and what kills leave there and in a file."""

from __future__ import annotations

from contracts.consent_store import ConsentContract, ConsentKillContract
from contracts.databases import OnFiles, OnServer


class TestPostgres(OnServer, ConsentContract, ConsentKillContract):
    """The contract, on a server."""


class TestSqliteKilled(OnFiles, ConsentKillContract):
    """The contract of kills, on a file."""
