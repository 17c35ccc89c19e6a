"""The tables of finding customers: searches, references of cases, codes, and when numbers were last shown."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from haoma.storage.columns import Id, Time

revision = "0014_cases"
down_revision = "0013_self"

UUID, SUBJECT, ACTOR, COMMITMENT = 36, 64, 64, 100


def upgrade() -> None:
    """Make them."""
    op.create_table(
        "case_searches",
        sa.Column("search_id", Id, primary_key=True, autoincrement=True),
        sa.Column("actor", sa.String(ACTOR), nullable=False),
        sa.Column("at", Time, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("kept_until", Time, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "case_references",
        sa.Column("reference_id", Id, primary_key=True, autoincrement=True),
        sa.Column("case_id", sa.String(UUID), nullable=False),
        sa.Column("subject", sa.String(SUBJECT), nullable=False),
        sa.Column("reference", sa.String(COMMITMENT), nullable=False),
        sa.Column("ways", sa.String(64), nullable=False),
        sa.Column("updated_at", Time, nullable=True),
        sa.Column("at", Time, nullable=False),
        sa.Column("kept_until", Time, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "case_codes",
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
    )
    op.create_table(
        "case_numbers",
        sa.Column("number_id", Id, primary_key=True, autoincrement=True),
        sa.Column("subject", sa.String(SUBJECT), nullable=False),
        sa.Column("how", sa.String(16), nullable=False),
        sa.Column("shown_at", Time, nullable=False),
        sa.Column("due_at", Time, nullable=False),
        sa.Column("fact_id", sa.BigInteger, nullable=False),
        sa.Column("kept_until", Time, nullable=False),
        sqlite_autoincrement=True,
    )
    indexes = {
        "case_searches": (("actor", "at"), ("kept_until",)),
        "case_references": (("case_id",), ("subject",), ("at",), ("kept_until",)),
        "case_codes": (("case_id", "sent_at"), ("subject", "sent_at"), ("actor", "sent_at"), ("kept_until",)),
        "case_numbers": (("subject",), ("kept_until",)),
    }
    for table, listed in indexes.items():
        for columns in listed:
            op.create_index(f"ix_{table}_{columns[0].removesuffix('_id')}", table, list(columns))
