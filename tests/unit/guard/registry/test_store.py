from __future__ import annotations

from contracts.databases import OnFiles
from contracts.registry import RegistryContract


class TestOnSqlite(OnFiles, RegistryContract):
    pass
