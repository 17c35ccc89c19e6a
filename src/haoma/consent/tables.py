"""Where consent lies in the database.

`consent_recipients`, `consent_notices` and `consent_assessments` say who may be told what for, in which words, and that
it was assessed. `consent_requests` are questions under way, `consent_refusals` answers that are remembered.
`consent_grants` holds each permission with its signed receipt; a row of it never becomes live again once it has ended.
`consent_erasures` are what an end still has to destroy, with the signed proof once it is done; `consent_deliveries`
what recipients have to be told. `consent_doors` are codes and sessions of customers on their own page, each row bound
under a key of the key store; `consent_messages` counts what was sent to a number, whatever for, each
row committed to in the log.
`consent_emergencies` and `consent_reviews` are disclosures without consent, and who looked at them. `kept_until` is
when retention deletes a row, null while it is still at work. Subjects are tokens everywhere: no number is here.
"""

from __future__ import annotations

import sqlalchemy as sa

from haoma.storage import Id, Time, metadata

__all__ = [
    "assessments",
    "deliveries",
    "doors",
    "emergencies",
    "erasures",
    "grants",
    "messages",
    "notices",
    "recipients",
    "refusals",
    "requests",
    "reviews",
]

UUID, TENANT, WORD, SUBJECT, COMMITMENT, DIGEST = 36, 24, 64, 64, 100, 64

recipients = sa.Table(
    "consent_recipients",
    metadata,
    sa.Column("tenant", sa.String(TENANT), primary_key=True),
    sa.Column("recipient", sa.String(WORD), primary_key=True),
    sa.Column("name", sa.String(200), nullable=False),
    sa.Column("contact", sa.String(200), nullable=False),
    sa.Column("webhook", sa.String(500), nullable=False),
    sa.Column("added_at", Time, nullable=False),
)
notices = sa.Table(
    "consent_notices",
    metadata,
    sa.Column("tenant", sa.String(TENANT), primary_key=True),
    sa.Column("purpose", sa.String(WORD), primary_key=True),
    sa.Column("recipient", sa.String(WORD), primary_key=True),
    sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("body", sa.Text, nullable=False),
    sa.Column("digest", sa.String(64), nullable=False),
    sa.Column("published_at", Time, nullable=False),
    sa.Column("entry_id", sa.BigInteger, nullable=False),
)
assessments = sa.Table(
    "consent_assessments",
    metadata,
    sa.Column("tenant", sa.String(TENANT), primary_key=True),
    sa.Column("purpose", sa.String(WORD), primary_key=True),
    sa.Column("digest", sa.String(64), primary_key=True),
    sa.Column("stored_at", Time, nullable=False),
    sa.Column("until", Time, nullable=False),
    sa.Column("entry_id", sa.BigInteger, nullable=False),
    sa.Column("kept_until", Time, nullable=False),
    sa.Index("ix_consent_assessments_kept_until", "kept_until"),
)
requests = sa.Table(
    "consent_requests",
    metadata,
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
    sa.Column("handle", sa.String(DIGEST), nullable=True),
    sa.Index("ix_consent_requests_handle", "handle"),
    sa.Index("ix_consent_requests_subject", "subject", "asked_at"),
    sa.Index("ix_consent_requests_asker", "asker", "asked_at"),
    sa.Index("ix_consent_requests_asked_at", "asked_at"),
    sa.Index("ix_consent_requests_kept_until", "kept_until"),
)
refusals = sa.Table(
    "consent_refusals",
    metadata,
    sa.Column("refusal_id", Id, primary_key=True, autoincrement=True),
    sa.Column("subject", sa.String(SUBJECT), nullable=False),
    sa.Column("purpose", sa.String(WORD), nullable=False),
    sa.Column("recipient", sa.String(WORD), nullable=False),
    sa.Column("refused_at", Time, nullable=False),
    sa.Column("until", Time, nullable=False),
    sa.Column("entry_id", sa.BigInteger, nullable=False),
    sa.Column("kept_until", Time, nullable=False),
    sa.Index("ix_consent_refusals_subject", "subject", "purpose"),
    sa.Index("ix_consent_refusals_refused_at", "refused_at"),
    sa.Index("ix_consent_refusals_kept_until", "kept_until"),
    sqlite_autoincrement=True,
)
grants = sa.Table(
    "consent_grants",
    metadata,
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
    sa.Index("ix_consent_grants_subject", "subject", "purpose", "recipient", "since"),
    sa.Index("ix_consent_grants_until", "until"),
    sa.Index("ix_consent_grants_guardian", "guardian"),
    sa.Index("ix_consent_grants_kept_until", "kept_until"),
)
erasures = sa.Table(
    "consent_erasures",
    metadata,
    sa.Column("grant_id", sa.String(UUID), primary_key=True),
    sa.Column("due_at", Time, nullable=False),
    sa.Column("why", sa.String(16), nullable=False),
    sa.Column("erased_at", Time, nullable=True),
    sa.Column("found", sa.Text, nullable=False),
    sa.Column("entry_id", sa.BigInteger, nullable=True),
    sa.Column("proof", sa.Text, nullable=True),
    sa.Column("kept_until", Time, nullable=True),
    sa.Index("ix_consent_erasures_kept_until", "kept_until"),
)
deliveries = sa.Table(
    "consent_deliveries",
    metadata,
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
    sa.Index("ix_consent_deliveries_state", "state", "due_at"),
    sa.Index("ix_consent_deliveries_kept_until", "kept_until"),
)
doors = sa.Table(
    "consent_doors",
    metadata,
    sa.Column("digest", sa.String(DIGEST), primary_key=True),
    sa.Column("subject", sa.String(SUBJECT), nullable=False),
    sa.Column("grant_id", sa.String(UUID), nullable=True),
    sa.Column("code", sa.String(COMMITMENT), nullable=True),
    sa.Column("sealed", sa.LargeBinary, nullable=True),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("since", Time, nullable=False),
    sa.Column("asked_at", Time, nullable=False),
    sa.Column("expires_at", Time, nullable=False),
    sa.Column("binding", sa.String(COMMITMENT), nullable=False),
    sa.Column("kept_until", Time, nullable=False),
    sa.Index("ix_consent_doors_subject", "subject", "asked_at"),
    sa.Index("ix_consent_doors_kept_until", "kept_until"),
)
messages = sa.Table(
    "consent_messages",
    metadata,
    sa.Column("message_id", sa.String(UUID), primary_key=True),
    sa.Column("tenant", sa.String(TENANT), nullable=False),
    sa.Column("subject", sa.String(SUBJECT), nullable=True),
    sa.Column("asker", sa.String(COMMITMENT), nullable=True),
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("at", Time, nullable=False),
    sa.Column("commitment", sa.String(COMMITMENT), nullable=False),
    sa.Column("entry_id", sa.BigInteger, nullable=False),
    sa.Column("kept_until", Time, nullable=False),
    sa.Index("ix_consent_messages_subject", "subject", "at"),
    sa.Index("ix_consent_messages_kind", "tenant", "kind", "at"),
    sa.Index("ix_consent_messages_kept_until", "kept_until"),
)
emergencies = sa.Table(
    "consent_emergencies",
    metadata,
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
    sa.Index("ix_consent_emergencies_asker", "asker", "state"),
    sa.Index("ix_consent_emergencies_state", "state", "review_by"),
    sa.Index("ix_consent_emergencies_kept_until", "kept_until"),
)
reviews = sa.Table(
    "consent_reviews",
    metadata,
    sa.Column("grant_id", sa.String(UUID), primary_key=True),
    sa.Column("person_id", sa.String(UUID), primary_key=True),
    sa.Column("verdict", sa.String(16), nullable=False),
    sa.Column("at", Time, nullable=False),
    sa.Column("kept_until", Time, nullable=False),
    sa.Index("ix_consent_reviews_kept_until", "kept_until"),
)
