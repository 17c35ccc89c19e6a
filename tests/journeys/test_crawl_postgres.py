"""The crawl on PostgreSQL: its promises, several workers at once, and a server that goes away."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from contracts.crawl import SITE, CrawlContract, World, page
from contracts.crawl_desk import CrawlDesk
from contracts.crawl_kills import CrawlKillContract
from contracts.databases import OnFiles, OnServer
from contracts.hostile import Handler, Hostile, big, hostile
from haoma.storage import open_store

if TYPE_CHECKING:
    from journeys.conftest import Server

PAGES = 111


class TestOnPostgres(OnServer, CrawlContract, CrawlKillContract):
    pass


class TestSqliteKilled(OnFiles, CrawlKillContract):
    pass


@pytest.fixture
def site() -> Iterator[Hostile]:
    with hostile() as server:
        yield server


def test_three_workers_share_the_hosts_and_fetch_no_page_twice(postgres: str, tmp_path: Path) -> None:
    """Each host is asked by one of them at a time."""
    with ExitStack() as open_:
        sites = [open_.enter_context(hostile()) for _ in range(4)]
        desk = CrawlDesk(tmp_path, ",".join(site.host for site in sites), postgres)
        for site in sites:
            big(site, PAGES, slow_s=0.02)
        desk.add([f"{site.url}/p/0" for site in sites], depth=5)
        workers = [desk.start("run", "--once") for _ in range(3)]
        ended = [worker.communicate(timeout=200) for worker in workers]
        assert [worker.returncode for worker in workers] == [0, 0, 0], ended
        for site in sites:
            assert Counter(site.fetched) == Counter(f"/p/{n}" for n in range(PAGES))
        assert len(desk.bodies()) == PAGES  # by the ends of their addresses, which are those of every site
        assert desk.count() == 4 * PAGES


def test_a_database_that_is_away_for_a_while_loses_nothing(
    postgres_server: Server, postgres: str, site: Hostile, tmp_path: Path
) -> None:
    big(site, PAGES, slow_s=0.05)
    desk = CrawlDesk(tmp_path, site.host, postgres)
    desk.add([f"{site.url}/p/0"], depth=5)
    reached = threading.Event()
    before = site.more["/p"]

    def counted(handler: Handler) -> None:
        if len(site.fetched) > 30:
            reached.set()
        before(handler)

    site.more["/p"] = counted
    worker = desk.start("run", "--once")
    assert reached.wait(60)
    postgres_server.stop()
    time.sleep(10)
    postgres_server.start()
    _, err = worker.communicate(timeout=200)
    assert worker.returncode == 0, err
    assert desk.count() == PAGES
    assert {state for state, _ in desk.states().values()} == {"done"}


def test_a_worker_whose_clock_is_a_day_ahead_has_no_budget_of_tomorrow(postgres: str) -> None:
    with open_store(postgres) as store:
        world = World(store, at=datetime.now(UTC))
        world.web.pages = {SITE: page("", *(f"/{n}" for n in range(9)))}
        world.add(depth=1, budget_per_day=4)
        world.crawl()
        world.pass_(days=1)
        world.crawl(wall=lambda: datetime.now(UTC) + timedelta(days=1))
        assert len(world.web.fetched) == 4
