"""The web as a browser shows it: scrapy-playwright with the system's Chromium, bounded and watched.

Rules held here:
- Everything that a page asks for is fetched for it here, after it passed the gate: scripts, XHRs, frames, pictures, and
  what each redirect of those leads to. Sounds, fonts, sockets, workers that outlive a page, further windows and
  downloads are off.
- Chromium has one way out, `Egress`, also for what nobody asked it to fetch; nothing leaves by UDP.
- A page has a context of its own, a minute, and so many requests; after 50 pages the browser is started anew.
"""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urljoin

from haoma.errors import Unavailable
from haoma.guard.crawl.gate import REDIRECTS, Gate
from haoma.guard.crawl.model import LARGEST
from haoma.guard.crawl.urls import holds_mobile, host_of, normal
from haoma.guard.crawl.web import Ask, Got, Web

if TYPE_CHECKING:
    from playwright.async_api import BrowserContext, Page, Route
    from playwright.async_api import Request as Wanted
    from scrapy.crawler import Crawler

    from haoma.guard.crawl.egress import Egress

__all__ = ["ChromiumWeb", "chromium_settings", "program"]

PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
PAGE_S, LOAD_MS, REST_MS, FETCH_MS, PICTURE_MS = 60.0, 30_000, 5_000, 20_000, 10_000
PAGES = 50
WIDTH, HEIGHT, TALLEST = 1_280, 1_024, 8_000
AT_ONCE = 4
MOST_REDIRECTS = 5
_TYPES = frozenset({"document", "stylesheet", "image", "script", "xhr", "fetch", "other"})
_HANDLER = "scrapy_playwright.handler.ScrapyPlaywrightDownloadHandler"


def program(given: Path | None) -> Path:
    """The Chromium to run; raises Unavailable where there is none."""
    found = given or next((Path(path) for name in PROGRAMS if (path := shutil.which(name))), None)
    if found is None or not os.access(found, os.X_OK):
        raise Unavailable("a source is to be rendered, and there is no Chromium", hint="apt-get install chromium")
    try:
        import scrapy_playwright  # noqa: F401
    except ImportError:
        raise Unavailable("pages are rendered by scrapy-playwright", hint="pip install 'haoma[render]'") from None
    return found


def chromium_settings(path: Path, egress: Egress) -> dict[str, object]:
    """What Scrapy's settings need beyond the plain ones."""
    return {
        "DOWNLOAD_HANDLERS": {"http": _HANDLER, "https": _HANDLER},
        "PLAYWRIGHT_BROWSER_TYPE": "chromium",
        "PLAYWRIGHT_DEFAULT_NAVIGATION_TIMEOUT": LOAD_MS,
        "PLAYWRIGHT_MAX_CONTEXTS": AT_ONCE,
        "PLAYWRIGHT_MAX_PAGES_PER_CONTEXT": 1,
        "PLAYWRIGHT_PROCESS_REQUEST_HEADERS": None,
        "PLAYWRIGHT_LAUNCH_OPTIONS": {
            "executable_path": str(path),
            "chromium_sandbox": os.geteuid() != 0,  # it needs another user than root
            "proxy": {"server": egress.url, "username": egress.user, "password": egress.password},
            "args": [
                "--webrtc-ip-handling-policy=disable_non_proxied_udp",
                "--force-webrtc-ip-handling-policy=disable_non_proxied_udp",  # as Chromium called it before
                "--disable-shared-workers",  # what they ask for belongs to no page, and would pass no gate
                "--disable-background-networking",
                "--disable-component-update",
                "--no-first-run",
            ],
        },
    }


@dataclass(slots=True)
class _Visit:
    """A page under way: how many requests it may still make, and its context once it has one."""

    left: int
    made: int = 0
    context: BrowserContext | None = None


class ChromiumWeb:
    """A `Web` that has pages rendered where that is asked for, and `plain` do everything else."""

    def __init__(self, crawler: Crawler, plain: Web, gate: Gate, agent: str, egress: Egress) -> None:
        self._crawler = crawler
        self._plain = plain
        self._gate = gate
        self._agent = agent
        self._egress = egress
        self._numbers = count()
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._shown = 0

    async def get(self, ask: Ask) -> Got:
        """See `Web.get`."""
        if not ask.render:
            return await self._plain.get(ask)
        async with self._slots:
            visit = _Visit(ask.most)
            if ask.bind is not None:
                self._egress.ask_from(ask.url, ask.bind)
            try:
                async with asyncio.timeout(PAGE_S):
                    return await self._render(ask, visit)
            except TimeoutError:
                return Got(ask.url, 0, trouble="timeout", requests=visit.made)
            except Exception:  # noqa: BLE001 - whatever a page does to a browser must not end the crawl
                return Got(ask.url, 0, trouble="no-answer", requests=visit.made)
            finally:
                await self._close(visit)

    async def _render(self, ask: Ask, visit: _Visit) -> Got:
        from scrapy import Request
        from scrapy_playwright.page import PageMethod

        async def begin(page: Page, _request: object) -> None:
            visit.context = page.context
            await page.context.route_web_socket("**", lambda socket: socket.close())
            await page.context.route("**", lambda route: route.abort())  # of the windows that the page opens
            await page.route("**", self._fetching(visit))

        async def rest(page: Page) -> None:
            await _at_rest(page, ask.wait_for)

        picture = PageMethod(_picture)
        meta = {
            "playwright": True,
            "playwright_context": f"page-{next(self._numbers)}",
            "playwright_context_kwargs": self._context(),
            "playwright_page_init_callback": begin,
            "playwright_page_methods": [PageMethod(rest), picture],
            "playwright_page_goto_kwargs": {"wait_until": "load"},
        }
        engine = self._crawler.engine
        if engine is None:
            return Got(ask.url, 0, trouble="no-answer")
        response = await engine.download_async(Request(ask.url, meta=meta, dont_filter=True))
        shows = normal(str(response.url))
        if shows is None or host_of(shows) != host_of(ask.url):  # a script has gone to another site
            return Got(ask.url, 0, trouble="moved", requests=visit.made)
        kind = ("content-type", "text/html; charset=utf-8")
        body = str(response.text).encode("utf-8", "replace")
        if len(body) > LARGEST:
            return Got(ask.url, 0, trouble="too-large", requests=visit.made)
        shown = picture.result if isinstance(picture.result, bytes) else None
        return Got(ask.url, response.status, (kind,), body, body, picture=shown, requests=visit.made)

    def _context(self) -> dict[str, object]:
        return {
            "accept_downloads": False,
            "locale": "zh-CN",
            "service_workers": "block",
            "user_agent": self._agent,
            "viewport": {"width": WIDTH, "height": HEIGHT},
        }

    def _fetching(self, visit: _Visit) -> Callable[[Route, Wanted], object]:
        async def fetch(route: Route, wanted: Wanted) -> None:
            with suppress(Exception):  # the page may be gone by now
                if not await self._fetched(route, wanted, visit):
                    await route.abort()

        return fetch

    async def _fetched(self, route: Route, wanted: Wanted, visit: _Visit) -> bool:
        """Fetch something for a page, over redirects, each of which passes the gate; false where it may not have it."""
        if wanted.url.startswith(("data:", "blob:")):
            await route.continue_()
            return True
        if wanted.resource_type not in _TYPES or wanted.method not in {"GET", "POST", "HEAD"}:
            return False
        url = normal(wanted.url)
        for _ in range(MOST_REDIRECTS + 1):
            visit.made += 1
            if url is None or visit.made > visit.left or holds_mobile(url) or not await self._gate.allows(url):
                return False
            answer = await route.fetch(url=url, max_redirects=0, timeout=FETCH_MS)
            if answer.status not in REDIRECTS:
                await route.fulfill(response=answer)
                return True
            if wanted.resource_type == "document":  # its own address would be another one
                return False
            url = normal(urljoin(url, answer.headers.get("location", "")))
        return False

    async def _close(self, visit: _Visit) -> None:
        """Close the page's context, and with every fiftieth page the browser: it grows, and sometimes hangs."""
        self._shown += 1
        if visit.context is None:
            return
        with suppress(Exception):
            async with asyncio.timeout(LOAD_MS / 1000):
                browser = visit.context.browser
                await visit.context.close()
                if browser is not None and self._shown >= PAGES and not browser.contexts:
                    self._shown = 0
                    await browser.close()


async def _at_rest(page: Page, wait_for: str | None) -> None:
    from playwright.async_api import TimeoutError as Late

    with suppress(Late):  # a page that never stops asking, or never shows what is waited for, is seen as it is
        if wait_for:
            await page.wait_for_selector(wait_for, state="attached", timeout=2 * REST_MS)
        else:
            await page.wait_for_load_state("networkidle", timeout=REST_MS)


async def _picture(page: Page) -> bytes | None:
    """A PNG of the page, of 8,000 pixels at the most; none where it cannot be drawn in time."""
    with suppress(Exception):
        tall = await page.evaluate("Math.ceil(document.documentElement.scrollHeight)")
        part = {"x": 0, "y": 0, "width": WIDTH, "height": max(1, min(int(tall), TALLEST))}
        shot: bytes = await page.screenshot(full_page=True, clip=part, timeout=PICTURE_MS, animations="disabled")
        return shot
    return None
