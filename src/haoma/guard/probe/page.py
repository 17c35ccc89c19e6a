"""A hotline on a page as a visitor sees it: Chromium has run its scripts.

Rules held here:
- A page has half a minute for everything, and a browser of its own that ends with it.
- What counts is what stands there when the page has come to rest: a script may write a number late.
- Nothing is downloaded, and nothing of the page is kept but the texts of the nodes that were asked for.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from haoma.errors import Unavailable
from haoma.guard.probe.html import is_xpath
from haoma.guard.probe.model import Asked
from haoma.guard.probe.pointer import filled, in_url

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Playwright

__all__ = ["PagePlace", "opened", "rendered"]

PAGE_S = 30.0
PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
_PAUSE_MS = 100


@dataclass(frozen=True, slots=True)
class PagePlace:
    """The nodes that a selector finds when the page at a URL has come to rest; fills `Place`.

    `wait_s` is how long the page may take to rest, and then a node to show any digit; `chromium` is the browser,
    without one that of the path, `page_s` the bound of each step.
    """

    url: str
    selector: str
    attribute: str = ""
    wait_s: int = 5
    chromium: Path | None = None
    page_s: float = PAGE_S

    def read(self, asked: Asked) -> Sequence[str]:
        """See `Place.read`."""
        with opened(filled(self.url, asked, in_url), self.chromium, self.wait_s, self.page_s) as page:
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


def rendered(url: str, chromium: Path | None, wait_s: int = 5, page_s: float = PAGE_S) -> str:
    """The page at a URL as its scripts have made it, when it has come to rest."""
    with opened(url, chromium, wait_s, page_s) as page:
        _require_awake(page, page_s)
        return str(page.content())


@contextmanager
def opened(url: str, chromium: Path | None, wait_s: int, page_s: float) -> Iterator[Page]:
    """A page in a browser of its own; raises Unavailable where it does not answer with 200, or holds its visitor."""
    try:
        from playwright.sync_api import Error, sync_playwright
        from playwright.sync_api import TimeoutError as Late
    except ImportError:
        raise Unavailable("a rendered page needs Playwright", hint="pip install 'haoma[render]'") from None
    program = str(chromium or _on_the_path())
    try:
        with sync_playwright() as playwright, _browser(playwright, program) as browser:
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


def _browser(playwright: Playwright, program: str) -> Browser:
    # Chromium's sandbox needs another user than root.
    return playwright.chromium.launch(executable_path=program, chromium_sandbox=os.geteuid() != 0)


def _on_the_path() -> str:
    found = next((path for name in PROGRAMS if (path := shutil.which(name))), None)
    if found is None:
        raise Unavailable("a rendered page needs Chromium, which is not installed", hint="apt-get install chromium")
    return found
