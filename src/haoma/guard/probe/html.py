"""A hotline on a page as it is served, before any script has run.

Rules held here:
- A selector is CSS, or XPath where it begins with `/` or `(`.
- What a node says is its text, or an attribute of it; a node that is there twice and says one number says it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from haoma.errors import Unavailable
from haoma.guard.probe.files import content_of
from haoma.guard.probe.http import fetch
from haoma.guard.probe.model import Asked
from haoma.guard.probe.pointer import filled, in_url

if TYPE_CHECKING:
    from lxml.html import HtmlElement

__all__ = ["HtmlPlace", "is_xpath"]


def is_xpath(selector: str) -> bool:
    """Whether a selector is XPath; CSS begins with neither of its marks.

    >>> is_xpath("//a[@id='tel']"), is_xpath("#tel")
    (True, False)
    """
    return selector.startswith(("/", "("))


@dataclass(frozen=True, slots=True)
class HtmlPlace:
    """The nodes that a selector finds in the page at a URL, or in a file; fills `Place`."""

    selector: str
    url: str = ""
    file: Path | None = None
    attribute: str = ""

    def read(self, asked: Asked) -> Sequence[str]:
        """See `Place.read`."""
        if self.file is None:
            got = fetch(filled(self.url, asked, in_url), "text/html")
            body, content_type = got.body, got.content_type
        else:
            body, content_type = content_of(self.file, asked), ""
        if body is None or not body.strip():
            return []
        nodes = _found(_tree(body, content_type), self.selector)
        return [node.get(self.attribute, "") if self.attribute else node.text_content() for node in nodes]


def _tree(body: bytes, content_type: str) -> HtmlElement:
    try:
        import lxml.html
    except ImportError:
        raise Unavailable("reading a page needs lxml", hint="pip install 'haoma[guard]'") from None
    from haoma.guard.extract.charset import decode

    try:
        # A page that says a charset in its text and comes as text is refused by lxml: it is given as UTF-8.
        parser = lxml.html.HTMLParser(encoding="utf-8")
        return lxml.html.document_fromstring(decode(body, content_type).encode("utf-8", "replace"), parser=parser)
    except (lxml.etree.LxmlError, ValueError):
        raise Unavailable("the page cannot be read") from None


def _found(tree: HtmlElement, selector: str) -> list[HtmlElement]:
    try:
        import lxml.cssselect
    except ImportError:
        raise Unavailable("following a selector needs cssselect", hint="pip install 'haoma[guard]'") from None
    import lxml.etree

    try:
        found = tree.xpath(selector) if is_xpath(selector) else tree.cssselect(selector)
    except (lxml.etree.XPathError, lxml.cssselect.SelectorError) as error:
        raise Unavailable(f"the selector cannot be followed ({type(error).__name__})") from None
    return [node for node in found if isinstance(node, lxml.html.HtmlElement)] if isinstance(found, list) else []
