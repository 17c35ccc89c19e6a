from __future__ import annotations

from pathlib import Path

import pytest

from contracts.vault_store import VaultContract


class TestSqlite(VaultContract):
    """The contract, on files."""

    @pytest.fixture
    def url(self, tmp_path: Path) -> str:
        return f"sqlite:///{tmp_path}/haoma.db"

    @pytest.fixture
    def keys_url(self, tmp_path: Path) -> str:
        return f"sqlite:///{tmp_path}/keys.db"
