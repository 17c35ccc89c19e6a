"""Pages that no picture could be drawn of, so that nobody waits for the same failure twice."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from haoma.storage.columns import Time

revision = "0032_crawl_undrawn"
down_revision = "0031_keys_by_digest"

UUID, WORD = 36, 16


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "crawl_undrawn",
        sa.Column("snapshot_id", sa.String(UUID), primary_key=True),
        sa.Column("why", sa.String(WORD), nullable=False),
        sa.Column("tried_at", Time, nullable=False),
        sa.Column("entry_id", sa.BigInteger, nullable=False),
    )
