"""Pictures of pages, by the system's Chromium: a page with one person's mobile looks like a page with another's."""

from __future__ import annotations

import asyncio
import hashlib
import subprocess
import uuid
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import pytest

from contracts.crawl import NOW
from contracts.entries import all_entries
from contracts.hostile import hostile
from contracts.made import made
from haoma.guard.crawl import snapshots, warc
from haoma.guard.crawl.browser import FLAGS, is_sandboxed, program
from haoma.guard.crawl.drawing import Drawer
from haoma.guard.crawl.entries import ENTRY_TYPES
from haoma.guard.crawl.model import Snapshot
from haoma.guard.crawl.picture import Unread, boxes_in, picture_of, unread_in
from haoma.guard.crawl.recording import Seen, keep
from haoma.ledger.service import Ledger
from haoma.storage import Store, open_store

FIRST, OTHER = "13800138000", "13911139111"


@pytest.fixture(scope="module", autouse=True)
def chromium() -> None:
    """The program; its script installs it or says what to run."""
    subprocess.run(["sh", Path(__file__).with_name("chromium.sh")], stdout=subprocess.PIPE, check=True)


def drawn(number: str) -> str:
    """An image in which a number stands."""
    size = "width='200' height='30'"
    return f"data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg' {size}><text y='20'>{number}</text></svg>"


WAYS = {
    "text": "<p>王经理 %s</p>",
    "frame": '<iframe srcdoc="<p>王经理 %s</p>"></iframe>',
    "frame in a frame": "<iframe srcdoc=\"<iframe srcdoc='王经理 %s'></iframe>\"></iframe>",
    "another origin's frame": '<iframe src="data:text/html,<p>tel %s"></iframe>',
    "image": '<img src="%(drawn)s">',
    "image behind": '<div style="width:200px;height:30px;background:url(&quot;%(drawn)s&quot;)"></div>',
    "image's text": '<img src="data:," alt="王经理 %s" width=300 height=30>',
    "canvas": "<canvas width=200 height=30></canvas><script>"
    "document.querySelector('canvas').getContext('2d').fillText('%s', 5, 20)</script>",
    "svg": "<svg width=200 height=30><text y=20>%s</text></svg>",
    "object": '<object data="%(drawn)s" width=200 height=30></object>',
    "shadow": "<div id=a></div><script>document.getElementById('a').attachShadow({mode:'open'}).innerHTML="
    "'<p>王经理 %s</p>'</script>",
    "closed shadow": "<x-tel style='display:block;width:200px;height:30px'></x-tel><script>"
    "document.querySelector('x-tel').attachShadow({mode:'closed'}).innerHTML='<p>%s</p>'</script>",
    "form": '<input value="%s">',
    "form's hint": '<input placeholder="%s">',
    "list": "<select><option>%s</option></select>",
    "area": "<textarea>%s</textarea>",
    "style sheet": "<style>b::before{content:'%s'}</style><p><b></b> 请拨打</p>",
    "turned": "<p>电话 <bdo dir=rtl>%(turned)s</bdo></p>",
    "turned by a sign": "<p>电话 &#8238;%(turned)s&#8236;</p>",
    "torn by what has no size": "<p>%(head)s<span style='font-size:0'>x7</span>%(tail)s</p>",
    "torn by what is hidden": "<p>%(head)s<span style='display:none'>x7</span>%(tail)s</p>",
    "side by side": "<p><i style='display:inline-block'>%(head)s%(tail)s</i><i>%(head)s%(tail)s</i></p>",
    "moved": "<style>@keyframes m{to{margin-left:300px}}</style><p style='animation:m 9s forwards'>王经理 %s</p>",
    "moved for ever": "<style>@keyframes m{from{margin-left:9px}to{margin-left:300px}}</style>"
    "<p style='animation:m 1s linear infinite'>王经理 %s</p>",
}


def page(way: str, number: str) -> str:
    parts = {"drawn": drawn(number), "turned": number[::-1], "head": number[:3], "tail": number[3:]}
    shown = way % parts if "%(" in way else way % number
    return f"<!doctype html><meta charset=utf-8><body>{shown}<p>客服 <b>95588</b></p></body>"


def pictures(pages: list[str]) -> list[tuple[bytes | None, str, bytes]]:
    """The picture of each page, its HTML when it had been taken, and what Chromium shows with nothing covered."""

    async def take() -> list[tuple[bytes | None, str]]:
        from playwright.async_api import async_playwright

        found = []
        async with async_playwright() as playwright:
            browser = await playwright.chromium.launch(
                executable_path=program(None), chromium_sandbox=is_sandboxed(), args=FLAGS
            )
            shown = await browser.new_page(viewport={"width": 640, "height": 400})
            for one in pages:
                await shown.set_content(one)
                bare = await shown.screenshot()
                found.append((await picture_of(shown), await shown.content(), bare))
            await browser.close()
        return found

    return run(take())


def run(work: Coroutine[Any, Any, Any]) -> Any:
    return asyncio.run(work)


def test_no_picture_tells_one_persons_mobile_from_anothers_however_a_page_shows_it() -> None:
    names = list(WAYS)
    taken = pictures([page(WAYS[name], number) for name in names for number in (FIRST, OTHER)])
    told = {name: (taken[2 * n][0], taken[2 * n + 1][0]) for n, name in enumerate(names)}
    assert [name for name, (first, other) in told.items() if first is None or first != other] == []
    assert all("/html/body/p/b" in str(boxes_in(first)) or "/p[" in str(boxes_in(first)) for first, _ in told.values())
    assert [html for _, html, _ in taken if "z-index" in html] == []
    seen = [name for n, name in enumerate(names) if taken[2 * n][2] != taken[2 * n + 1][2]]
    assert seen == names  # or nothing was covered


def test_what_is_no_persons_is_seen_and_what_nobody_looked_into_is_counted() -> None:
    ours, theirs = (f"<p>客服 <b>{number}</b></p>" for number in ("4008001234", "4008005678"))
    named = [f'<img src="{drawn(number)}" alt="客服 {number}">' for number in ("4008001234", "4008005678")]
    plain = (
        f'<img src="{drawn("4008001234")}"><canvas width=100 height=20></canvas><img src="data:," width=20 height=9>'
    )
    unseen = f'<img src="{drawn("1")}" style="position:absolute;top:0;visibility:hidden">{ours}'
    first, other, mine, yours, mixed, same = (png for png, _, _ in pictures([ours, theirs, *named, plain, unseen]))
    assert same == first
    assert first != other
    assert mine != yours
    assert unread_in(first or b"") == Unread(0, 0)
    assert unread_in(mine or b"") == Unread(0, 1)
    assert unread_in(mixed or b"") == Unread(2, 0)
    assert [*(boxes_in(mine or b"") or {})] == ["/html/body/img"]


def test_a_page_that_no_browser_saw_is_drawn_later_and_asks_nobody_for_anything(tmp_path: Path) -> None:
    with hostile() as site, open_store(made(f"sqlite:///{tmp_path / 'haoma.db'}")) as store:
        shown = (
            f"<!doctype html><meta charset=gbk><link rel=stylesheet href=/style.css><img src={site.url}/pixel.png>"
            f"<iframe src={site.url}/frame></iframe><script>document.title = 'ran'; fetch('/asked')</script>"
            f"<meta http-equiv=refresh content='0;url={site.url}/moved'><style>@import url({site.url}/more.css)</style>"
            "<p>客服 <b>95588</b> 王经理 %s</p>"
        )
        ids = [
            kept(store, f"{site.url}/{n}", (shown % number).encode("gbk")) for n, number in enumerate((FIRST, OTHER))
        ]
        log = Ledger(store, ENTRY_TYPES, lambda: NOW)
        for _ in range(2):
            Drawer(store, log, lambda: NOW)([*ids, ids[0], "none"])
        assert site.asked == []
        with store.read() as tx:
            first, other = (snapshots.drawn_of(tx, one) for one in ids)
        told = [entry.body for entry in all_entries(store) if entry.type == "crawl.drawn"]
    assert first is not None
    assert other is not None
    assert first.png == other.png
    assert (boxes_in(first.png) or {})["/html/body/p/b"].height > 10
    assert sorted(one["picture"] for one in told) == [first.digest, other.digest]
    assert {one["snapshot"] for one in told} == set(ids)


def test_a_page_that_cannot_be_drawn_is_tried_once_and_takes_no_other_with_it(tmp_path: Path) -> None:
    with open_store(made(f"sqlite:///{tmp_path / 'haoma.db'}")) as store:
        log, page = Ledger(store, ENTRY_TYPES, lambda: NOW), b"<p>95588</p>"
        bad = [kept(store, "http://", page) for _ in range(2)]  # no browser goes there
        good = kept(store, "https://www.example.com/", page)
        Drawer(store, log, lambda: NOW)([*bad, good])
        Drawer(store, log, lambda: NOW, Path("/no/chromium"))([*bad, good])
        with store.read() as tx:
            why = [found.why for one in bad if (found := snapshots.undrawn_of(tx, one)) is not None]
            assert (why, snapshots.drawn_of(tx, good) is None) == (["browser-failed"] * 2, False)
        Drawer(store, log, lambda: NOW)(bad, again=True)
        told = [entry.body["snapshot"] for entry in all_entries(store) if entry.type == "crawl.undrawn"]
    assert sorted(told) == sorted(bad * 2)


def kept(store: Store, url: str, body: bytes) -> str:
    """A page as the crawl keeps it; the id of its snapshot."""
    snapshot, digest = str(uuid.uuid4()), hashlib.sha256(body).hexdigest()
    seen = Snapshot(snapshot, str(uuid.uuid4()), url, url, NOW, 200, "text/html", digest)
    record = warc.response(snapshot, warc.Answer(url, 200, [("Content-Type", "text/html")], body), NOW)
    log = Ledger(store, ENTRY_TYPES, lambda: NOW)
    store.write(lambda tx: keep(tx, log, str(uuid.uuid4()), [Seen(seen, {"response": record})], NOW) and None)
    return snapshot
