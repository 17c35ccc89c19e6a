"""A hotline on a page as a visitor sees it: Chromium has run its scripts.

Rules held here:
- A page has half a minute for everything, and a browser of its own that ends with it.
- The browser is the crawl's, with the same one way out: it reaches the page's own host, the hosts that are allowed by
  name and the public internet, so that who can change a page cannot have it ask this machine's network.
- What counts is what stands there when the page has come to rest: a script may write a number late.
- Nothing is downloaded, and nothing of the page is kept but the texts of the nodes that were asked for.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from haoma.errors import Unavailable
from haoma.guard.crawl.addresses import Allowed
from haoma.guard.crawl.browser import FLAGS, is_sandboxed, program, proxy_of
from haoma.guard.crawl.egress import Egress, serving
from haoma.guard.probe.html import is_xpath
from haoma.guard.probe.model import Asked
from haoma.guard.probe.pointer import filled, in_url

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Playwright

__all__ = ["PagePlace", "opened", "rendered"]

PAGE_S = 30.0
_PAUSE_MS = 100


@dataclass(frozen=True, slots=True)
class PagePlace:
    """The nodes that a selector finds when the page at a URL has come to rest; fills `Place`.

    `wait_s` is how long the page may take to rest, and then a node to show any digit; `chromium` is the browser,
    without one that of the path, `page_s` the bound of each step; `allowed` are hosts inside that its page may ask.
    """

    url: str
    selector: str
    attribute: str = ""
    wait_s: int = 5
    chromium: Path | None = None
    page_s: float = PAGE_S
    allowed: Allowed = field(default_factory=Allowed)

    def read(self, asked: Asked) -> Sequence[str]:
        """See `Place.read`."""
        url = filled(self.url, asked, in_url)
        with opened(url, self.chromium, self.allowed, self.wait_s, self.page_s) as page:
            return self._texts(page)

    def _texts(self, page: Page) -> list[str]:
        nodes = page.locator(f"xpath={self.selector}" if is_xpath(self.selector) else f"css={self.selector}")
        until = time.monotonic() + self.wait_s
        while True:
            _require_awake(page, self.page_s)
            said = nodes.evaluate_all(
                "(nodes, name) => nodes.map(one => (name ? one.getAttribute(name) : one.innerText) || '')",
                self.attribute,
            )
            texts = [str(text) for text in said]
            if any(one.isdigit() for text in texts for one in text) or time.monotonic() >= until:
                return texts
            page.wait_for_timeout(_PAUSE_MS)


def rendered(url: str, chromium: Path | None, allowed: Allowed, wait_s: int = 5, page_s: float = PAGE_S) -> str:
    """The page at a URL as its scripts have made it, when it has come to rest."""
    with opened(url, chromium, allowed, wait_s, page_s) as page:
        _require_awake(page, page_s)
        return str(page.content())


@contextmanager
def opened(url: str, chromium: Path | None, allowed: Allowed, wait_s: int, page_s: float) -> Iterator[Page]:
    """A page in a browser of its own; raises Unavailable where it does not answer with 200, or holds its visitor."""
    try:
        from playwright.sync_api import Error, sync_playwright
        from playwright.sync_api import TimeoutError as Late
    except ImportError:
        raise Unavailable("a rendered page needs Playwright", hint="pip install 'haoma[render]'") from None
    path = program(chromium)
    try:
        with (
            serving(allowed.and_of(url)) as egress,
            sync_playwright() as playwright,
            _browser(playwright, path, egress) as browser,
        ):
            page = browser.new_context(accept_downloads=False, service_workers="block").new_page()
            page.set_default_timeout(page_s * 1000)
            answer = page.goto(url, wait_until="load")
            if answer is None or answer.status != 200:
                raise Unavailable(f"the page answers with HTTP {answer.status if answer else 0}")
            with suppress(Late):  # a page that never stops asking is at rest when it has had its time
                page.wait_for_load_state("networkidle", timeout=wait_s * 1000)
            yield page
    except Error as error:
        message = f"the page cannot be rendered ({type(error).__name__})"
        raise Unavailable(message, hint="open it in Chromium on this machine") from None


def _require_awake(page: Page, page_s: float) -> None:
    # Where a script holds the page this ends in time; what is asked of the nodes would wait for ever.
    page.wait_for_function("() => true", timeout=page_s * 1000)


def _browser(playwright: Playwright, path: Path, egress: Egress) -> Browser:
    return playwright.chromium.launch(
        executable_path=path, chromium_sandbox=is_sandboxed(), proxy=proxy_of(egress), args=FLAGS
    )
