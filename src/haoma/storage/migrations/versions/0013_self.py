"""The customer's own page: links to questions, doors to what is theirs, positions that they shared."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from haoma.storage.columns import Time

revision = "0013_self"
down_revision = "0012_alarms"

DIGEST, UUID, WORD, SUBJECT, COMMITMENT = 64, 36, 64, 64, 100


def upgrade() -> None:
    """Make the column and the tables."""
    op.add_column("consent_requests", sa.Column("handle", sa.String(DIGEST), nullable=True))
    op.create_index("ix_consent_requests_handle", "consent_requests", ["handle"])
    op.create_table(
        "consent_doors",
        sa.Column("digest", sa.String(DIGEST), primary_key=True),
        sa.Column("subject", sa.String(SUBJECT), nullable=False),
        sa.Column("grant_id", sa.String(UUID), nullable=True),
        sa.Column("code", sa.String(COMMITMENT), nullable=True),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("asked_at", Time, nullable=False),
        sa.Column("expires_at", Time, nullable=False),
        sa.Column("kept_until", Time, nullable=False),
    )
    op.create_index("ix_consent_doors_subject", "consent_doors", ["subject", "asked_at"])
    op.create_index("ix_consent_doors_kept_until", "consent_doors", ["kept_until"])
    op.create_table(
        "locate_shared",
        sa.Column("grant_id", sa.String(UUID), primary_key=True),
        sa.Column("subject", sa.String(SUBJECT), nullable=False),
        sa.Column("purpose", sa.String(WORD), nullable=False),
        sa.Column("key_id", sa.String(64), nullable=False),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.Column("shared_at", Time, nullable=False),
        sa.Column("until", Time, nullable=False),
        sa.CheckConstraint("until <= shared_at + 86400000000", name="kept_for_a_day"),
    )
    op.create_index("ix_locate_shared_subject", "locate_shared", ["subject", "purpose"])
    op.create_index("ix_locate_shared_until", "locate_shared", ["until"])
    op.create_index("ix_locate_shared_key_id", "locate_shared", ["key_id"])
