"""The tables of sources and their crawl: jobs, hosts under lease, snapshots with their records, tasks of people."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from haoma.storage.columns import Id, Time

revision = "0020_crawl"
down_revision = "0019_registry"

UUID, WORD, HOST, URL, TEXT, DIGEST = 36, 16, 300, 2_048, 200, 64


def upgrade() -> None:
    """Make them."""
    op.create_table(
        "crawl_sources",
        sa.Column("source_id", sa.String(UUID), primary_key=True),
        sa.Column("kind", sa.String(WORD), nullable=False),
        sa.Column("url", sa.String(URL), nullable=False),
        sa.Column("owner", sa.String(TEXT), nullable=False),
        sa.Column("authorisation", sa.String(TEXT), nullable=False),
        sa.Column("organisation", sa.String(UUID), nullable=True),
        sa.Column("render", sa.Boolean, nullable=False),
        sa.Column("every_s", sa.Integer, nullable=True),
        sa.Column("budget_per_day", sa.Integer, nullable=False),
        sa.Column("depth", sa.Integer, nullable=False),
        sa.Column("delay_ms", sa.Integer, nullable=False),
        sa.Column("wait_for", sa.String(TEXT), nullable=True),
        sa.Column("mapping", sa.Text, nullable=True),
        sa.Column("added_at", Time, nullable=False),
        sa.Column("next_at", Time, nullable=True),
        sa.Column("good_at", Time, nullable=True),
        sa.Column("stopped_at", Time, nullable=True),
        sa.Column("spent_on", sa.String(10), nullable=False),
        sa.Column("spent", sa.Integer, nullable=False),
    )
    op.create_table(
        "crawl_hosts",
        sa.Column("host", sa.String(HOST), primary_key=True),
        sa.Column("worker", sa.String(UUID), nullable=True),
        sa.Column("leased_until", Time, nullable=True),
        sa.Column("task_id", sa.String(UUID), nullable=True),
    )
    op.create_table(
        "crawl_jobs",
        sa.Column("job_id", Id, primary_key=True, autoincrement=True),
        sa.Column("source_id", sa.String(UUID), nullable=False),
        sa.Column("visit", sa.String(UUID), nullable=False),
        sa.Column("url", sa.String(URL), nullable=False),
        sa.Column("url_key", sa.String(DIGEST), nullable=False),
        sa.Column("host", sa.String(HOST), nullable=False),
        sa.Column("depth", sa.Integer, nullable=False),
        sa.Column("state", sa.String(WORD), nullable=False),
        sa.Column("worker", sa.String(UUID), nullable=True),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("due_at", Time, nullable=False),
        sa.Column("reason", sa.String(64), nullable=True),
        sa.Column("kept_until", Time, nullable=False),
        sa.UniqueConstraint("visit", "url_key"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "crawl_snapshots",
        sa.Column("snapshot_id", sa.String(UUID), primary_key=True),
        sa.Column("source_id", sa.String(UUID), nullable=False),
        sa.Column("visit", sa.String(UUID), nullable=True),
        sa.Column("url", sa.String(URL), nullable=False),
        sa.Column("url_key", sa.String(DIGEST), nullable=False),
        sa.Column("final_url", sa.String(URL), nullable=False),
        sa.Column("fetched_at", Time, nullable=False),
        sa.Column("status", sa.Integer, nullable=False),
        sa.Column("content_type", sa.String(TEXT), nullable=False),
        sa.Column("digest", sa.String(DIGEST), nullable=False),
        sa.Column("rendered_digest", sa.String(DIGEST), nullable=True),
        sa.Column("screenshot", sa.String(DIGEST), nullable=True),
        sa.Column("same_as", sa.String(UUID), nullable=True),
        sa.Column("etag", sa.String(TEXT), nullable=True),
        sa.Column("modified", sa.String(TEXT), nullable=True),
        sa.Column("leaf", sa.String(DIGEST), nullable=False),
        sa.Column("entry_id", sa.BigInteger, nullable=False),
        sa.Column("checked_at", Time, nullable=True),
        sa.Column("held", sa.Boolean, nullable=False),
        sa.Column("kept_until", Time, nullable=False),
    )
    op.create_table(
        "crawl_records",
        sa.Column("record_id", Id, primary_key=True, autoincrement=True),
        sa.Column("snapshot_id", sa.String(UUID), nullable=False),
        sa.Column("what", sa.String(WORD), nullable=False),
        sa.Column("record", sa.LargeBinary, nullable=False),
        sa.UniqueConstraint("snapshot_id", "what"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "crawl_tasks",
        sa.Column("task_id", sa.String(UUID), primary_key=True),
        sa.Column("kind", sa.String(WORD), nullable=False),
        sa.Column("host", sa.String(HOST), nullable=True),
        sa.Column("source_id", sa.String(UUID), nullable=True),
        sa.Column("note", sa.String(TEXT), nullable=False),
        sa.Column("opened_at", Time, nullable=False),
        sa.Column("done_at", Time, nullable=True),
        sa.Column("done_by", sa.String(TEXT), nullable=True),
        sa.Column("kept_until", Time, nullable=False),
    )
    op.create_index("ix_crawl_jobs_host", "crawl_jobs", ["host", "state", "due_at"])
    op.create_index("ix_crawl_jobs_state", "crawl_jobs", ["state", "due_at"])
    op.create_index("ix_crawl_jobs_kept_until", "crawl_jobs", ["kept_until"])
    op.create_index("ix_crawl_snapshots_url_key", "crawl_snapshots", ["source_id", "url_key", "fetched_at"])
    op.create_index("ix_crawl_snapshots_checked_at", "crawl_snapshots", ["checked_at", "fetched_at"])
    op.create_index("ix_crawl_snapshots_kept_until", "crawl_snapshots", ["held", "kept_until"])
    op.create_index("ix_crawl_tasks_opened_at", "crawl_tasks", ["done_at", "opened_at"])
    op.create_index("ix_crawl_tasks_kept_until", "crawl_tasks", ["kept_until"])
