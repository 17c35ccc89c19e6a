"""How long counts took to come, and up to which minute somebody looks at them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0028_arrivals"
down_revision = "0027_crawl_tries"

WORD = 32


def upgrade() -> None:
    """Nobody timed what is there already."""
    op.add_column("watch_hours", sa.Column("arrived", sa.LargeBinary, nullable=True))
    op.create_table(
        "watch_readers",
        sa.Column("name", sa.String(WORD), primary_key=True),
        sa.Column("minute", sa.BigInteger, nullable=False),
    )
