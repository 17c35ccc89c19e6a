"""The registry on PostgreSQL."""

from __future__ import annotations

from contracts.databases import OnServer
from contracts.registry import RegistryContract


class TestOnPostgres(OnServer, RegistryContract):
    pass
