"""Where it lies by which reference a case was opened, and when a number was last shown to be its customer's.

`case_searches` has a row for each time the CRM was asked, and how it came out, so that nobody reads it out id by id.
`case_references` holds the reference of a case as a commitment, with what the customer can be offered instead of a
place. `case_codes` are codes under way. `case_numbers` says when a number was last shown to be its holder's, by what,
and when that has to be shown again. Subjects are tokens: no number, order or customer's id is here.
"""

from __future__ import annotations

import sqlalchemy as sa

from haoma.storage import Id, Time, metadata

__all__ = ["codes", "numbers", "references", "searches"]

UUID, SUBJECT, ACTOR, COMMITMENT = 36, 64, 64, 100

searches = sa.Table(
    "case_searches",
    metadata,
    sa.Column("search_id", Id, primary_key=True, autoincrement=True),
    sa.Column("actor", sa.String(ACTOR), nullable=False),
    sa.Column("at", Time, nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("kept_until", Time, nullable=False),
    sa.Index("ix_case_searches_actor", "actor", "at"),
    sa.Index("ix_case_searches_kept_until", "kept_until"),
    sqlite_autoincrement=True,
)
references = sa.Table(
    "case_references",
    metadata,
    sa.Column("reference_id", Id, primary_key=True, autoincrement=True),
    sa.Column("case_id", sa.String(UUID), nullable=False),
    sa.Column("subject", sa.String(SUBJECT), nullable=False),
    sa.Column("reference", sa.String(COMMITMENT), nullable=False),
    sa.Column("ways", sa.String(64), nullable=False),
    sa.Column("updated_at", Time, nullable=True),
    sa.Column("at", Time, nullable=False),
    sa.Column("kept_until", Time, nullable=False),
    sa.Index("ix_case_references_case", "case_id"),
    sa.Index("ix_case_references_subject", "subject"),
    sa.Index("ix_case_references_at", "at"),
    sa.Index("ix_case_references_kept_until", "kept_until"),
    sqlite_autoincrement=True,
)
codes = sa.Table(
    "case_codes",
    metadata,
    sa.Column("code_id", sa.String(UUID), primary_key=True),
    sa.Column("case_id", sa.String(UUID), nullable=False),
    sa.Column("subject", sa.String(SUBJECT), nullable=False),
    sa.Column("actor", sa.String(ACTOR), nullable=False),
    sa.Column("code", sa.String(COMMITMENT), nullable=False),
    sa.Column("sent_at", Time, nullable=False),
    sa.Column("expires_at", Time, nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("kept_until", Time, nullable=False),
    sa.Index("ix_case_codes_case", "case_id", "sent_at"),
    sa.Index("ix_case_codes_subject", "subject", "sent_at"),
    sa.Index("ix_case_codes_actor", "actor", "sent_at"),
    sa.Index("ix_case_codes_kept_until", "kept_until"),
)
numbers = sa.Table(
    "case_numbers",
    metadata,
    sa.Column("number_id", Id, primary_key=True, autoincrement=True),
    sa.Column("subject", sa.String(SUBJECT), nullable=False),
    sa.Column("how", sa.String(16), nullable=False),
    sa.Column("shown_at", Time, nullable=False),
    sa.Column("due_at", Time, nullable=False),
    sa.Column("fact_id", sa.BigInteger, nullable=False),
    sa.Column("kept_until", Time, nullable=False),
    sa.Index("ix_case_numbers_subject", "subject"),
    sa.Index("ix_case_numbers_kept_until", "kept_until"),
    sqlite_autoincrement=True,
)
