"""The crawl as people run it, by Scrapy, against servers that do what no server should."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
import sqlalchemy as sa

from contracts.crawl_desk import CrawlDesk
from contracts.hostile import OPEN, Handler, Hostile, big, hostile
from haoma.guard.crawl import snapshots, tables
from haoma.storage import open_store


@pytest.fixture
def site() -> Iterator[Hostile]:
    with hostile() as server:
        yield server


def test_of_six_forbidden_addresses_at_once_none_is_fetched(site: Hostile, tmp_path: Path) -> None:
    def slowly(handler: Handler) -> None:
        time.sleep(0.3)
        handler.answer(200, OPEN)

    site.robots = slowly
    desk = CrawlDesk(tmp_path, site.host)
    desk.add([f"{site.url}/no/{n}" for n in range(6)])
    assert desk.crawl()["ended"] == {"robots": 6}
    assert site.asked == ["/robots.txt"]


def test_without_rules_nothing_is_fetched(tmp_path: Path) -> None:
    cases: list[Callable[[Handler], None]] = [
        lambda handler: handler.answer(503),
        lambda handler: handler.answer(403),
        lambda handler: handler.answer(302, Location="/robots.txt"),
        lambda handler: handler.answer(302, Location="http://127.0.0.1:1/robots.txt"),
        lambda handler: handler.answer(200, "User-agent: *\nAllow: /\n".encode("utf-16-le")),
        Handler.on_large,
        Handler.on_bomb,
        Handler.on_garbage,
        Handler.on_void,
        Handler.on_loris,
    ]
    with ExitStack() as open_:
        sites = [open_.enter_context(hostile()) for _ in cases]
        for site, rules in zip(sites, cases, strict=True):
            site.robots = rules
        desk = CrawlDesk(tmp_path, ",".join(site.host for site in sites))
        desk.add([f"{site.url}/page" for site in sites])
        assert desk.crawl()["ended"] == {"robots-closed": len(cases)}
        assert [site.fetched for site in sites] == [[] for _ in sites]
        assert all(site.asked for site in sites)


def test_hostile_pages_end_in_words_and_the_others_are_kept_as_they_came(site: Hostile, tmp_path: Path) -> None:
    ends = {
        "large": "too-large",
        "large-said": "too-large",
        "bomb": "too-large",
        "bomb-in-bomb": "too-large",
        "deflated": "too-large",
        "circle": "redirects",
        "loris": "timeout",
        "silent": "timeout",
        "garbage": "no-answer",
        "void": "no-answer",
        "shorter": "no-answer",
        "lying-gzip": "no-answer",
    }
    kept = ("gbk", "picture", "page")
    desk = CrawlDesk(tmp_path, site.host)
    site.more["/"] = lambda handler: handler.answer(
        200, "".join(f"<a href=/{name}>x</a>" for name in (*ends, *kept, "headers", "broken-gzip")).encode()
    )
    desk.add([f"{site.url}/"], depth=1)
    began = time.monotonic()
    desk.crawl()
    assert time.monotonic() - began < 60
    states = desk.states()
    assert {name: states[name][1] for name in ends} == ends
    bodies = desk.bodies()
    assert "客服热线 95588".encode("gbk") in bodies["gbk"]
    assert bodies["picture"].startswith(b"\x89PNG")
    assert set(kept) <= bodies.keys()
    assert all(agent.startswith("haoma/") and "www.example.com/crawler" in agent for agent in site.agents)


def test_no_redirect_and_no_name_leads_to_a_network_of_ones_own(site: Hostile, tmp_path: Path) -> None:
    with hostile() as victim:
        port = victim.server_address[1]
        places = {
            "/plain": f"http://127.0.0.1:{port}/secret",
            "/name": f"http://localhost:{port}/secret",
            "/mapped": f"http://[::ffff:127.0.0.1]:{port}/secret",
            "/number": f"http://2130706433:{port}/secret",
            "/metadata": "http://169.254.169.254/latest/meta-data/",
        }
        for path, to in places.items():
            site.more[path] = lambda handler, to=to: handler.answer(302, Location=to)
        desk = CrawlDesk(tmp_path, site.host)
        desk.add([f"{site.url}{path}" for path in places])
        desk.add([f"http://localhost:{port}/"])
        desk.crawl()
        assert victim.asked == []
        assert desk.bodies() == {}


def test_a_host_that_says_no_is_left_alone(site: Hostile, tmp_path: Path) -> None:
    site.more["/"] = lambda handler: handler.answer(200, b"<a href=/a>a</a>")
    site.more["/a"] = lambda handler: handler.answer(429, Retry_After="1")
    desk = CrawlDesk(tmp_path, site.host)
    desk.add([f"{site.url}/"], depth=1)
    desk.crawl()
    (task,) = desk.haoma("task", "list")
    assert (task["kind"], task["host"]) == ("too-many", site.host)
    asked = len(site.asked)
    desk.crawl()
    assert len(site.asked) == asked
    site.more["/a"] = Handler.on_page
    desk.haoma("task", "done", str(task["task"]), "--by", "an")
    desk.crawl()
    assert desk.states()["a"] == ("done", None)


def test_a_crawl_that_is_killed_goes_on_where_it_was_and_nothing_is_there_twice(site: Hostile, tmp_path: Path) -> None:
    big(site, 111, slow_s=0.03)
    desk = CrawlDesk(tmp_path, site.host)
    desk.add([f"{site.url}/p/0"], depth=5)
    for after_s in (1.2, 1.5, 1.8, 2.2):
        child = desk.start("run", "--once")
        time.sleep(after_s)
        child.kill()
        child.communicate()
    desk.crawl()
    with open_store(desk.database) as store, store.read() as tx:
        seen = snapshots.newest(tx, most=1000)
        assert sorted(one.url for one in seen) == sorted(f"{site.url}/p/{n}" for n in range(111))
        assert all(snapshots.one(tx, one.id) for one in seen)
    assert {state for state, _ in desk.states().values()} == {"done"}


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_a_crawl_whole(number: int, code: int, site: Hostile, tmp_path: Path) -> None:
    big(site, 1111, slow_s=0.05)
    desk = CrawlDesk(tmp_path, site.host)
    desk.add([f"{site.url}/p/0"], depth=5)
    child = desk.start("run")
    until = time.monotonic() + 30
    while len(site.fetched) < 20:
        assert time.monotonic() < until
        time.sleep(0.05)
    child.send_signal(number)
    _, err = child.communicate(timeout=30)
    assert (child.returncode, err.strip()) == (code, "")
    with open_store(desk.database) as store, store.read() as tx:
        assert tx.scalar(sa.select(tables.hosts.c.worker)) is None
        claimed = sa.select(sa.func.count()).where(tables.jobs.c.state == "claimed")
        assert tx.scalar(claimed) == 0


def test_a_site_of_ten_thousand_pages_takes_no_more_memory_than_a_small_one(site: Hostile, tmp_path: Path) -> None:
    def peak_mb(pages: int, folder: Path) -> float:
        big(site, pages)
        folder.mkdir()
        desk = CrawlDesk(folder, site.host)
        desk.add([f"{site.url}/p/0"], depth=9)
        measured = "import resource, sys; from haoma.cli.main import run; run(['crawl', 'run', '--once']); "
        measured += "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000)"
        ended = subprocess.run(
            [sys.executable, "-c", measured], env=desk.env, capture_output=True, text=True, check=True
        )
        told, peak = ended.stdout.splitlines()
        assert json.loads(told)["snapshots"] == pages
        return float(peak)

    small = peak_mb(111, tmp_path / "small")
    assert peak_mb(10_000, tmp_path / "large") < small + 60
