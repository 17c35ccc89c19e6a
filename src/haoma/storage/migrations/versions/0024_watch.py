"""Counts of hotlines by the minute, packed by the hour; by month on PostgreSQL."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from haoma.storage.columns import Id, Time

revision = "0024_watch"
down_revision = "0023_above"

UUID, NAME = 36, 64


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "watch_hotlines",
        sa.Column("series_id", Id, primary_key=True, autoincrement=True),
        sa.Column("tenant_id", sa.String(UUID), sa.ForeignKey("access_tenants.tenant_id"), nullable=False),
        sa.Column("name", sa.String(NAME), nullable=False),
        sa.UniqueConstraint("tenant_id", "name"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "watch_signals",
        sa.Column("tenant_id", sa.String(UUID), sa.ForeignKey("access_tenants.tenant_id"), primary_key=True),
        sa.Column("signal", sa.Integer, primary_key=True),
        sa.Column("name", sa.String(NAME), nullable=False),
        sa.UniqueConstraint("tenant_id", "name"),
    )
    op.create_table(
        "watch_hours",
        sa.Column("hour", Time, primary_key=True),
        sa.Column("series_id", sa.BigInteger, sa.ForeignKey("watch_hotlines.series_id"), primary_key=True),
        sa.Column("packed", sa.LargeBinary, nullable=False),
        sa.Column("revised", sa.LargeBinary, nullable=True),
        sqlite_with_rowid=False,
        postgresql_partition_by="RANGE (hour)",
    )
    op.create_table(
        "watch_changes",
        sa.Column("change_id", Id, primary_key=True, autoincrement=True),
        sa.Column("minute", sa.Integer, nullable=False),
        sa.Column("series", sa.LargeBinary, nullable=False),
        sa.Column("at", Time, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_watch_changes_at", "watch_changes", ["at"])
    if op.get_bind().dialect.name == "postgresql":
        # What comes for a month that has no partition yet, as out of a backup.
        op.execute("CREATE TABLE watch_hours_other PARTITION OF watch_hours DEFAULT")
