"""Where looks, votes, incidents, tickets and news lie in the database.

A `place` is one page of a source. `judge_checked` has a row for each snapshot that was judged, so that none is counted
twice. `judge_looks` has one for each cause and place: how many looks in a row were bad or good. `judge_votes` has one
for each time that a voice said something new of a number at a place; none is ever changed. `judge_incidents` has one
for each cause that ever alerted, `judge_steps` what became of it and when, `judge_evidence` the looks that show it.
`judge_reviews` is what waits for a person, `judge_tickets` what a platform was asked to correct, `judge_messages` what
is to be told to whom.

A number is here in clear where it is a hotline; else as a mask (`shown`) and a keyed token.
"""

from __future__ import annotations

import sqlalchemy as sa

from haoma.storage import Id, Time, metadata

__all__ = ["checked", "evidence", "incidents", "looks", "messages", "reviews", "steps", "tickets", "votes"]

UUID, DIGEST, UID, SOURCE, PLACE, WORD, TOKEN, SHOWN, URL, TEXT = 36, 64, 64, 48, 64, 32, 100, 32, 2_000, 1_000

checked = sa.Table(
    "judge_checked",
    metadata,
    sa.Column("check_id", Id, primary_key=True, autoincrement=True),
    sa.Column("snapshot", sa.String(UID), nullable=False),
    sa.Column("organisation", sa.String(UID), nullable=False),
    sa.Column("place", sa.String(PLACE), nullable=False),
    sa.Column("at", Time, nullable=False),
    sa.Column("entry_id", sa.BigInteger, nullable=False),
    sa.Column("kept_until", Time, nullable=False),
    sa.UniqueConstraint("snapshot", "organisation"),
    sa.Index("ix_judge_checked_place", "place", "organisation", "at"),
    sa.Index("ix_judge_checked_kept_until", "kept_until"),
    sqlite_autoincrement=True,
)
looks = sa.Table(
    "judge_looks",
    metadata,
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
    sa.Index("ix_judge_looks_place", "place", "organisation"),
)
votes = sa.Table(
    "judge_votes",
    metadata,
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
    sa.Index("ix_judge_votes_claim", "organisation", "token", "vote_id"),
    sqlite_autoincrement=True,
)
incidents = sa.Table(
    "judge_incidents",
    metadata,
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
    sa.Index("ix_judge_incidents_state", "state", "opened_at"),
)
steps = sa.Table(
    "judge_steps",
    metadata,
    sa.Column("step_id", Id, primary_key=True, autoincrement=True),
    sa.Column("incident_id", sa.String(UUID), sa.ForeignKey(incidents.c.incident_id), nullable=False),
    sa.Column("step", sa.String(WORD), nullable=False),
    sa.Column("why", sa.String(64), nullable=False),
    sa.Column("by", sa.String(UUID), nullable=True),
    sa.Column("at", Time, nullable=False),
    sa.Column("entry_id", sa.BigInteger, nullable=False),
    sa.Index("ix_judge_steps_incident_id", "incident_id"),
    sqlite_autoincrement=True,
)
evidence = sa.Table(
    "judge_evidence",
    metadata,
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
    sa.Index("ix_judge_evidence_snapshot", "snapshot"),
    sqlite_autoincrement=True,
)
reviews = sa.Table(
    "judge_reviews",
    metadata,
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
    sa.Index("ix_judge_reviews_state", "state", "asked_at"),
)
tickets = sa.Table(
    "judge_tickets",
    metadata,
    sa.Column("ticket_id", sa.String(UUID), primary_key=True),
    sa.Column("incident_id", sa.String(UUID), sa.ForeignKey(incidents.c.incident_id), nullable=False),
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
    sa.Index("ix_judge_tickets_remind_at", "remind_at"),
)
messages = sa.Table(
    "judge_messages",
    metadata,
    sa.Column("message_id", sa.String(UUID), primary_key=True),
    sa.Column("channel", sa.String(WORD), nullable=False),
    sa.Column("payload", sa.Text, nullable=False),
    sa.Column("state", sa.String(WORD), nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("due_at", Time, nullable=False),
    sa.Column("told_at", Time, nullable=True),
    sa.Column("trouble", sa.String(200), nullable=True),
    sa.Column("kept_until", Time, nullable=True),
    sa.Index("ix_judge_messages_due_at", "state", "due_at"),
    sa.Index("ix_judge_messages_kept_until", "kept_until"),
)
