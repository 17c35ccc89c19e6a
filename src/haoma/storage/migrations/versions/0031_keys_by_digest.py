"""A key is found by its digest: each request that shows a token looks for one among all keys of all tenants."""

from __future__ import annotations

from alembic import op

revision = "0031_keys_by_digest"
down_revision = "0030_crawl_drawings"


def upgrade() -> None:
    """Add the index."""
    op.create_index("uq_access_keys_digest", "access_keys", ["digest"], unique=True)
