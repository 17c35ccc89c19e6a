from __future__ import annotations

from contracts.access_store import AccessContract
from contracts.databases import OnFiles


class TestSqlite(OnFiles, AccessContract):
    """The contract, on a file."""
