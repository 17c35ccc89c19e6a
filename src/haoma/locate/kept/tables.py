"""Where the places that cases keep lie in the database.

`locate_case_places` has a row for each, sealed under a key of its own; until when it is kept, and by which approved
request where that is for longer than usual.
"""

from __future__ import annotations

import sqlalchemy as sa

from haoma.storage import Time, metadata

__all__ = ["case_places"]

UUID, WORD, SUBJECT = 36, 64, 64

case_places = sa.Table(
    "locate_case_places",
    metadata,
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
    sa.Index("ix_locate_case_places_until", "until"),
    sa.Index("ix_locate_case_places_subject", "subject", "purpose"),
    sa.Index("ix_locate_case_places_case_id", "case_id"),
)
