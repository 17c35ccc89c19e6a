"""Where positions that customers shared lie in the database: `locate_shared` has one for a consent, sealed."""

from __future__ import annotations

import sqlalchemy as sa

from haoma.storage import Time, metadata

__all__ = ["shared"]

UUID, WORD, SUBJECT = 36, 64, 64

shared = sa.Table(
    "locate_shared",
    metadata,
    sa.Column("grant_id", sa.String(UUID), primary_key=True),
    sa.Column("subject", sa.String(SUBJECT), nullable=False),
    sa.Column("purpose", sa.String(WORD), nullable=False),
    sa.Column("key_id", sa.String(64), nullable=False),
    sa.Column("sealed", sa.LargeBinary, nullable=False),
    sa.Column("shared_at", Time, nullable=False),
    sa.Column("until", Time, nullable=False),
    sa.CheckConstraint("until <= shared_at + 86400000000", name="kept_for_a_day"),
    sa.Index("ix_locate_shared_subject", "subject", "purpose"),
    sa.Index("ix_locate_shared_until", "until"),
    sa.Index("ix_locate_shared_key_id", "key_id"),
)
