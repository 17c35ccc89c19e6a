from __future__ import annotations

from contracts.databases import OnFiles
from contracts.vault_store import VaultContract


class TestSqlite(OnFiles, VaultContract):
    """The contract, on files."""
