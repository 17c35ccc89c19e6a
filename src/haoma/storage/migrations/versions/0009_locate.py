"""The tables of disclosures of places."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from haoma.storage.columns import Id, Time

revision = "0009_locate"
down_revision = "0008_api"

UUID, TENANT, WORD, SUBJECT, ACTOR = 36, 24, 64, 64, 64


def upgrade() -> None:
    """Make them."""
    op.create_table(
        "locate_disclosures",
        sa.Column("disclosure_id", Id, primary_key=True, autoincrement=True),
        sa.Column("tenant", sa.String(TENANT), nullable=False),
        sa.Column("actor", sa.String(ACTOR), nullable=False),
        sa.Column("recipient", sa.String(WORD), nullable=False),
        sa.Column("purpose", sa.String(WORD), nullable=False),
        sa.Column("subject", sa.String(SUBJECT), nullable=False),
        sa.Column("question", sa.String(16), nullable=False),
        sa.Column("granularity", sa.String(16), nullable=False),
        sa.Column("grant_id", sa.String(UUID), nullable=False),
        sa.Column("at", Time, nullable=False),
        sa.Column("entry_id", sa.BigInteger, nullable=False),
        sa.Column("kept_until", Time, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_locate_disclosures_grant", "locate_disclosures", ["grant_id"])
    op.create_index("ix_locate_disclosures_tenant", "locate_disclosures", ["tenant", "at"])
    op.create_index("ix_locate_disclosures_kept_until", "locate_disclosures", ["kept_until"])
    op.create_table(
        "locate_counts",
        sa.Column("tenant", sa.String(TENANT), primary_key=True),
        sa.Column("actor", sa.String(ACTOR), primary_key=True),
        sa.Column("recipient", sa.String(WORD), primary_key=True),
        sa.Column("purpose", sa.String(WORD), primary_key=True),
        sa.Column("day", sa.String(10), primary_key=True),
        sa.Column("disclosed", sa.Integer, nullable=False),
        sa.Column("alarmed", sa.Boolean, nullable=False),
        sa.Column("kept_until", Time, nullable=False),
    )
    op.create_index("ix_locate_counts_kept_until", "locate_counts", ["kept_until"])
