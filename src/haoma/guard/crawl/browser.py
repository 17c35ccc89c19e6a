"""Chromium, as it is started wherever a page is rendered: the system's own, with one way out.

Rules held here:
- Its one way out is `Egress`, also for what nobody asked it to fetch and for names of this machine; nothing leaves by
  UDP.
- It runs in its sandbox, but for root, whom the sandbox does not take.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from haoma.errors import Unavailable

if TYPE_CHECKING:
    from playwright.sync_api import ProxySettings

    from haoma.guard.crawl.egress import Egress

__all__ = ["AT_ONCE", "FLAGS", "LOAD_MS", "chromium_settings", "is_sandboxed", "program", "proxy_of"]

PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
LOAD_MS = 30_000
AT_ONCE = 4
FLAGS = (
    "--webrtc-ip-handling-policy=disable_non_proxied_udp",
    "--force-webrtc-ip-handling-policy=disable_non_proxied_udp",  # as Chromium called it before
    "--disable-shared-workers",  # what they ask for belongs to no page, and would pass no gate
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
)
_HANDLER = "scrapy_playwright.handler.ScrapyPlaywrightDownloadHandler"


def program(given: Path | None) -> Path:
    """The Chromium to run; raises Unavailable where there is none."""
    found = given or next((Path(path) for name in PROGRAMS if (path := shutil.which(name))), None)
    if found is None or not os.access(found, os.X_OK):
        raise Unavailable("a page is to be rendered, and there is no Chromium", hint="apt-get install chromium")
    return found


def is_sandboxed() -> bool:
    """Whether it can run in its sandbox."""
    return os.geteuid() != 0


def proxy_of(egress: Egress) -> ProxySettings:
    """Its way out."""
    return {"server": egress.url, "username": egress.user, "password": egress.password}


def chromium_settings(path: Path, egress: Egress) -> dict[str, object]:
    """What Scrapy's settings need beyond the plain ones; raises Unavailable where what joins the two is missing."""
    try:
        import scrapy_playwright  # noqa: F401
    except ImportError:
        raise Unavailable("pages are rendered by scrapy-playwright", hint="pip install 'haoma[render]'") from None
    return {
        "DOWNLOAD_HANDLERS": {"http": _HANDLER, "https": _HANDLER},
        "PLAYWRIGHT_BROWSER_TYPE": "chromium",
        "PLAYWRIGHT_DEFAULT_NAVIGATION_TIMEOUT": LOAD_MS,
        "PLAYWRIGHT_MAX_CONTEXTS": AT_ONCE,
        "PLAYWRIGHT_MAX_PAGES_PER_CONTEXT": 1,
        "PLAYWRIGHT_PROCESS_REQUEST_HEADERS": None,
        "PLAYWRIGHT_LAUNCH_OPTIONS": {
            "executable_path": str(path),
            "chromium_sandbox": is_sandboxed(),
            "proxy": proxy_of(egress),
            "args": [*FLAGS],
        },
    }
