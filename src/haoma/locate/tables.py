"""Where disclosures of places lie in the database: to whom, for what, by which permission; never which place.

`locate_disclosures` has a row for each answer that told something of a place; `locate_counts` how many there were by
operator, recipient, purpose and day; whether an alarm is due over them, over which answer, and when it was sounded;
`locate_areas` which areas a customer was asked about within a day, as commitments.
"""

from __future__ import annotations

import sqlalchemy as sa

from haoma.storage import Id, Time, metadata

__all__ = ["areas", "counts", "disclosures"]

UUID, TENANT, WORD, SUBJECT, ACTOR, COMMITMENT = 36, 24, 64, 64, 64, 128

disclosures = sa.Table(
    "locate_disclosures",
    metadata,
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
    sa.Index("ix_locate_disclosures_grant", "grant_id"),
    sa.Index("ix_locate_disclosures_tenant", "tenant", "at"),
    sa.Index("ix_locate_disclosures_kept_until", "kept_until"),
    sqlite_autoincrement=True,
)
counts = sa.Table(
    "locate_counts",
    metadata,
    sa.Column("tenant", sa.String(TENANT), primary_key=True),
    sa.Column("actor", sa.String(ACTOR), primary_key=True),
    sa.Column("recipient", sa.String(WORD), primary_key=True),
    sa.Column("purpose", sa.String(WORD), primary_key=True),
    sa.Column("day", sa.String(10), primary_key=True),
    sa.Column("disclosed", sa.Integer, nullable=False),
    sa.Column("alarmed", sa.Boolean, nullable=False),
    sa.Column("kept_until", Time, nullable=False),
    sa.Column("alarm_entry_id", sa.BigInteger, nullable=True),
    sa.Column("sounded_at", Time, nullable=True),
    sa.Index("ix_locate_counts_kept_until", "kept_until"),
    sa.Index("ix_locate_counts_alarmed", "alarmed", "sounded_at"),
)
areas = sa.Table(
    "locate_areas",
    metadata,
    sa.Column("asked_id", Id, primary_key=True, autoincrement=True),
    sa.Column("subject", sa.String(SUBJECT), nullable=False),
    sa.Column("area", sa.String(COMMITMENT), nullable=False),
    sa.Column("asked_at", Time, nullable=False),
    sa.Column("until", Time, nullable=False),
    sa.Index("ix_locate_areas_subject", "subject", "until"),
    sa.Index("ix_locate_areas_until", "until"),
    sqlite_autoincrement=True,
)
