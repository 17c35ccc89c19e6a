"""Counts on PostgreSQL: by month, under kills, and back out of a backup."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import sqlalchemy as sa

from contracts.access import NOW
from contracts.counts import (
    DAY,
    OTHER,
    THIS,
    CountsContract,
    CountsKillContract,
    batch,
    calls,
    counts_of,
    tenant_in,
)
from contracts.databases import OnServer
from haoma.storage import Store, Time, back_up, inspect_store, open_store, restore
from haoma.watch.counts import Months, every_series, read
from haoma.watch.counts.tables import hours

PARTS = "SELECT tableoid::regclass::text, count(*) FROM watch_hours GROUP BY 1 ORDER BY 1"


def parts(store: Store) -> dict[str, int]:
    with store.read() as tx:
        return {str(name): int(rows) for name, rows in tx.execute(sa.text(PARTS))}


class TestOnPostgres(OnServer, CountsContract, CountsKillContract):
    def test_each_month_has_a_partition_and_one_that_is_over_and_empty_is_dropped(self, url: str) -> None:
        with open_store(url) as store:
            tenant_in(store, OTHER, "other")
            given = batch(*(calls("east", THIS - back * DAY, 5) for back in (0, 40, 80)))
            counts_of(store).fill(OTHER, given, NOW)
            assert parts(store) == {f"watch_hours_2026_{month:02}": 1 for month in (9, 10, 11)}
            september = hours.c.hour < datetime.fromisoformat("2026-10-01T00:00:00+00:00")
            store.write(lambda tx: tx.execute(sa.delete(hours).where(september)) and None)
            Months(store).ensure([THIS + 32 * DAY], NOW + timedelta(days=500))
            with store.read() as tx:
                there = tx.scalars(sa.text("SELECT relname FROM pg_class WHERE relispartition AND relkind = 'r'"))
                assert sorted(there) == [f"watch_hours_{one}" for one in ("2026_10", "2026_11", "2026_12", "other")]

    def test_a_backup_goes_back_and_what_comes_then_finds_its_month(
        self, url: str, keys_url: str, tmp_path: Path
    ) -> None:
        with open_store(url) as store:
            tenant_in(store, OTHER, "other")
            counts_of(store).fill(OTHER, batch(calls("east", THIS - 1, 5)), NOW)
            back_up(store, tmp_path / "backup", at=NOW)
        restore(tmp_path / "backup", keys_url)
        assert inspect_store(keys_url).lost == ()
        with open_store(keys_url) as store:
            assert parts(store) == {"watch_hours_other": 1}
            counts_of(store).fill(OTHER, batch(calls("east", THIS - 2, 7)), NOW)
            assert parts(store) == {"watch_hours_2026_11": 1}
            with store.read() as tx:
                (east,) = every_series(tx)
                assert np.array_equal(read(tx, [east.id], THIS - 2, THIS)[0], [[7, 0], [5, 0]])
                assert Time.stored(tx.scalar(sa.select(hours.c.hour))) % 3_600_000_000 == 0
