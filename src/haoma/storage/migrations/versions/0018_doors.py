"""Doors of the customers' page are vouched for by the key store, and every message to a number is counted.

Doors from before are of nobody's hand that could be shown, and go: a code is good for five minutes, a session for a
quarter of an hour.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from haoma.storage.columns import Id, Time

revision = "0018_doors"
down_revision = "0017_areas"

UUID, TENANT, WORD, SUBJECT, COMMITMENT, DIGEST = 36, 24, 16, 64, 100, 64


def upgrade() -> None:
    """Make the one table anew, and the other."""
    op.drop_table("consent_doors")
    op.create_table(
        "consent_doors",
        sa.Column("digest", sa.String(DIGEST), primary_key=True),
        sa.Column("subject", sa.String(SUBJECT), nullable=False),
        sa.Column("grant_id", sa.String(UUID), nullable=True),
        sa.Column("code", sa.String(COMMITMENT), nullable=True),
        sa.Column("sealed", sa.LargeBinary, nullable=True),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("state", sa.String(WORD), nullable=False),
        sa.Column("since", Time, nullable=False),
        sa.Column("asked_at", Time, nullable=False),
        sa.Column("expires_at", Time, nullable=False),
        sa.Column("binding", sa.String(COMMITMENT), nullable=False),
        sa.Column("kept_until", Time, nullable=False),
    )
    op.create_index("ix_consent_doors_subject", "consent_doors", ["subject", "asked_at"])
    op.create_index("ix_consent_doors_kept_until", "consent_doors", ["kept_until"])
    op.create_table(
        "consent_messages",
        sa.Column("message_id", Id, primary_key=True, autoincrement=True),
        sa.Column("tenant", sa.String(TENANT), nullable=False),
        sa.Column("subject", sa.String(SUBJECT), nullable=True),
        sa.Column("kind", sa.String(WORD), nullable=False),
        sa.Column("at", Time, nullable=False),
        sa.Column("kept_until", Time, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_consent_messages_subject", "consent_messages", ["subject", "at"])
    op.create_index("ix_consent_messages_kind", "consent_messages", ["tenant", "kind", "at"])
    op.create_index("ix_consent_messages_kept_until", "consent_messages", ["kept_until"])
