"""The addresses that a page leads to, on its own host, each once.

Rules held here:
- Only what a reader could click: links and frames; what is downloaded (pictures, archives, documents) is left out.
- Addresses that may hold a person's own number are left out, and so is what a page asks not to be followed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

from haoma.guard.crawl.urls import holds_mobile, host_of, normal

if TYPE_CHECKING:
    from lxml import etree

__all__ = ["links_in"]

MOST = 2_000
_FILES = re.compile(
    r"\.(?:jpe?g|png|gif|webp|svg|ico|bmp|css|js|json|pdf|docx?|xlsx?|pptx?|zip|rar|7z|gz|apk|exe|dmg|mp[34]|avi|mov|woff2?|ttf)$",
    re.IGNORECASE,
)
_TAGS = ("a", "area", "iframe", "frame", "base")


def links_in(page: bytes, url: str) -> list[str]:
    """The addresses on the host of `url` that its page leads to, in order, in their one spelling, 2,000 at the most."""
    base, found = url, dict[str, None]()
    for tag in _tags(page):
        to = str(tag.get("href") or tag.get("src") or "").strip()
        if tag.tag == "base":
            base = _joined(url, to) or url
            continue
        target = _joined(base, to) if to and "nofollow" not in str(tag.get("rel") or "") else None
        if target and host_of(target) == host_of(url) and not _left_out(target):
            found.setdefault(target)
            if len(found) == MOST:
                break
    return list(found)


def _tags(page: bytes) -> Iterator[etree._Element]:
    from lxml import etree

    try:
        root = etree.HTML(page, etree.HTMLParser(recover=True, no_network=True, remove_comments=True))
    except (etree.XMLSyntaxError, ValueError):
        return iter(())
    return iter(()) if root is None else root.iter(*_TAGS)


def _joined(base: str, text: str) -> str | None:
    try:
        return normal(urljoin(base, text))
    except ValueError:
        return None


def _left_out(url: str) -> bool:
    return holds_mobile(url) or _FILES.search(urlsplit(url).path) is not None
