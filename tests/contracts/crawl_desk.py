"""A store, and the commands of the crawl on it, each a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import sqlalchemy as sa

from contracts.made import made
from haoma.guard.crawl import entries, snapshots, sources, tables
from haoma.guard.crawl.model import Kind, Source
from haoma.ledger.service import Ledger
from haoma.storage import open_store

HAOMA = str(Path(sys.executable).with_name("haoma"))
RUN_S = 240


class CrawlDesk:
    """A store, and the commands on it."""

    def __init__(self, folder: Path, allow: str, database: str = "") -> None:
        self.database = made(database or f"sqlite:///{folder}/haoma.db")
        told = {"STORE_DIR": str(folder), "DATABASE": self.database, "CRAWL_ALLOW": allow, "CRAWL_LEASE_S": "2"}
        told["CRAWL_CONTACT"] = "https://www.example.com/crawler"
        self.env = os.environ | {f"HAOMA_{name}": value for name, value in told.items()}

    def start(self, *args: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [HAOMA, "crawl", *args], env=self.env, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )

    def haoma(self, *args: str) -> list[dict[str, object]]:
        child = self.start(*args)
        out, err = child.communicate(timeout=RUN_S)
        assert child.returncode == 0, err
        assert not err, err
        return [json.loads(line) for line in out.splitlines()]

    def add(self, urls: Sequence[str], **given: object) -> None:
        now = datetime.now(UTC)
        with open_store(self.database) as store:
            log = Ledger(store, entries.ENTRY_TYPES, lambda: now)
            for url in urls:
                fields = {"budget_per_day": 100_000, "delay_ms": 0, **given}
                one = Source(str(uuid.uuid4()), Kind.PAGE, url, "an", "", **fields)
                store.write(lambda tx, one=one: sources.add(tx, log, one, now))

    def crawl(self) -> dict[str, object]:
        (told,) = self.haoma("run", "--once")
        return told

    def states(self) -> dict[str, tuple[str, str | None]]:
        c = tables.jobs.c
        with open_store(self.database) as store, store.read() as tx:
            found = tx.execute(sa.select(c.url, c.state, c.reason))
            return {row.url.partition("//")[2].partition("/")[2]: (row.state, row.reason) for row in found}

    def bodies(self) -> dict[str, bytes]:
        with open_store(self.database) as store, store.read() as tx:
            return {one.url.rpartition("/")[2]: snapshots.read_of(tx, one) for one in snapshots.newest(tx, most=1000)}

    def count(self) -> int:
        with open_store(self.database) as store, store.read() as tx:
            return len(snapshots.newest(tx, most=100_000))
