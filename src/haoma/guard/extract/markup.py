"""The text of a page made a tree, whatever state it is in, and what its head says.

Rules held here:
- What costs libxml2 more than the text's length is taken out beforehand; a page too deep for it is read flat.
- Names of elements are cut to what people write before anybody reads them: these are read for each number anew.
- Title, meta and scripts with data are taken where they stand: in real pages, anywhere.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from haoma.guard.extract.state import holds_numbers

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lxml import etree

    from haoma.guard.extract.lines import Element, Page

__all__ = ["BLANK", "LONGEST_NAMES", "SPACE", "names_of", "read_head", "tree_of"]

PARTED = re.compile(r"[\s|｜_【】\[\]–—-]+")  # an article's title, whose site none of its parts names
BLOCKS = re.compile(r"</?(?!(?:a|img|script|style|title|meta)\b)[a-zA-Z][^<>]*>")
LONG_TAG = 10_000  # characters
# As HTML 5 parts them: a quote behind = may hold a >, and what follows needs no space.
ATTRIBUTE = re.compile(r"[^\s/>][^\s/>=]*+(?:\s*+=\s*+(?:\"[^\"]*+\"?|'[^']*+'?|[^\s>]*+))?+")
TAG = re.compile(rf"<[a-zA-Z][^\s/>]*+(?:[\s/]*+{ATTRIBUTE.pattern})*+[\s/]*+>?")
MOST_ATTRIBUTES = 1_000
LONGEST_TITLE, LONGEST_META, LONGEST_NAMES = 300, 1_000, 200  # characters; names are an element's classes, or its id
NAMING = frozenset(("class", "id", "itemprop", "property", "rel"))
LONGEST_VALUE = 1_000
BLANK = " \t\r\n\f\v"
SPACE = re.compile(f"[{BLANK}]+")


def tree_of(html: str) -> Element:
    """The root of a page's elements; of an empty page, one with nothing in it."""
    text = _bearable(html.replace("\0", ""))
    root, deep = _tree(text)
    # libxml2 drops what lies deeper than its bound and all that follows: such a page is read flat instead.
    if deep:
        root, _ = _tree(BLOCKS.sub("<br>", text))
    for value in _long()(root):
        if value.attrname in NAMING:
            value.getparent().set(value.attrname, value[:LONGEST_VALUE])
    return root


@cache
def _long() -> etree.XPath:
    """Finds the attributes that are longer than people write names."""
    from lxml import etree

    return etree.XPath(f"//@*[string-length() > {LONGEST_VALUE}]")


def _bearable(text: str) -> str:
    """A page without tags of so many attributes that libxml2, looking for each among all before it, takes minutes."""
    kept, last = [], 0
    for tag in TAG.finditer(text):
        start, end = tag.span()
        if end - start > LONG_TAG and len(ATTRIBUTE.findall(text, start, end)) > MOST_ATTRIBUTES:
            kept.append(text[last:start])
            last = end
    return "".join([*kept, text[last:]])


def _tree(text: str) -> tuple[Element, bool]:
    from lxml import etree

    # The page's own claim of a charset has been settled already.
    parser = etree.HTMLParser(encoding="utf-8", huge_tree=True, remove_pis=True)
    root = etree.fromstring(text.encode("utf-8", "replace").strip() or b"<html/>", parser)
    deep = any("depth" in entry.message for entry in parser.error_log)
    return (etree.fromstring(b"<html/>", parser) if root is None else root), deep


def read_head(page: Page) -> None:
    """Put a page's title, meta and structured data into it."""
    for element in page.root.iter("title", "meta", "script", "base", "link"):
        if element.tag == "title" and not page.title:
            page.title = SPACE.sub(" ", "".join(element.itertext())).strip()[:LONGEST_TITLE]
        elif element.tag == "script" and "ld+json" in (element.get("type") or "").lower():
            page.data.append((element.text or "", element))
        elif element.tag == "script" and element.text and holds_numbers(element.text):
            page.state.append((element.text, element))
        elif element.tag == "meta":
            name = (element.get("name") or element.get("property") or element.get("http-equiv") or "").lower()
            page.meta.setdefault(name, (element.get("content") or "")[:LONGEST_META])
        elif element.tag == "base":
            page.meta.setdefault("base", (element.get("href") or "")[:LONGEST_META])
        elif element.tag == "link" and element.get("rel") == "canonical":
            page.meta.setdefault("canonical", (element.get("href") or "")[:LONGEST_META])
    page.title = page.title or PARTED.sub(" ", page.meta.get("og:title", "")).strip()[:LONGEST_TITLE]
    html = (
        page.root.get("lang")
        or page.root.get("{http://www.w3.org/XML/1998/namespace}lang")
        or page.root.get("xml:lang")
    )
    page.meta["lang"] = html or page.meta.get("content-language", "")


def names_of(told: Element | Mapping[str, str]) -> str:
    """The classes and the id of an element, as far as people write them: these are searched over and over."""
    return f"{told.get('class', '')[:LONGEST_NAMES]} {told.get('id', '')[:LONGEST_NAMES]}"
