"""Where alerts lie, and from where the runner goes on.

`watch_alerts` has a row for each alert that counts ever gave, with what explains it as JSON. `watch_progress` is one
row: up to which minute counts were judged, and up to which change of theirs. `watch_states` is what the detector knew
after some of these minutes, a few rows for each, of many hotlines: the newest ones every hour, older ones every day.

Minutes count from 1970-01-01T00:00Z. No number is here: a hotline is the small integer that its counts are kept under.
"""

from __future__ import annotations

import sqlalchemy as sa

from haoma.storage import Time, metadata

__all__ = ["alerts", "progress", "states"]

UUID, WORD, DIGEST = 36, 32, 64

alerts = sa.Table(
    "watch_alerts",
    metadata,
    sa.Column("alert_id", sa.String(UUID), primary_key=True),
    sa.Column("hotline", sa.BigInteger, nullable=False),
    sa.Column("opened", sa.BigInteger, nullable=False),
    sa.Column("closed", sa.BigInteger, nullable=True),
    sa.Column("channel", sa.String(WORD), nullable=False),
    sa.Column("score", sa.Integer, nullable=False),
    sa.Column("state", sa.String(WORD), nullable=False),
    sa.Column("found_at", Time, nullable=False),
    sa.Column("over_at", Time, nullable=True),
    sa.Column("incident", sa.String(UUID), nullable=True),
    sa.Column("document", sa.Text, nullable=False),
    sa.Column("digest", sa.String(DIGEST), nullable=False),
    sa.Column("entry_id", sa.BigInteger, nullable=False),
    sa.Column("over_entry_id", sa.BigInteger, nullable=True),
    sa.UniqueConstraint("hotline", "opened"),
    sa.Index("ix_watch_alerts_state", "state"),
)
progress = sa.Table(
    "watch_progress",
    metadata,
    sa.Column("name", sa.String(WORD), primary_key=True),
    sa.Column("minute", sa.BigInteger, nullable=False),
    sa.Column("cursor", sa.BigInteger, nullable=False),
    sa.Column("at", Time, nullable=False),
)
states = sa.Table(
    "watch_states",
    metadata,
    sa.Column("minute", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("block", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("tuning", sa.String(DIGEST), nullable=False),
    sa.Column("hotlines", sa.LargeBinary, nullable=False),
    sa.Column("state", sa.LargeBinary, nullable=False),
)
