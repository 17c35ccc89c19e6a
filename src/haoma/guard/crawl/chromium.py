"""The web as a browser shows it: scrapy-playwright with the system's Chromium, bounded and watched.

Rules held here:
- Everything that a page asks for is fetched for it here, after it passed the gate: scripts, XHRs, frames, pictures, and
  what each redirect of those leads to. Sounds, fonts, sockets, workers that outlive a page, further windows and
  downloads are off.
- Chromium has one way out, `Egress`, also for what nobody asked it to fetch; nothing leaves by UDP.
- What a page asks for is bounded as every other answer is, as sent and as unpacked: no answer fills the browser's
  driver, which all pages share.
- A page has a context of its own, a minute, and so many requests, those for the rules of other origins among them;
  after 50 pages the browser is started anew.
- What a page asks of another host waits for its turn there, as visits do, but not for long, so that no page holds up
  the visits of others.
- A host that says no to a script is not asked again by that page, and a person is asked: another one with 401, 403, 429
  or a captcha, the page's own with the last two, for what it refuses to a script alone is its own matter, as is a
  picture that another one keeps from strangers' pages.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from itertools import count
from typing import TYPE_CHECKING
from urllib.parse import urljoin

from haoma.guard.crawl.blocked import said_no
from haoma.guard.crawl.browser import AT_ONCE, LOAD_MS
from haoma.guard.crawl.gate import REDIRECTS, Gate
from haoma.guard.crawl.model import LARGEST, TaskKind
from haoma.guard.crawl.picture import picture_of
from haoma.guard.crawl.urls import holds_mobile, host_of, normal
from haoma.guard.crawl.web import Ask, Got, Web, header

if TYPE_CHECKING:
    from playwright.async_api import BrowserContext, Page, Route
    from playwright.async_api import Request as Wanted
    from scrapy.crawler import Crawler

    from haoma.guard.crawl.egress import Egress
    from haoma.guard.crawl.robots import Rules
    from haoma.guard.crawl.visiting import Pace

__all__ = ["ChromiumWeb"]

PAGE_S, REST_MS = 60.0, 5_000
PAGES = 50
WIDTH, HEIGHT = 1_280, 1_024
MOST_REDIRECTS = 5
GAP_S = 0.05  # the least between two requests of pages to a host
PATIENT_S = 10.0
LEARNING = 4
_TYPES = frozenset({"document", "stylesheet", "image", "script", "xhr", "fetch", "other"})
_DRAWN = frozenset({"image", "stylesheet"})
# Of a connection, or said by whoever asks for the page; and what has been taken off an answer.
_NOT_SENT = frozenset({"host", "connection", "content-length", "accept-encoding", "user-agent", "cookie"})
_NOT_SHOWN = frozenset({"connection", "content-encoding", "content-length", "keep-alive", "transfer-encoding"})


@dataclass(slots=True)
class _Visit:
    """A page under way: how it is asked for, how many requests it made, its context once it has one, who said no."""

    ask: Ask
    made: int = 0
    context: BrowserContext | None = None
    said_no: dict[str, TaskKind] = field(default_factory=dict)
    learning: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(LEARNING))

    def failed(self, trouble: str) -> Got:
        """What came of it where it was not shown."""
        return self.counted(Got(self.ask.url, 0, trouble=trouble))

    def counted(self, got: Got) -> Got:
        """What came of it, with what it took."""
        return replace(got, requests=self.made, said_no=tuple(self.said_no.items()))


class ChromiumWeb:
    """A `Web` that has pages rendered where that is asked for, and `plain` do everything else."""

    def __init__(
        self,
        crawler: Crawler,
        plain: Web,
        gate: Gate,
        agent: str,
        egress: Egress,
        stopped: Callable[[str], Awaitable[bool]],
        pace: Pace,
    ) -> None:
        self._crawler = crawler
        self._plain = plain
        self._gate = gate
        self._agent = agent
        self._egress = egress
        self._stopped = stopped
        self._pace = pace
        self._numbers = count()
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._shown = 0

    async def get(self, ask: Ask) -> Got:
        """See `Web.get`."""
        if not ask.render:
            return await self._plain.get(ask)
        async with self._slots:
            visit = _Visit(ask)
            if ask.bind is not None:
                self._egress.ask_from(ask.url, ask.bind)
            try:
                async with asyncio.timeout(PAGE_S):
                    return await self._render(ask, visit)
            except TimeoutError:
                return visit.failed("timeout")
            except Exception:  # noqa: BLE001 - whatever a page does to a browser must not end the crawl
                return visit.failed("no-answer")
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

        picture = PageMethod(picture_of)
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
            return visit.failed("no-answer")
        response = await engine.download_async(Request(ask.url, meta=meta, dont_filter=True))
        shows = normal(str(response.url))
        if shows is None or host_of(shows) != host_of(ask.url):  # a script has gone to another site
            return visit.failed("moved")
        kind = ("content-type", "text/html; charset=utf-8")
        body = str(response.text).encode("utf-8", "replace")
        if len(body) > LARGEST:
            return visit.failed("too-large")
        shown = picture.result if isinstance(picture.result, bytes) else None
        return visit.counted(Got(ask.url, response.status, (kind,), body, body, picture=shown))

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
                kept = wanted.resource_type in _TYPES and wanted.method in {"GET", "POST", "HEAD"}
                if not kept or not await self._fetched(route, wanted, visit):
                    await route.abort()

        return fetch

    async def _fetched(self, route: Route, wanted: Wanted, visit: _Visit) -> bool:
        """Fetch something for a page, over redirects, each of which passes the gate; false where it may not have it."""
        if wanted.url.startswith(("data:", "blob:")):
            await route.continue_()
            return True
        url, status = normal(wanted.url), 0
        for _ in range(MOST_REDIRECTS + 1):
            visit.made += 1
            if url is None or visit.made > visit.ask.most or not await self._may(url, visit):
                return False
            got = await self._plain.get(await _asked(wanted, url, visit, status))
            if got.trouble is not None or _notes(visit, url, got, wanted.resource_type):
                return False
            if got.status not in REDIRECTS:
                await route.fulfill(status=got.status, headers=_shown(got), body=got.body)
                return True
            if wanted.resource_type == "document":  # its own address would be another one
                return False
            url, status = normal(urljoin(url, header(got.headers, "location") or "")), got.status
        return False

    async def _may(self, url: str, visit: _Visit) -> bool:
        """Wait until a page may have this; false where it may not: no other host is asked that waits for a person."""
        host = host_of(url)
        elsewhere = host != host_of(visit.ask.url)
        if holds_mobile(url) or host in visit.said_no or (elsewhere and await self._stopped(host)):
            return False
        rules = await self._rules(url, visit)
        if rules is None or not rules.allows(url):
            return False
        if visit.made > 1:  # the page itself has had its turn
            lane, gap_s = (host, max(GAP_S, rules.delay_s)) if elsewhere else (f"{host} page", GAP_S)
            if not await self._pace.turn(lane, gap_s, PATIENT_S):
                return False
        return host not in visit.said_no

    async def _rules(self, url: str, visit: _Visit) -> Rules | None:
        """The rules of an address, asked for out of what the page may ask; None where nothing of that is left."""
        if self._gate.knows(url):
            return await self._gate.rules(url)
        async with visit.learning:
            if visit.made >= visit.ask.most:
                return None
            rules, asked = await self._gate.learnt(url)
            visit.made += asked
            return rules

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


def _notes(visit: _Visit, url: str, got: Got, what: str) -> bool:
    """Note who says no to a page; whether this is one. That an address is a captcha's is what the page asked for."""
    task = said_no(replace(got, url=""))
    mild = host_of(url) == host_of(visit.ask.url) or what in _DRAWN
    if task is None or visit.made == 1 or (task is TaskKind.FORBIDDEN and mild):
        return False
    visit.said_no.setdefault(host_of(url), task)
    return True


async def _asked(wanted: Wanted, url: str, visit: _Visit, moved: int) -> Ask:
    """What a page asks for, as it does, with its cookies; `moved` is the status of the answer that led there, or 0."""
    left_out = _NOT_SENT | {"authorization"} if moved else _NOT_SENT
    headers = [(name.title(), value) for name, value in wanted.headers.items() if name.lower() not in left_out]
    cookies = await visit.context.cookies(url) if visit.context is not None else []
    if cookies:
        headers.append(("Cookie", "; ".join(f"{one['name']}={one['value']}" for one in cookies)))
    again = wanted.method != "POST" or moved not in {301, 302, 303}  # RFC 9110 §15.4
    body = (wanted.post_data_buffer or b"") if again else b""
    bind = visit.ask.bind if host_of(url) == host_of(visit.ask.url) else None
    return Ask(url, headers, bind=bind, method=wanted.method if again else "GET", body=body)


def _shown(got: Got) -> dict[str, str]:
    """The headers of an answer, whose content encoding is taken off; those of one name in one, as Playwright has it."""
    found: dict[str, str] = {}
    for name, value in ((name.lower(), value) for name, value in got.headers):
        if name not in _NOT_SHOWN:
            between = "\n" if name == "set-cookie" else ", "
            found[name] = f"{found[name]}{between}{value}" if name in found else value
    return found


async def _at_rest(page: Page, wait_for: str | None) -> None:
    from playwright.async_api import TimeoutError as Late

    with suppress(Late):  # a page that never stops asking, or never shows what is waited for, is seen as it is
        if wait_for:
            await page.wait_for_selector(wait_for, state="attached", timeout=2 * REST_MS)
        else:
            await page.wait_for_load_state("networkidle", timeout=REST_MS)
