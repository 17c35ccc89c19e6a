"""Pictures of pages, by the system's Chromium: a page with one person's mobile looks like a page with another's."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import pytest

from haoma.guard.crawl.browser import FLAGS, is_sandboxed, program
from haoma.guard.crawl.picture import Unread, boxes_in, picture_of, unread_in

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
    "torn by what is hidden": "<p>%(head)s<span style='display:none'>x7</span>%(tail)s</p>",
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
    first, other, mine, yours, mixed = (png for png, _, _ in pictures([ours, theirs, *named, plain]))
    assert first != other
    assert mine != yours
    assert unread_in(first or b"") == Unread(0, 0)
    assert unread_in(mine or b"") == Unread(0, 1)
    assert unread_in(mixed or b"") == Unread(2, 0)
    assert [*(boxes_in(mine or b"") or {})] == ["/html/body/img"]
