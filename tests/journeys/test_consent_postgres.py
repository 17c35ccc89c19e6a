"""A team keeps consents on a PostgreSQL server."""

from __future__ import annotations

import pytest

from contracts.consent_store import ConsentContract


@pytest.fixture
def url(postgres: str) -> str:
    return postgres


class TestPostgres(ConsentContract):
    """The contract, on a server."""
