"""Where facts and their graph lie in the database.

Every fact belongs to one *chain*: it joins that of the first of its parents behind which nothing has joined yet, or
begins one of its own, named by its own id. Then what a fact was made of is a beginning of each chain it touches, and
what was made of it an end of each; only edges between chains need to be walked (docs/adr/0012-lineage-graph.md).

`lineage_facts` holds the values; `lineage_links` which fact joined behind which; `lineage_edges` the edges from chain
to chain, by child and by parent; `lineage_activities` what ran; `lineage_origins` the texts that many facts share:
sources and code digests.
"""

from __future__ import annotations

import sqlalchemy as sa

from haoma.storage import Id, Time, metadata

__all__ = ["activities", "edges", "facts", "links", "origins"]

activities = sa.Table(
    "lineage_activities",
    metadata,
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
origins = sa.Table(
    "lineage_origins",
    metadata,
    sa.Column("origin_id", Id, primary_key=True, autoincrement=True),
    sa.Column("kind", sa.String(8), nullable=False),
    sa.Column("text", sa.String(500), nullable=False),
    sa.UniqueConstraint("kind", "text"),
    sqlite_autoincrement=True,
)
facts = sa.Table(
    "lineage_facts",
    metadata,
    sa.Column("fact_id", Id, primary_key=True, autoincrement=True),
    sa.Column("chain", sa.BigInteger, nullable=False),
    sa.Column("subject", sa.String(200), nullable=False),
    sa.Column("name", sa.String(100), nullable=False),
    sa.Column("value", sa.Text, nullable=True),
    sa.Column("sealed", sa.LargeBinary, nullable=True),
    sa.Column("sealed_key", sa.String(100), nullable=True),
    sa.Column("source_id", sa.BigInteger, sa.ForeignKey(origins.c.origin_id), nullable=False),
    sa.Column("code_id", sa.BigInteger, sa.ForeignKey(origins.c.origin_id), nullable=False),
    sa.Column("activity_id", sa.BigInteger, sa.ForeignKey(activities.c.activity_id), nullable=False),
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
    sa.Index("ix_lineage_facts_chain", "chain", "fact_id"),
    sa.Index("ix_lineage_facts_activity", "activity_id", "fact_id", "chain"),
    sa.Index("ix_lineage_facts_source", "source_id", "fact_id", "chain"),
    sa.Index("ix_lineage_facts_code", "code_id", "fact_id", "chain"),
    sa.Index("ix_lineage_facts_subject", "subject", "name", "fact_id"),
)
sa.Index(
    "uq_lineage_facts_supersedes",
    facts.c.supersedes,
    unique=True,
    sqlite_where=facts.c.supersedes.is_not(None),
    postgresql_where=facts.c.supersedes.is_not(None),
)
sa.Index(
    "ix_lineage_facts_key",
    facts.c.sealed_key,
    sqlite_where=facts.c.sealed_key.is_not(None),
    postgresql_where=facts.c.sealed_key.is_not(None),
)
links = sa.Table(
    "lineage_links",
    metadata,
    sa.Column("parent", Id, sa.ForeignKey(facts.c.fact_id), primary_key=True, autoincrement=False),
    sa.Column("child", sa.BigInteger, sa.ForeignKey(facts.c.fact_id), nullable=False),
)
edges = sa.Table(
    "lineage_edges",
    metadata,
    sa.Column("child_chain", sa.BigInteger, primary_key=True),
    sa.Column("child", sa.BigInteger, primary_key=True),
    sa.Column("parent", sa.BigInteger, primary_key=True),
    sa.Column("parent_chain", sa.BigInteger, nullable=False),
    sa.Index("ix_lineage_edges_down", "parent_chain", "parent", "child", "child_chain"),
    sqlite_with_rowid=False,
)
