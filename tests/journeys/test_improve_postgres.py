"""Trials and samples on PostgreSQL."""

from __future__ import annotations

from contracts.databases import OnServer
from contracts.improve import ImproveContract


class TestOnPostgres(OnServer, ImproveContract):
    pass
