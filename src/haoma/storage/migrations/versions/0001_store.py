"""What is known of the store as a whole."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001_store"
down_revision = None


def upgrade() -> None:
    """Create store_info."""
    op.create_table(
        "store_info",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("value", sa.Text, nullable=False),
    )
