"""Pictures that were drawn of pages after they were fetched without a browser."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from haoma.storage.columns import Time

revision = "0030_crawl_drawings"
down_revision = "0029_messages"

UUID, DIGEST = 36, 64


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "crawl_drawings",
        sa.Column("snapshot_id", sa.String(UUID), primary_key=True),
        sa.Column("digest", sa.String(DIGEST), nullable=False),
        sa.Column("drawn_at", Time, nullable=False),
        sa.Column("entry_id", sa.BigInteger, nullable=False),
    )
