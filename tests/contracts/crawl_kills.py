"""A crawler that is killed at any statement: a job has ended with its snapshot, records and entry, or has not ended."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

from contracts.entries import all_entries
from contracts.killing import assert_all_or_nothing
from haoma.guard.crawl import entries, jobs, sources, tables, warc
from haoma.guard.crawl.model import Kind, Snapshot, Source
from haoma.guard.crawl.recording import Came, Seen, write_down
from haoma.ledger.service import Ledger
from haoma.storage import Store

NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
WORKER = "00000000-0000-4000-8000-000000000000"
BODY = b"95588"


def source_of(n: int) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_URL, str(n)))


def change_by_a_crawl(store: Store, n: int) -> None:
    """A source, a visit to it, a claim, and what came of it."""
    log, url = Ledger(store, entries.ENTRY_TYPES, lambda: NOW), f"https://{n}.example/"
    one = Source(source_of(n), Kind.PAGE, url, "an", "")
    store.write(lambda tx: sources.add(tx, log, one, NOW))
    store.write(lambda tx: jobs.open_visits(tx, NOW, one.id))
    (job,) = store.write(lambda tx: jobs.claim(tx, WORKER, NOW, timedelta(minutes=1), one.id))
    made = str(uuid.uuid4())
    seen = Snapshot(made, one.id, url, url, NOW, 200, "text/html", "a" * 64, visit=job.visit)
    record = warc.response(made, warc.Answer(url, 200, (), BODY), NOW)
    came = Came(job, seen=Seen(seen, {"response": record}), links=[f"{url}a", f"{url}b"])
    store.write(lambda tx: write_down(tx, log, WORKER, [came], NOW))


def check_of_a_crawl(store: Store, n: int, acknowledged: bool) -> None:
    s, j, r = tables.snapshots.c, tables.jobs.c, tables.records.c
    with store.read() as tx:
        leaves = tx.scalars(sa.select(s.leaf).where(s.source_id == source_of(n))).all()
        states = tx.scalars(sa.select(j.state).where(j.source_id == source_of(n)).order_by(j.job_id)).all()
        records = tx.scalar(
            sa.select(sa.func.count()).where(r.snapshot_id == s.snapshot_id, s.source_id == source_of(n))
        )
        orphans = sa.select(sa.func.count()).where(~sa.exists().where(s.snapshot_id == r.snapshot_id))
        assert tx.scalar(orphans.select_from(tables.records)) == 0
    told = [leaf for one in all_entries(store) if one.type == "crawl.seen" for leaf in one.body["snapshots"]]
    done = [told.count(leaf) for leaf in leaves]
    if leaves:
        assert (done, records, states) == ([1], 1, ["done", "waiting", "waiting"])
    else:
        assert records == 0
        assert states in ([], ["waiting"], ["claimed"])
    assert leaves or not acknowledged
    with store.read() as tx:
        assert len(told) == tx.scalar(sa.select(sa.func.count()).select_from(tables.snapshots))


class CrawlKillContract:
    """Holds on SQLite and on PostgreSQL; a test class gives the fixture `url`."""

    def test_a_crawler_killed_at_any_statement_leaves_a_job_ended_whole_or_not_at_all(self, url: str) -> None:
        assert assert_all_or_nothing(url, change_by_a_crawl, check_of_a_crawl) > 20
