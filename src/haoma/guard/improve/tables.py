"""Where trials of measures and samples by mystery shoppers lie in the database.

`improve_trials` has a row for each trial, as it was laid down before it began, `improve_arms` one for each arm that was
counted. `improve_samples` has one for each sample that was drawn, `improve_visits` one for each visit of it, and what
came of it. Each is a tenant's own. Who did what stands there as the UUID of a person; no number does, for a hotline
goes by its UID.
"""

from __future__ import annotations

import sqlalchemy as sa

from haoma.access.tables import tenants
from haoma.storage import Time, metadata

__all__ = ["arms", "samples", "trials", "visits"]

UUID, NAME, WORD, MONTH, SEED, DIGEST, UID, CHANNEL = 36, 200, 32, 7, 64, 64, 64, 200

trials = sa.Table(
    "improve_trials",
    metadata,
    sa.Column("trial_id", sa.String(UUID), primary_key=True),
    sa.Column("tenant_id", sa.String(UUID), sa.ForeignKey(tenants.c.tenant_id), nullable=False),
    sa.Column("name", sa.String(NAME), nullable=False),
    sa.Column("measure", sa.String(WORD), nullable=False),
    sa.Column("unit", sa.String(NAME), nullable=False),
    sa.Column("better", sa.String(WORD), nullable=False),
    sa.Column("planned", sa.Integer, nullable=False),
    sa.Column("starts_at", Time, nullable=False),
    sa.Column("ends_at", Time, nullable=False),
    sa.Column("recorded_at", Time, nullable=False),
    sa.Column("recorded_by", sa.String(UUID), nullable=False),
    sa.Column("entry_id", sa.BigInteger, nullable=False),
    sa.CheckConstraint("starts_at < ends_at", name="times_in_order"),
    sa.CheckConstraint("planned > 0", name="planned"),
)
arms = sa.Table(
    "improve_arms",
    metadata,
    sa.Column("trial_id", sa.String(UUID), sa.ForeignKey(trials.c.trial_id), primary_key=True),
    sa.Column("arm", sa.String(1), primary_key=True),
    sa.Column("events", sa.Integer, nullable=False),
    sa.Column("size", sa.Integer, nullable=False),
    sa.Column("recorded_at", Time, nullable=False),
    sa.Column("recorded_by", sa.String(UUID), nullable=False),
    sa.Column("entry_id", sa.BigInteger, nullable=False),
    sa.CheckConstraint("events >= 0 AND size > 0", name="counted"),
)
samples = sa.Table(
    "improve_samples",
    metadata,
    sa.Column("sample_id", sa.String(UUID), primary_key=True),
    sa.Column("tenant_id", sa.String(UUID), sa.ForeignKey(tenants.c.tenant_id), nullable=False),
    sa.Column("month", sa.String(MONTH), nullable=False),
    sa.Column("seed", sa.String(SEED), nullable=False),
    sa.Column("frame", sa.Integer, nullable=False),
    sa.Column("frame_digest", sa.String(DIGEST), nullable=False),
    sa.Column("drawn_at", Time, nullable=False),
    sa.Column("drawn_by", sa.String(UUID), nullable=False),
    sa.Column("entry_id", sa.BigInteger, nullable=False),
    sa.UniqueConstraint("tenant_id", "month"),
)
visits = sa.Table(
    "improve_visits",
    metadata,
    sa.Column("sample_id", sa.String(UUID), sa.ForeignKey(samples.c.sample_id), primary_key=True),
    sa.Column("place", sa.Integer, primary_key=True),
    sa.Column("hotline", sa.String(UID), nullable=False),
    sa.Column("channel", sa.String(CHANNEL), nullable=False),
    sa.Column("outcome", sa.String(WORD), nullable=True),
    sa.Column("visited_at", Time, nullable=True),
    sa.Column("visited_by", sa.String(UUID), nullable=True),
    sa.Column("entry_id", sa.BigInteger, nullable=True),
)
