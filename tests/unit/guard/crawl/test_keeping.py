from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa

from contracts import crawl
from contracts.crawl import page
from contracts.vault import World, open_world
from haoma.guard.crawl import snapshots, tables
from haoma.guard.crawl.drawing import Drawer
from haoma.guard.crawl.entries import ENTRY_TYPES
from haoma.guard.crawl.keeping import EXPIRING
from haoma.ledger.service import Ledger
from haoma.vault.retention import Retention

KEPT = (tables.snapshots, tables.records, tables.drawings, tables.undrawn)


def count(world: World, table: sa.Table) -> int:
    with world.vault.store.read() as tx:
        return tx.scalar(sa.select(sa.func.count()).select_from(table))


def test_what_was_seen_goes_after_180_days_with_its_records_unless_it_is_held(tmp_path: Path) -> None:
    with open_world(f"sqlite:///{tmp_path}/haoma.db", tmp_path) as world:
        seen = crawl.World(world.vault.store, at=world.clock[0])
        seen.log = Ledger(world.vault.store, ENTRY_TYPES, lambda: seen.at)
        seen.web.pages = {crawl.SITE: page("", "/a"), f"{crawl.SITE}a": page("other")}
        seen.add(depth=1)
        seen.crawl()
        held = next(one for one in seen.seen() if one.url == crawl.SITE)
        world.vault.store.write(lambda tx: snapshots.hold(tx, seen.log, held.id, seen.at))
        drawer = Drawer(world.vault.store, seen.log, lambda: seen.at)
        world.vault.store.write(lambda tx: drawer._keep(tx, snapshot=held.id, url=held.url, png=b"a picture"))
        failed = {"snapshot_id": held.id, "why": "too-slow", "tried_at": seen.at, "entry_id": 1}
        world.vault.store.write(lambda tx: tx.execute(sa.insert(tables.undrawn).values(**failed)).rowcount)
        runner = Retention(world.vault, EXPIRING)
        world.pass_(days=30)
        assert runner.run().rows == {"crawl.snapshot": 0, "crawl.job": 0, "vault.end": 0}
        world.pass_(days=2)
        assert runner.run(after_pause=True).rows["crawl.job"] == 2
        world.pass_(days=147, hours=23)
        assert runner.run(after_pause=True).rows["crawl.snapshot"] == 0
        world.pass_(hours=2)
        assert runner.run(after_pause=True).rows["crawl.snapshot"] == 1
        assert [count(world, table) for table in KEPT] == [1, 2, 1, 1]
        world.vault.store.write(lambda tx: snapshots.let_go(tx, seen.log, held.id, world.clock[0]))
        world.pass_(hours=1)
        assert runner.run().rows["crawl.snapshot"] == 1
        assert [count(world, table) for table in KEPT] == [0, 0, 0, 0]
