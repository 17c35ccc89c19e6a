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
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from haoma.errors import Unavailable
from haoma.guard.probe.html import is_xpath
from haoma.guard.probe.model import Asked
from haoma.guard.probe.pointer import filled, in_url

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Playwright

__all__ = ["PagePlace"]

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
        try:
            from playwright.sync_api import Error, sync_playwright
        except ImportError:
            raise Unavailable("a rendered page needs Playwright", hint="pip install 'haoma[render]'") from None
        try:
            with sync_playwright() as playwright, self._browser(playwright) as browser:
                return self._texts(browser, filled(self.url, asked, in_url))
        except Error as error:
            message = f"the page cannot be rendered ({type(error).__name__})"
            raise Unavailable(message, hint="open it in Chromium on this machine") from None

    def _browser(self, playwright: Playwright) -> Browser:
        program = str(self.chromium or _on_the_path())
        # Chromium's sandbox needs another user than root.
        return playwright.chromium.launch(executable_path=program, chromium_sandbox=os.geteuid() != 0)

    def _texts(self, browser: Browser, url: str) -> list[str]:
        from playwright.sync_api import TimeoutError as Late

        end = time.monotonic() + self.page_s
        page = browser.new_context(accept_downloads=False, service_workers="block").new_page()
        page.set_default_timeout(self.page_s * 1000)
        answer = page.goto(url, wait_until="load")
        if answer is None or answer.status != 200:
            raise Unavailable(f"the page answers with HTTP {answer.status if answer else 0}")
        with suppress(Late):  # a page that never stops asking is at rest when it has had its time
            page.wait_for_load_state("networkidle", timeout=self.wait_s * 1000)
        nodes = page.locator(f"xpath={self.selector}" if is_xpath(self.selector) else f"css={self.selector}")
        until = min(end, time.monotonic() + self.wait_s)
        while True:
            # Where a script holds the page this ends in time; what is asked of the nodes would wait for ever.
            page.wait_for_function("() => true", timeout=self.page_s * 1000)
            said = nodes.evaluate_all(
                "(nodes, name) => nodes.map(one => (name ? one.getAttribute(name) : one.innerText) || '')",
                self.attribute,
            )
            texts = [str(text) for text in said]
            if any(one.isdigit() for text in texts for one in text) or time.monotonic() >= until:
                return texts
            page.wait_for_timeout(_PAUSE_MS)


def _on_the_path() -> str:
    found = next((path for name in PROGRAMS if (path := shutil.which(name))), None)
    if found is None:
        raise Unavailable("a rendered page needs Chromium, which is not installed", hint="apt-get install chromium")
    return found
