from __future__ import annotations

from contracts.databases import OnFiles
from contracts.lineage_store import LineageContract


class TestSqlite(OnFiles, LineageContract):
    """The contract, on a file."""
