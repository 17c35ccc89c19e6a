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
from haoma.watch.counts.series import free_name


@pytest.mark.parametrize(
    "name",
    [
        "13800138000",
        "138 0013 8000",
        "+86\u00a0138-0013-8000",
        "１３８００１３８０００",
        "①③⑧⓪⓪①③⑧⓪⓪⓪",
        "१३८००१३८०००",
        "%31%33%38%30%30",
        "1_3_8_0_0_1_3_8",
        "一三八零零一三八零零零",
        "一三八-〇〇一三-八〇〇〇",
        "壹叁捌零零壹叁捌零零零",
        "幺三八 00幺三 8000",
        "138\u200b0013\u200b8000",
        "east\n",
        "\u202eeast",
        "",
        "e" * 65,
    ],
)
def test_what_could_be_a_phone_number_in_whatever_script_names_no_hotline(name: str) -> None:
    assert not free_name(name)


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
