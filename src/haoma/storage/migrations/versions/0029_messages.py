"""Every message that was counted is committed to in the log, and says who of the customers' page had it sent.

Those counted before are in no entry, and go: a day's limits begin anew.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from haoma.storage.columns import Time

revision = "0029_messages"
down_revision = "0028_arrivals"

UUID, TENANT, WORD, SUBJECT, COMMITMENT = 36, 24, 16, 64, 100


def upgrade() -> None:
    """Make the table anew."""
    op.drop_table("consent_messages")
    op.create_table(
        "consent_messages",
        sa.Column("message_id", sa.String(UUID), primary_key=True),
        sa.Column("tenant", sa.String(TENANT), nullable=False),
        sa.Column("subject", sa.String(SUBJECT), nullable=True),
        sa.Column("asker", sa.String(COMMITMENT), nullable=True),
        sa.Column("kind", sa.String(WORD), nullable=False),
        sa.Column("at", Time, nullable=False),
        sa.Column("commitment", sa.String(COMMITMENT), nullable=False),
        sa.Column("entry_id", sa.BigInteger, nullable=False),
        sa.Column("kept_until", Time, nullable=False),
    )
    op.create_index("ix_consent_messages_subject", "consent_messages", ["subject", "at"])
    op.create_index("ix_consent_messages_kind", "consent_messages", ["tenant", "kind", "at"])
    op.create_index("ix_consent_messages_kept_until", "consent_messages", ["kept_until"])
