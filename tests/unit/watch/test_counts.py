"""Counts on SQLite."""

from __future__ import annotations

import pytest

from contracts.access import NOW
from contracts.counts import OTHER, THIS, CountsContract, CountsKillContract, batch, calls, counts_of, tenant_in
from contracts.databases import OnFiles
from contracts.made import made
from haoma.storage import open_store, quick
from haoma.watch.counts import Reason
from haoma.watch.counts.model import MOST_HOTLINES


class TestOnSqlite(OnFiles, CountsContract):
    pass


class TestFull(OnFiles):
    @pytest.mark.slow
    def test_a_tenant_that_has_as_many_hotlines_as_there_may_be_gets_no_more(self, url: str) -> None:
        with open_store(made(url)) as store:
            tenant_in(store, OTHER, "other")
            many = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)"
            fill = f"{many} INSERT INTO watch_hotlines (tenant_id, name) SELECT ?, 'desk' || i FROM n"  # noqa: S608
            store.write(lambda tx: quick(tx, fill, MOST_HOTLINES - 1, OTHER) and None)
            given = batch(*(calls(name, THIS, 1) for name in ("desk7", "new", "one too many")))
            taken = counts_of(store).fill(OTHER, given, NOW)
            assert (taken.rows, taken.refused) == (2, {Reason.FULL: 1})


@pytest.mark.slow
class TestKilled(OnFiles, CountsKillContract):
    pass
