"""The tables of lineage: activities, origins, facts, links along chains, edges between them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from haoma.storage.columns import Id, Time

revision = "0003_lineage"
down_revision = "0002_ledger"


def upgrade() -> None:
    """Make them."""
    op.create_table(
        "lineage_activities",
        sa.Column("activity_id", Id, primary_key=True, autoincrement=True),
        sa.Column("run_id", sa.String(36), nullable=False, unique=True),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("code_digest", sa.String(64), nullable=False),
        sa.Column("version", sa.String(200), nullable=False),
        sa.Column("system", sa.String(200), nullable=False),
        sa.Column("stage", sa.String(16), nullable=False),
        sa.Column("started_at", Time, nullable=False),
        sa.Column("ended_at", Time, nullable=False),
        sa.Column("outcome", sa.String(16), nullable=False),
        sa.Column("failure", sa.String(100), nullable=True),
        sa.Column("entry_id", sa.BigInteger, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "lineage_origins",
        sa.Column("origin_id", Id, primary_key=True, autoincrement=True),
        sa.Column("kind", sa.String(8), nullable=False),
        sa.Column("text", sa.String(500), nullable=False),
        sa.UniqueConstraint("kind", "text"),
        sqlite_autoincrement=True,
    )
    _facts()
    op.create_table(
        "lineage_links",
        sa.Column("parent", Id, sa.ForeignKey("lineage_facts.fact_id"), primary_key=True, autoincrement=False),
        sa.Column("child", sa.BigInteger, sa.ForeignKey("lineage_facts.fact_id"), nullable=False),
    )
    op.create_table(
        "lineage_edges",
        sa.Column("child_chain", sa.BigInteger, primary_key=True),
        sa.Column("child", sa.BigInteger, primary_key=True),
        sa.Column("parent", sa.BigInteger, primary_key=True),
        sa.Column("parent_chain", sa.BigInteger, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_lineage_edges_down", "lineage_edges", ["parent_chain", "parent", "child", "child_chain"])


def _facts() -> None:
    facts = op.create_table(
        "lineage_facts",
        sa.Column("fact_id", Id, primary_key=True, autoincrement=True),
        sa.Column("chain", sa.BigInteger, nullable=False),
        sa.Column("subject", sa.String(200), nullable=False),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("value", sa.Text, nullable=True),
        sa.Column("sealed", sa.LargeBinary, nullable=True),
        sa.Column("sealed_key", sa.String(100), nullable=True),
        sa.Column("source_id", sa.BigInteger, sa.ForeignKey("lineage_origins.origin_id"), nullable=False),
        sa.Column("code_id", sa.BigInteger, sa.ForeignKey("lineage_origins.origin_id"), nullable=False),
        sa.Column("activity_id", sa.BigInteger, sa.ForeignKey("lineage_activities.activity_id"), nullable=False),
        sa.Column("stage", sa.String(16), nullable=False),
        sa.Column("observed_at", Time, nullable=False),
        sa.Column("recorded_at", Time, nullable=False),
        sa.Column("confidence", sa.Integer, nullable=False),
        sa.Column("parents", sa.Text, nullable=False),
        sa.Column("input_digest", sa.LargeBinary, nullable=True),
        sa.Column("output_digest", sa.LargeBinary, nullable=True),
        sa.Column("supersedes", sa.BigInteger, sa.ForeignKey("lineage_facts.fact_id"), nullable=True),
        sa.Column("entry_id", sa.BigInteger, nullable=False),
        sa.Column("commitment", sa.String(100), nullable=False),
    )
    op.create_index("ix_lineage_facts_chain", "lineage_facts", ["chain", "fact_id"])
    op.create_index("ix_lineage_facts_activity", "lineage_facts", ["activity_id", "fact_id", "chain"])
    op.create_index("ix_lineage_facts_source", "lineage_facts", ["source_id", "fact_id", "chain"])
    op.create_index("ix_lineage_facts_code", "lineage_facts", ["code_id", "fact_id", "chain"])
    op.create_index("ix_lineage_facts_subject", "lineage_facts", ["subject", "name", "fact_id"])
    op.create_index(
        "uq_lineage_facts_supersedes",
        "lineage_facts",
        ["supersedes"],
        unique=True,
        sqlite_where=facts.c.supersedes.is_not(None),
        postgresql_where=facts.c.supersedes.is_not(None),
    )
