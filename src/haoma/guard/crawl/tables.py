"""Where it lies what is looked at, what is still to be fetched, and what was seen.

`crawl_sources` are the sources. `crawl_jobs` has a row for each address of a visit; a host is claimed as a whole by one
worker, in `crawl_hosts`, for as long as its lease lasts. `crawl_snapshots` say what was seen, `crawl_records` hold it,
each as one gzipped record of WARC (ISO 28500), so that all of them one behind the other are a .warc.gz.
`crawl_drawings` tell of pictures that were drawn later, `crawl_undrawn` of pages that could not be. `crawl_tasks` are
what a person has to do.
"""

from __future__ import annotations

import sqlalchemy as sa

from haoma.storage import Id, Time, metadata

__all__ = ["drawings", "hosts", "jobs", "records", "snapshots", "sources", "tasks", "undrawn"]

UUID, WORD, HOST, URL, TEXT, DIGEST = 36, 16, 300, 2_048, 200, 64

sources = sa.Table(
    "crawl_sources",
    metadata,
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
hosts = sa.Table(
    "crawl_hosts",
    metadata,
    sa.Column("host", sa.String(HOST), primary_key=True),
    sa.Column("worker", sa.String(UUID), nullable=True),
    sa.Column("leased_until", Time, nullable=True),
    sa.Column("task_id", sa.String(UUID), nullable=True),
)
jobs = sa.Table(
    "crawl_jobs",
    metadata,
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
    sa.Index("ix_crawl_jobs_host", "host", "state", "due_at"),
    sa.Index("ix_crawl_jobs_state", "state", "due_at"),
    sa.Index("ix_crawl_jobs_kept_until", "kept_until"),
    sqlite_autoincrement=True,
)
snapshots = sa.Table(
    "crawl_snapshots",
    metadata,
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
    sa.Column("tries", sa.Integer, nullable=False),
    sa.Index("ix_crawl_snapshots_url_key", "source_id", "url_key", "fetched_at"),
    sa.Index("ix_crawl_snapshots_checked_at", "checked_at", "fetched_at"),
    sa.Index("ix_crawl_snapshots_kept_until", "held", "kept_until"),
)
records = sa.Table(
    "crawl_records",
    metadata,
    sa.Column("record_id", Id, primary_key=True, autoincrement=True),
    sa.Column("snapshot_id", sa.String(UUID), nullable=False),
    sa.Column("what", sa.String(WORD), nullable=False),
    sa.Column("record", sa.LargeBinary, nullable=False),
    sa.UniqueConstraint("snapshot_id", "what"),
    sqlite_autoincrement=True,
)
drawings = sa.Table(
    "crawl_drawings",
    metadata,
    sa.Column("snapshot_id", sa.String(UUID), primary_key=True),
    sa.Column("digest", sa.String(DIGEST), nullable=False),
    sa.Column("drawn_at", Time, nullable=False),
    sa.Column("entry_id", sa.BigInteger, nullable=False),
)
undrawn = sa.Table(
    "crawl_undrawn",
    metadata,
    sa.Column("snapshot_id", sa.String(UUID), primary_key=True),
    sa.Column("why", sa.String(WORD), nullable=False),
    sa.Column("tried_at", Time, nullable=False),
    sa.Column("entry_id", sa.BigInteger, nullable=False),
)
tasks = sa.Table(
    "crawl_tasks",
    metadata,
    sa.Column("task_id", sa.String(UUID), primary_key=True),
    sa.Column("kind", sa.String(WORD), nullable=False),
    sa.Column("host", sa.String(HOST), nullable=True),
    sa.Column("source_id", sa.String(UUID), nullable=True),
    sa.Column("note", sa.String(TEXT), nullable=False),
    sa.Column("opened_at", Time, nullable=False),
    sa.Column("done_at", Time, nullable=True),
    sa.Column("done_by", sa.String(TEXT), nullable=True),
    sa.Column("kept_until", Time, nullable=False),
    sa.Index("ix_crawl_tasks_opened_at", "done_at", "opened_at"),
    sa.Index("ix_crawl_tasks_kept_until", "kept_until"),
)
