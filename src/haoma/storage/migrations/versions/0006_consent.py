"""The tables of consent: recipients, notices, requests, refusals, grants, erasures, deliveries, emergencies."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from haoma.storage.columns import Id, Time

revision = "0006_consent"
down_revision = "0005_access"

UUID, TENANT, WORD, SUBJECT, COMMITMENT = 36, 24, 64, 64, 100


def upgrade() -> None:
    """Make them."""
    _offers()
    _requests()
    _grants()
    _after()


def _offers() -> None:
    op.create_table(
        "consent_recipients",
        sa.Column("tenant", sa.String(TENANT), primary_key=True),
        sa.Column("recipient", sa.String(WORD), primary_key=True),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("contact", sa.String(200), nullable=False),
        sa.Column("webhook", sa.String(500), nullable=False),
        sa.Column("added_at", Time, nullable=False),
    )
    op.create_table(
        "consent_notices",
        sa.Column("tenant", sa.String(TENANT), primary_key=True),
        sa.Column("purpose", sa.String(WORD), primary_key=True),
        sa.Column("recipient", sa.String(WORD), primary_key=True),
        sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("published_at", Time, nullable=False),
        sa.Column("entry_id", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "consent_assessments",
        sa.Column("tenant", sa.String(TENANT), primary_key=True),
        sa.Column("purpose", sa.String(WORD), primary_key=True),
        sa.Column("digest", sa.String(64), primary_key=True),
        sa.Column("stored_at", Time, nullable=False),
        sa.Column("until", Time, nullable=False),
        sa.Column("entry_id", sa.BigInteger, nullable=False),
        sa.Column("kept_until", Time, nullable=False),
    )
    op.create_index("ix_consent_assessments_kept_until", "consent_assessments", ["kept_until"])


def _requests() -> None:
    op.create_table(
        "consent_requests",
        sa.Column("request_id", sa.String(UUID), primary_key=True),
        sa.Column("subject", sa.String(SUBJECT), nullable=False),
        sa.Column("purpose", sa.String(WORD), nullable=False),
        sa.Column("recipient", sa.String(WORD), nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("granularity", sa.String(16), nullable=False),
        sa.Column("sources", sa.String(100), nullable=False),
        sa.Column("days", sa.Integer, nullable=False),
        sa.Column("channel", sa.String(16), nullable=False),
        sa.Column("call_id", sa.String(WORD), nullable=True),
        sa.Column("language", sa.String(8), nullable=False),
        sa.Column("holder", sa.String(16), nullable=False),
        sa.Column("guardian", sa.String(SUBJECT), nullable=True),
        sa.Column("asker", sa.String(WORD), nullable=False),
        sa.Column("asked_at", Time, nullable=False),
        sa.Column("expires_at", Time, nullable=False),
        sa.Column("code", sa.String(COMMITMENT), nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("kept_until", Time, nullable=False),
    )
    op.create_index("ix_consent_requests_subject", "consent_requests", ["subject", "asked_at"])
    op.create_index("ix_consent_requests_asker", "consent_requests", ["asker", "asked_at"])
    op.create_index("ix_consent_requests_asked_at", "consent_requests", ["asked_at"])
    op.create_index("ix_consent_requests_kept_until", "consent_requests", ["kept_until"])
    op.create_table(
        "consent_refusals",
        sa.Column("refusal_id", Id, primary_key=True, autoincrement=True),
        sa.Column("subject", sa.String(SUBJECT), nullable=False),
        sa.Column("purpose", sa.String(WORD), nullable=False),
        sa.Column("recipient", sa.String(WORD), nullable=False),
        sa.Column("refused_at", Time, nullable=False),
        sa.Column("until", Time, nullable=False),
        sa.Column("entry_id", sa.BigInteger, nullable=False),
        sa.Column("kept_until", Time, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_consent_refusals_subject", "consent_refusals", ["subject", "purpose"])
    op.create_index("ix_consent_refusals_refused_at", "consent_refusals", ["refused_at"])
    op.create_index("ix_consent_refusals_kept_until", "consent_refusals", ["kept_until"])


def _grants() -> None:
    op.create_table(
        "consent_grants",
        sa.Column("grant_id", sa.String(UUID), primary_key=True),
        sa.Column("subject", sa.String(SUBJECT), nullable=False),
        sa.Column("purpose", sa.String(WORD), nullable=False),
        sa.Column("recipient", sa.String(WORD), nullable=False),
        sa.Column("sources", sa.String(100), nullable=False),
        sa.Column("granularity", sa.String(16), nullable=False),
        sa.Column("basis", sa.String(16), nullable=False),
        sa.Column("channel", sa.String(16), nullable=False),
        sa.Column("call_id", sa.String(WORD), nullable=True),
        sa.Column("holder", sa.String(16), nullable=False),
        sa.Column("guardian", sa.String(SUBJECT), nullable=True),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("since", Time, nullable=False),
        sa.Column("until", Time, nullable=False),
        sa.Column("checked_at", Time, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("ended_at", Time, nullable=True),
        sa.Column("receipt", sa.Text, nullable=False),
        sa.Column("commitment", sa.String(COMMITMENT), nullable=False),
        sa.Column("entry_id", sa.BigInteger, nullable=False),
        sa.Column("kept_until", Time, nullable=True),
    )
    op.create_index("ix_consent_grants_subject", "consent_grants", ["subject", "purpose", "recipient", "since"])
    op.create_index("ix_consent_grants_until", "consent_grants", ["until"])
    op.create_index("ix_consent_grants_guardian", "consent_grants", ["guardian"])
    op.create_index("ix_consent_grants_kept_until", "consent_grants", ["kept_until"])
    op.create_table(
        "consent_erasures",
        sa.Column("grant_id", sa.String(UUID), primary_key=True),
        sa.Column("due_at", Time, nullable=False),
        sa.Column("why", sa.String(16), nullable=False),
        sa.Column("erased_at", Time, nullable=True),
        sa.Column("found", sa.Text, nullable=False),
        sa.Column("entry_id", sa.BigInteger, nullable=True),
        sa.Column("proof", sa.Text, nullable=True),
        sa.Column("kept_until", Time, nullable=True),
    )
    op.create_index("ix_consent_erasures_kept_until", "consent_erasures", ["kept_until"])


def _after() -> None:
    op.create_table(
        "consent_deliveries",
        sa.Column("delivery_id", sa.String(UUID), primary_key=True),
        sa.Column("grant_id", sa.String(UUID), nullable=False),
        sa.Column("url", sa.String(500), nullable=False),
        sa.Column("payload", sa.Text, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("due_at", Time, nullable=False),
        sa.Column("told_at", Time, nullable=True),
        sa.Column("answer", sa.String(16), nullable=False),
        sa.Column("kept_until", Time, nullable=True),
    )
    op.create_index("ix_consent_deliveries_state", "consent_deliveries", ["state", "due_at"])
    op.create_index("ix_consent_deliveries_kept_until", "consent_deliveries", ["kept_until"])
    op.create_table(
        "consent_emergencies",
        sa.Column("grant_id", sa.String(UUID), primary_key=True),
        sa.Column("asker", sa.String(UUID), nullable=False),
        sa.Column("tenant_id", sa.String(UUID), nullable=False),
        sa.Column("reason", sa.String(WORD), nullable=False),
        sa.Column("reference", sa.String(WORD), nullable=False),
        sa.Column("disclosed_at", Time, nullable=False),
        sa.Column("review_by", Time, nullable=False),
        sa.Column("alarmed_at", Time, nullable=True),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("kept_until", Time, nullable=True),
    )
    op.create_index("ix_consent_emergencies_asker", "consent_emergencies", ["asker", "state"])
    op.create_index("ix_consent_emergencies_state", "consent_emergencies", ["state", "review_by"])
    op.create_index("ix_consent_emergencies_kept_until", "consent_emergencies", ["kept_until"])
    op.create_table(
        "consent_reviews",
        sa.Column("grant_id", sa.String(UUID), primary_key=True),
        sa.Column("person_id", sa.String(UUID), primary_key=True),
        sa.Column("verdict", sa.String(16), nullable=False),
        sa.Column("at", Time, nullable=False),
        sa.Column("kept_until", Time, nullable=False),
    )
    op.create_index("ix_consent_reviews_kept_until", "consent_reviews", ["kept_until"])
