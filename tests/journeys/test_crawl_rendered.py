"""Pages whose numbers a script puts in, by the system's Chromium: what they may ask for, and what they may not."""

from __future__ import annotations

import gzip
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from socket import AF_INET, SOCK_DGRAM, socket
from typing import Any

import pytest

from contracts.crawl_desk import CrawlDesk
from contracts.hostile import Hostile, hostile
from haoma.guard.crawl import snapshots
from haoma.guard.crawl.picture import boxes_in
from haoma.storage import open_store


@pytest.fixture(scope="module", autouse=True)
def chromium() -> None:
    """The program; its script installs it or says what to run."""
    subprocess.run(["sh", Path(__file__).with_name("chromium.sh")], stdout=subprocess.PIPE, check=True)


@pytest.fixture
def site() -> Iterator[Hostile]:
    with hostile() as server:
        yield server


def script(code: str) -> bytes:
    return f"<!doctype html><title>x</title><b id=tel></b><i id=other></i><script>{code}</script>".encode()


FETCH = """fetch('%s').then(r => r.text()).then(t => { document.getElementById('%s').textContent = t })
.catch(() => { document.getElementById('%s').textContent = 'kept out' });"""


def fetching(url: str, place: str = "tel") -> str:
    return FETCH % (url, place, place)


def test_a_number_that_a_script_puts_in_is_seen_with_its_picture(site: Hostile, tmp_path: Path) -> None:
    site.more["/"] = lambda handler: handler.answer(200, script(fetching("/number")))
    site.more["/number"] = lambda handler: handler.answer(200, b"95588", Content_Type="text/plain")
    desk = CrawlDesk(tmp_path, site.host)
    desk.add([f"{site.url}/"], render=True)
    desk.crawl()
    with open_store(desk.database) as store, store.read() as tx:
        (seen,) = snapshots.newest(tx)
        assert b"95588" not in snapshots.body_of(tx, seen)
        assert b'<b id="tel">95588</b>' in (snapshots.rendered_of(tx, seen) or b"")
        assert (snapshots.screenshot_of(tx, seen) or b"").startswith(b"\x89PNG")
    (status,) = desk.haoma("status")
    assert status["spent_today"] == 3  # the page, the page in the browser, the number
    assert all("www.example.com/crawler" in agent for agent in site.agents)


def test_a_picture_tells_where_numbers_stand_and_shows_no_persons_mobile(site: Hostile, tmp_path: Path) -> None:
    shown = "<!doctype html><title>x</title><p>客服 <b>95588</b></p><p>王经理 %s</p>"
    beside = "<q style='display:inline-block;quotes:none'>%s</q>"  # no letter stands between two of these
    for path, mobile in (("/a", "138<i>0013</i>-8000"), ("/b", "139<i>2224</i>-5671")):
        persons = f"{mobile}<br>{beside % mobile.replace('-', '')}{beside % mobile}<b>400</b>"
        site.more[path] = lambda handler, persons=persons: handler.answer(200, (shown % persons).encode())
    desk = CrawlDesk(tmp_path, site.host)
    desk.add([f"{site.url}/a", f"{site.url}/b"], render=True)
    desk.crawl()
    with open_store(desk.database) as store, store.read() as tx:
        first, second = (snapshots.screenshot_of(tx, one) for one in snapshots.newest(tx))
        assert all("王经理 1" in (snapshots.rendered_of(tx, one) or b"").decode() for one in snapshots.newest(tx))
    box = boxes_in(first)["/html/body/p[1]/b"]
    assert 0 < box.left < 200
    assert 10 < box.height < 40
    assert first == second


def test_what_a_script_asks_for_passes_the_gate_and_leaves_by_no_other_way(site: Hostile, tmp_path: Path) -> None:
    with hostile() as victim:
        wanted = [
            fetching("/no/number"),
            fetching("/moved", "other"),
            f"fetch('{victim.url}/secret').catch(() => 0);",
            f"fetch('http://localhost:{victim.server_address[1]}/secret').catch(() => 0);",
            "fetch('http://169.254.169.254/latest/meta-data/').catch(() => 0);",
            f"new WebSocket('ws://{victim.host}/socket');",
            f"new WebSocket('ws://{site.host}/socket');",
            f"new Image().src = '{victim.url}/pixel';",
            f"navigator.sendBeacon('{victim.url}/beacon');",
            "navigator.serviceWorker && navigator.serviceWorker.register('/worker').catch(() => 0);",
            f"document.head.insertAdjacentHTML('beforeend', '<link rel=preconnect href={victim.url}>');",
        ]
        site.more["/"] = lambda handler: handler.answer(200, script("".join(wanted)))
        site.more["/moved"] = lambda handler: handler.answer(302, Location="/no/number")
        desk = CrawlDesk(tmp_path, site.host)
        desk.add([f"{site.url}/"], render=True)
        desk.crawl()
        assert victim.asked == []
        assert {path for path in site.asked if path.startswith("/no")} == set()
        assert "/socket" not in site.asked
    assert desk.bodies()[""].count(b">kept out<") == 2


def test_no_window_worker_or_call_of_a_page_gets_past_the_gate(site: Hostile, tmp_path: Path) -> None:
    site.more["/shared.js"] = lambda handler: handler.answer(
        200, b"fetch('/no/shared')", Content_Type="text/javascript"
    )
    site.more["/worker.js"] = lambda handler: handler.answer(
        200, b"fetch('/no/worker')", Content_Type="text/javascript"
    )
    with hostile() as victim, socket(AF_INET, SOCK_DGRAM) as told:
        told.bind(("127.0.0.1", 0))
        told.setblocking(False)
        stun = f"stun:127.0.0.1:{told.getsockname()[1]}"
        wanted = [
            "window.open('/no/window');",
            f"window.open('{victim.url}/window');",
            "const form = document.createElement('form'); form.action = '/no/form'; form.target = '_blank';",
            "document.documentElement.append(form); form.submit();",
            "new Worker('/worker.js');",
            f"const call = new RTCPeerConnection({{iceServers: [{{urls: '{stun}'}}]}}); call.createDataChannel('x');",
            "call.createOffer().then(offer => call.setLocalDescription(offer));",
            "new SharedWorker('/shared.js');",
        ]
        site.more["/"] = lambda handler: handler.answer(200, script("".join(wanted)))
        desk = CrawlDesk(tmp_path, site.host)
        desk.add([f"{site.url}/"], render=True)
        desk.crawl()
        assert victim.asked == []
        assert sorted(set(site.asked)) == ["/", "/robots.txt", "/worker.js"]
        with pytest.raises(BlockingIOError):
            told.recv(100)


def test_no_page_asks_another_host_that_waits_for_a_person(site: Hostile, tmp_path: Path) -> None:
    with hostile() as other:
        other.more["/"] = lambda handler: handler.answer(403, b"no")
        site.more["/"] = lambda handler: handler.answer(200, script(fetching(f"{other.url}/x")))
        desk = CrawlDesk(tmp_path, f"{site.host},{other.host}")
        desk.add([f"{other.url}/"])
        desk.crawl()
        desk.add([f"{site.url}/"], render=True)
        desk.crawl()
        assert other.asked == ["/robots.txt", "/"]
    assert "/" in site.asked


def test_a_host_that_tells_a_script_no_is_left_alone_and_a_person_is_asked(site: Hostile, tmp_path: Path) -> None:
    with hostile() as other:
        other.more["/api"] = lambda handler: handler.answer(403)
        ask = f"fetch('{other.url}/api').catch(() => 0).then(() => fetch('{other.url}/again').catch(() => 0));"
        site.more["/"] = lambda handler: handler.answer(200, script(ask + fetching("/number")))
        site.more["/number"] = lambda handler: handler.answer(200, b"95588", Content_Type="text/plain")
        desk = CrawlDesk(tmp_path, f"{site.host}, {other.host}")
        desk.add([f"{site.url}/"], render=True)
        desk.crawl()
        assert other.fetched == ["/api"]
        (task,) = desk.haoma("task", "list")
        assert (task["kind"], task["host"]) == ("forbidden", other.host)
    assert b">95588<" in desk.bodies()[""]


def test_an_answer_that_unpacks_to_too_much_is_kept_out_and_the_page_goes_on(site: Hostile, tmp_path: Path) -> None:
    bomb = gzip.compress(bytes(300_000_000))
    site.more["/bomb"] = lambda handler: handler.answer(200, bomb, Content_Encoding="gzip", Content_Type="text/plain")
    site.more["/number"] = lambda handler: handler.answer(200, b"95588", Content_Type="text/plain")
    site.more["/"] = lambda handler: handler.answer(200, script(fetching("/bomb", "other") + fetching("/number")))
    desk = CrawlDesk(tmp_path, site.host)
    desk.add([f"{site.url}/"], render=True)
    desk.crawl()
    assert b'<b id="tel">95588</b><i id="other">kept out</i>' in desk.bodies()[""]


def test_a_page_has_its_cookies_and_sends_what_it_says(site: Hostile, tmp_path: Path) -> None:
    heard = []

    def number(handler: Any) -> None:
        heard.append((handler.command, handler.headers["Cookie"], handler.headers["X-Say"], handler.headers["Accept"]))
        handler.answer(200, b"95588", Content_Type="text/plain")

    say = "fetch('/number', {headers: {'X-Say': 'a'}}).then(r => r.text())"
    shown = f"{say}.then(t => {{ document.getElementById('tel').textContent = t }});"
    site.more["/"] = lambda handler: handler.answer(200, script(f"document.cookie = 'b=2'; {shown}"), Set_Cookie="a=1")
    site.more["/number"] = number
    desk = CrawlDesk(tmp_path, site.host)
    desk.add([f"{site.url}/"], render=True)
    desk.crawl()
    assert heard == [("GET", "a=1; b=2", "a", "*/*")]
    assert b'<b id="tel">95588</b>' in desk.bodies()[""]


def test_a_page_that_goes_to_another_site_is_not_shown_as_that_one(site: Hostile, tmp_path: Path) -> None:
    with hostile() as other:
        other.more["/"] = lambda handler: handler.answer(200, b"<title>x</title>95599")
        site.more["/"] = lambda handler: handler.answer(200, script(f"location.href = '{other.url}/'"))
        desk = CrawlDesk(tmp_path, f"{site.host},{other.host}")
        desk.add([f"{site.url}/"], render=True)
        desk.crawl()
        assert "/" in other.asked
    assert b"95599" not in desk.bodies()[""]


def test_a_page_that_hangs_asks_too_much_or_goes_away_costs_no_more_than_its_bounds(
    site: Hostile, tmp_path: Path
) -> None:
    many = "for (let n = 0; n < 500; n++) fetch('/page/' + n).catch(() => 0);"
    pages = {
        "/hangs": script("for (;;) {}"),
        "/many": script(many),
        "/grows": script("let t = 'x'.repeat(1 << 20); for (let n = 0; n < 64; n++) document.body.append(t);"),
        "/leaves": script("location.href = '/no/page';"),
        "/asks": script("alert(1); confirm(2); print();"),
        "/opens": script("for (let n = 0; n < 50; n++) window.open('/page');"),
    }
    for path, body in pages.items():
        site.more[path] = lambda handler, body=body: handler.answer(200, body)
    desk = CrawlDesk(tmp_path, site.host)
    desk.add([f"{site.url}{path}" for path in pages], render=True)
    began = time.monotonic()
    told = desk.crawl()
    assert time.monotonic() - began < 150
    assert told["snapshots"] == len(pages)
    assert len([path for path in site.asked if path.startswith("/page/")]) <= 100
    assert {path for path in site.asked if path.startswith("/no")} == set()
    rendered = {one["url"].rpartition("/")[2]: one["rendered"] for one in desk.haoma("show")}
    assert rendered["hangs"] is None
    assert rendered["grows"] is None
    assert rendered["asks"] is not None
    assert not [one for one in running() if str(tmp_path) in one]


def test_a_browser_that_is_started_anew_goes_on_rendering(site: Hostile, tmp_path: Path) -> None:
    site.more["/number"] = lambda handler: handler.answer(200, b"95588", Content_Type="text/plain")
    site.more["/shown"] = lambda handler: handler.answer(200, script(fetching("/number")))
    desk = CrawlDesk(tmp_path, site.host)
    desk.add([f"{site.url}/shown/{n}" for n in range(6)], render=True)
    often = "from haoma.guard.crawl import chromium; chromium.PAGES = chromium.AT_ONCE = 1; "
    often += "from haoma.cli.main import run; run(['crawl', 'run', '--once'])"
    ended = subprocess.run([sys.executable, "-c", often], env=desk.env, capture_output=True, text=True, check=True)
    assert ended.stderr == ""
    assert [body.count(b'<b id="tel">95588</b>') for body in desk.bodies().values()] == [1] * 6


def running() -> list[str]:
    """The command lines of this user's processes that are children of nobody here."""
    found = []
    for place in Path("/proc").glob("[0-9]*/environ"):
        try:
            if place.parent.stat().st_uid == os.getuid() and b"HAOMA_STORE_DIR" in (text := place.read_bytes()):
                found.append(text.decode("utf-8", "replace"))
        except OSError:
            continue
    return found
