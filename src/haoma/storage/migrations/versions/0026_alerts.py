"""Alerts of the counts, how far they were judged, and what the detector knew then."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from haoma.storage.columns import Time

revision = "0026_alerts"
down_revision = "0025_improve_tenants"

UUID, WORD, DIGEST = 36, 32, 64


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "watch_alerts",
        sa.Column("alert_id", sa.String(UUID), primary_key=True),
        sa.Column("hotline", sa.BigInteger, nullable=False),
        sa.Column("opened", sa.BigInteger, nullable=False),
        sa.Column("closed", sa.BigInteger, nullable=True),
        sa.Column("channel", sa.String(WORD), nullable=False),
        sa.Column("score", sa.Integer, nullable=False),
        sa.Column("state", sa.String(WORD), nullable=False),
        sa.Column("found_at", Time, nullable=False),
        sa.Column("over_at", Time, nullable=True),
        sa.Column("incident", sa.String(UUID), nullable=True),
        sa.Column("document", sa.Text, nullable=False),
        sa.Column("digest", sa.String(DIGEST), nullable=False),
        sa.Column("entry_id", sa.BigInteger, nullable=False),
        sa.Column("over_entry_id", sa.BigInteger, nullable=True),
        sa.UniqueConstraint("hotline", "opened"),
    )
    op.create_index("ix_watch_alerts_state", "watch_alerts", ["state"])
    op.create_table(
        "watch_progress",
        sa.Column("name", sa.String(WORD), primary_key=True),
        sa.Column("minute", sa.BigInteger, nullable=False),
        sa.Column("cursor", sa.BigInteger, nullable=False),
        sa.Column("at", Time, nullable=False),
    )
    op.create_table(
        "watch_states",
        sa.Column("minute", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("block", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("tuning", sa.String(DIGEST), nullable=False),
        sa.Column("hotlines", sa.LargeBinary, nullable=False),
        sa.Column("state", sa.LargeBinary, nullable=False),
    )
