"""A team keeps its people, keys and approvals on a PostgreSQL server."""

from __future__ import annotations

import pytest

from contracts.access_store import AccessContract


@pytest.fixture
def url(postgres: str) -> str:
    return postgres


class TestPostgres(AccessContract):
    """The contract, on a server."""
