"""A team keeps its facts on a PostgreSQL server."""

from __future__ import annotations

import pytest

from contracts.lineage_store import LineageContract


@pytest.fixture
def url(postgres: str) -> str:
    return postgres


class TestPostgres(LineageContract):
    """The contract, on a server."""
