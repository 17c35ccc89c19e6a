"""The watch on PostgreSQL, and under kills."""

from __future__ import annotations

from contracts.databases import OnFiles, OnServer
from contracts.watch import WatchContract, WatchKillContract


class TestOnPostgres(OnServer, WatchContract):
    pass


class TestSqliteKilled(OnFiles, WatchKillContract):
    pass
