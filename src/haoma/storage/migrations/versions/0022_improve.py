"""Trials of measures against wrong hotlines, and samples by mystery shoppers."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from haoma.storage.columns import Time

revision = "0022_improve"
down_revision = "0021_incidents"

UUID, NAME, WORD, MONTH, SEED, DIGEST, UID, CHANNEL = 36, 200, 32, 7, 64, 64, 64, 200


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "improve_trials",
        sa.Column("trial_id", sa.String(UUID), primary_key=True),
        sa.Column("name", sa.String(NAME), nullable=False),
        sa.Column("measure", sa.String(WORD), nullable=False),
        sa.Column("unit", sa.String(NAME), nullable=False),
        sa.Column("better", sa.String(WORD), nullable=False),
        sa.Column("planned", sa.Integer, nullable=False),
        sa.Column("starts_at", Time, nullable=False),
        sa.Column("ends_at", Time, nullable=False),
        sa.Column("recorded_at", Time, nullable=False),
        sa.Column("recorded_by", sa.String(UUID), nullable=False),
        sa.Column("entry_id", sa.BigInteger, nullable=False),
        sa.CheckConstraint("starts_at < ends_at", name="times_in_order"),
        sa.CheckConstraint("planned > 0", name="planned"),
    )
    op.create_table(
        "improve_arms",
        sa.Column("trial_id", sa.String(UUID), sa.ForeignKey("improve_trials.trial_id"), primary_key=True),
        sa.Column("arm", sa.String(1), primary_key=True),
        sa.Column("events", sa.Integer, nullable=False),
        sa.Column("size", sa.Integer, nullable=False),
        sa.Column("recorded_at", Time, nullable=False),
        sa.Column("recorded_by", sa.String(UUID), nullable=False),
        sa.Column("entry_id", sa.BigInteger, nullable=False),
        sa.CheckConstraint("events >= 0 AND size > 0", name="counted"),
    )
    op.create_table(
        "improve_samples",
        sa.Column("sample_id", sa.String(UUID), primary_key=True),
        sa.Column("month", sa.String(MONTH), nullable=False, unique=True),
        sa.Column("seed", sa.String(SEED), nullable=False),
        sa.Column("frame", sa.Integer, nullable=False),
        sa.Column("frame_digest", sa.String(DIGEST), nullable=False),
        sa.Column("drawn_at", Time, nullable=False),
        sa.Column("drawn_by", sa.String(UUID), nullable=False),
        sa.Column("entry_id", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "improve_visits",
        sa.Column("sample_id", sa.String(UUID), sa.ForeignKey("improve_samples.sample_id"), primary_key=True),
        sa.Column("place", sa.Integer, primary_key=True),
        sa.Column("hotline", sa.String(UID), nullable=False),
        sa.Column("channel", sa.String(CHANNEL), nullable=False),
        sa.Column("outcome", sa.String(WORD), nullable=True),
        sa.Column("visited_at", Time, nullable=True),
        sa.Column("visited_by", sa.String(UUID), nullable=True),
        sa.Column("entry_id", sa.BigInteger, nullable=True),
    )
