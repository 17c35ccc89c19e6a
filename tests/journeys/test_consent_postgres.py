"""A team keeps consents on a PostgreSQL server."""

from __future__ import annotations

from contracts.consent_store import ConsentContract
from contracts.databases import OnServer


class TestPostgres(OnServer, ConsentContract):
    """The contract, on a server."""
