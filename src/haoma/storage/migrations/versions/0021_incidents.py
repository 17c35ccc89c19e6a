"""Looks at what is published of hotlines, votes on it, incidents, what waits for a person, tickets and news."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from haoma.storage.columns import Id, Time

revision = "0021_incidents"
down_revision = "0020_crawl"

UUID, DIGEST, UID, SOURCE, PLACE, WORD, TOKEN, SHOWN, URL, TEXT = 36, 64, 64, 48, 64, 32, 100, 32, 2_000, 1_000


def upgrade() -> None:
    """Make the tables."""
    for make in (_looks, _incidents, _work):
        make()


def _looks() -> None:
    op.create_table(
        "judge_checked",
        sa.Column("check_id", Id, primary_key=True, autoincrement=True),
        sa.Column("snapshot", sa.String(UID), nullable=False),
        sa.Column("organisation", sa.String(UID), nullable=False),
        sa.Column("place", sa.String(PLACE), nullable=False),
        sa.Column("at", Time, nullable=False),
        sa.Column("entry_id", sa.BigInteger, nullable=False),
        sa.Column("kept_until", Time, nullable=False),
        sa.UniqueConstraint("snapshot", "organisation"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_judge_checked_place", "judge_checked", ["place", "organisation", "at"])
    op.create_index("ix_judge_checked_kept_until", "judge_checked", ["kept_until"])
    op.create_table(
        "judge_looks",
        sa.Column("cause", sa.String(DIGEST), primary_key=True),
        sa.Column("organisation", sa.String(UID), nullable=False),
        sa.Column("hotline", sa.String(UID), nullable=True),
        sa.Column("place", sa.String(PLACE), primary_key=True),
        sa.Column("verdict", sa.String(WORD), nullable=False),
        sa.Column("bad", sa.Integer, nullable=False),
        sa.Column("good", sa.Integer, nullable=False),
        sa.Column("alert", sa.Boolean, nullable=False),
        sa.Column("quiet_until", Time, nullable=True),
        sa.Column("first_at", Time, nullable=False),
        sa.Column("last_at", Time, nullable=False),
        sa.Column("first_check", sa.BigInteger, nullable=False),
    )
    op.create_index("ix_judge_looks_place", "judge_looks", ["place", "organisation"])
    op.create_table(
        "judge_votes",
        sa.Column("vote_id", Id, primary_key=True, autoincrement=True),
        sa.Column("organisation", sa.String(UID), nullable=False),
        sa.Column("hotline", sa.String(UID), nullable=True),
        sa.Column("token", sa.String(TOKEN), nullable=False),
        sa.Column("shown", sa.String(SHOWN), nullable=False),
        sa.Column("voice", sa.String(WORD), nullable=False),
        sa.Column("place", sa.String(PLACE), nullable=False),
        sa.Column("verdict", sa.String(WORD), nullable=False),
        sa.Column("rule", sa.String(WORD), nullable=False),
        sa.Column("snapshot", sa.String(UID), nullable=False),
        sa.Column("by", sa.String(UUID), nullable=True),
        sa.Column("at", Time, nullable=False),
        sa.Column("fact_id", sa.BigInteger, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_judge_votes_claim", "judge_votes", ["organisation", "token", "vote_id"])
    op.create_table(
        "judge_evidence",
        sa.Column("evidence_id", Id, primary_key=True, autoincrement=True),
        sa.Column("cause", sa.String(DIGEST), nullable=False),
        sa.Column("role", sa.String(WORD), nullable=False),
        sa.Column("snapshot", sa.String(UID), nullable=False),
        sa.Column("url", sa.String(URL), nullable=False),
        sa.Column("at", Time, nullable=False),
        sa.Column("digest", sa.String(DIGEST), nullable=False),
        sa.Column("rendered_digest", sa.String(DIGEST), nullable=True),
        sa.Column("screenshot", sa.String(DIGEST), nullable=True),
        sa.Column("xpath", sa.String(TEXT), nullable=False),
        sa.Column("owner", sa.String(200), nullable=True),
        sa.Column("hidden", sa.Boolean, nullable=False),
        sa.Column("confidence", sa.Integer, nullable=False),
        sa.Column("personal", sa.Boolean, nullable=False),
        sa.Column("entry_id", sa.BigInteger, nullable=False),
        sa.UniqueConstraint("cause", "role"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_judge_evidence_snapshot", "judge_evidence", ["snapshot"])


def _incidents() -> None:
    op.create_table(
        "judge_incidents",
        sa.Column("incident_id", sa.String(UUID), primary_key=True),
        sa.Column("cause", sa.String(DIGEST), nullable=False, unique=True),
        sa.Column("organisation", sa.String(UID), nullable=False),
        sa.Column("hotline", sa.String(UID), nullable=True),
        sa.Column("source", sa.String(SOURCE), nullable=False),
        sa.Column("kind", sa.String(WORD), nullable=False),
        sa.Column("verdict", sa.String(WORD), nullable=False),
        sa.Column("rule", sa.String(WORD), nullable=False),
        sa.Column("token", sa.String(TOKEN), nullable=False),
        sa.Column("shown", sa.String(SHOWN), nullable=False),
        sa.Column("severity", sa.String(WORD), nullable=False),
        sa.Column("state", sa.String(WORD), nullable=False),
        sa.Column("first_seen_at", Time, nullable=False),
        sa.Column("last_seen_at", Time, nullable=False),
        sa.Column("opened_at", Time, nullable=False),
        sa.Column("closed_at", Time, nullable=True),
    )
    op.create_index("ix_judge_incidents_state", "judge_incidents", ["state", "opened_at"])
    op.create_table(
        "judge_steps",
        sa.Column("step_id", Id, primary_key=True, autoincrement=True),
        sa.Column("incident_id", sa.String(UUID), sa.ForeignKey("judge_incidents.incident_id"), nullable=False),
        sa.Column("step", sa.String(WORD), nullable=False),
        sa.Column("why", sa.String(64), nullable=False),
        sa.Column("by", sa.String(UUID), nullable=True),
        sa.Column("at", Time, nullable=False),
        sa.Column("entry_id", sa.BigInteger, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_judge_steps_incident_id", "judge_steps", ["incident_id"])


def _work() -> None:
    op.create_table(
        "judge_reviews",
        sa.Column("review_id", sa.String(UUID), primary_key=True),
        sa.Column("cause", sa.String(DIGEST), nullable=False, unique=True),
        sa.Column("organisation", sa.String(UID), nullable=False),
        sa.Column("hotline", sa.String(UID), nullable=True),
        sa.Column("source", sa.String(SOURCE), nullable=False),
        sa.Column("place", sa.String(PLACE), nullable=False),
        sa.Column("kind", sa.String(WORD), nullable=False),
        sa.Column("verdict", sa.String(WORD), nullable=False),
        sa.Column("rule", sa.String(WORD), nullable=False),
        sa.Column("token", sa.String(TOKEN), nullable=False),
        sa.Column("shown", sa.String(SHOWN), nullable=False),
        sa.Column("asked_at", Time, nullable=False),
        sa.Column("state", sa.String(WORD), nullable=False),
        sa.Column("held_by", sa.String(UUID), nullable=True),
        sa.Column("held_until", Time, nullable=True),
        sa.Column("decided", sa.String(WORD), nullable=True),
        sa.Column("decided_at", Time, nullable=True),
    )
    op.create_index("ix_judge_reviews_state", "judge_reviews", ["state", "asked_at"])
    op.create_table(
        "judge_tickets",
        sa.Column("ticket_id", sa.String(UUID), primary_key=True),
        sa.Column("incident_id", sa.String(UUID), sa.ForeignKey("judge_incidents.incident_id"), nullable=False),
        sa.Column("platform", sa.String(WORD), nullable=False),
        sa.Column("state", sa.String(WORD), nullable=False),
        sa.Column("reference", sa.String(200), nullable=True),
        sa.Column("made_at", Time, nullable=False),
        sa.Column("sent_at", Time, nullable=True),
        sa.Column("due_at", Time, nullable=False),
        sa.Column("reminders", sa.Integer, nullable=False),
        sa.Column("remind_at", Time, nullable=True),
        sa.Column("closed_at", Time, nullable=True),
        sa.UniqueConstraint("incident_id", "platform"),
    )
    op.create_index("ix_judge_tickets_remind_at", "judge_tickets", ["remind_at"])
    op.create_table(
        "judge_messages",
        sa.Column("message_id", sa.String(UUID), primary_key=True),
        sa.Column("channel", sa.String(WORD), nullable=False),
        sa.Column("payload", sa.Text, nullable=False),
        sa.Column("state", sa.String(WORD), nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("due_at", Time, nullable=False),
        sa.Column("told_at", Time, nullable=True),
        sa.Column("trouble", sa.String(200), nullable=True),
        sa.Column("kept_until", Time, nullable=True),
    )
    op.create_index("ix_judge_messages_due_at", "judge_messages", ["state", "due_at"])
    op.create_index("ix_judge_messages_kept_until", "judge_messages", ["kept_until"])
