"""The watch on PostgreSQL."""

from __future__ import annotations

from contracts.databases import OnServer
from contracts.watch import WatchContract


class TestOnPostgres(OnServer, WatchContract):
    pass
