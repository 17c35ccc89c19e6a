"""An alarm over disclosures is due until somebody has heard it. Those of before are taken for heard."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from haoma.storage.columns import Time

revision = "0012_alarms"
down_revision = "0011_aliases"


def upgrade() -> None:
    """Add the columns."""
    op.add_column("locate_counts", sa.Column("alarm_entry_id", sa.BigInteger, nullable=True))
    op.add_column("locate_counts", sa.Column("sounded_at", Time, nullable=True))
    op.create_index("ix_locate_counts_alarmed", "locate_counts", ["alarmed", "sounded_at"])
    op.execute("UPDATE locate_counts SET sounded_at = kept_until WHERE alarmed")
