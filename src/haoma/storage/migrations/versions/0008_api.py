"""The answers that were given to requests which changed something over HTTP."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from haoma.storage.columns import Time

revision = "0008_api"
down_revision = "0007_sealed_facts"

UUID, DIGEST, COMMITMENT = 36, 32, 100


def upgrade() -> None:
    """Make it."""
    op.create_table(
        "api_answers",
        sa.Column("caller", sa.String(UUID), primary_key=True),
        sa.Column("digest", sa.LargeBinary(DIGEST), primary_key=True),
        sa.Column("commitment", sa.String(COMMITMENT), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("status", sa.Integer, nullable=True),
        sa.Column("sealed", sa.LargeBinary, nullable=True),
        sa.Column("at", Time, nullable=False),
        sa.Column("kept_until", Time, nullable=False),
    )
    op.create_index("ix_api_answers_kept_until", "api_answers", ["kept_until"])
