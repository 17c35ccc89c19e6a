"""Which areas customers were asked about within a day, as commitments."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from haoma.storage.columns import Id, Time

revision = "0017_areas"
down_revision = "0016_queue"


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "locate_areas",
        sa.Column("asked_id", Id, autoincrement=True),
        sa.Column("subject", sa.String(64), nullable=False),
        sa.Column("area", sa.String(128), nullable=False),
        sa.Column("asked_at", Time, nullable=False),
        sa.Column("until", Time, nullable=False),
        sa.PrimaryKeyConstraint("asked_id", name="pk_locate_areas"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_locate_areas_subject", "locate_areas", ["subject", "until"])
    op.create_index("ix_locate_areas_until", "locate_areas", ["until"])
