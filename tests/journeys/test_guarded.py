"""What two others approved is run to its end, on a PostgreSQL server as in files, when the process is killed."""

from __future__ import annotations

from contracts.databases import OnFiles, OnServer
from contracts.guarded import GuardedKillContract


class TestPostgres(OnServer, GuardedKillContract):
    """The contract, on a server."""


class TestSqlite(OnFiles, GuardedKillContract):
    """The contract, on files."""
