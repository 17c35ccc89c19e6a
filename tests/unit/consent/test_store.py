from __future__ import annotations

from contracts.consent_store import ConsentContract
from contracts.databases import OnFiles


class TestSqlite(OnFiles, ConsentContract):
    """The contract, on a file."""
