"""The table of places that cases keep, and what retention finds cases and requests by."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from haoma.storage.columns import Time

revision = "0015_case_places"
down_revision = "0014_cases"

UUID, WORD, SUBJECT = 36, 64, 64


def upgrade() -> None:
    """Make them."""
    op.create_table(
        "locate_case_places",
        sa.Column("place_id", sa.String(UUID), primary_key=True),
        sa.Column("class", sa.String(32), nullable=False),
        sa.Column("case_id", sa.String(UUID), nullable=False),
        sa.Column("subject", sa.String(SUBJECT), nullable=False),
        sa.Column("purpose", sa.String(WORD), nullable=False),
        sa.Column("key_id", sa.String(64), nullable=False),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.Column("kept_at", Time, nullable=False),
        sa.Column("until", Time, nullable=False),
        sa.Column("approval_id", sa.String(UUID), nullable=True),
        sa.CheckConstraint(
            "until <= kept_at + 15552000000000 OR (approval_id IS NOT NULL AND until <= kept_at + 63072000000000)",
            name="kept_as_approved",
        ),
    )
    op.create_index("ix_locate_case_places_until", "locate_case_places", ["until"])
    op.create_index("ix_locate_case_places_subject", "locate_case_places", ["subject", "purpose"])
    op.create_index("ix_locate_case_places_case_id", "locate_case_places", ["case_id"])
    op.create_index("ix_access_cases_closes_at", "access_cases", ["closes_at"])
    op.create_index("ix_access_approvals_expires_at", "access_approvals", ["expires_at"])
