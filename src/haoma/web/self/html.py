"""Pages out of Python: text is escaped wherever it stands, and only what was made here is taken as it is.

Rules held here:
- A `str` is text of somebody's; `Html` is what `tag` made. Nothing else makes one, so that no template can forget to
  escape. An attribute is always quoted, and its value escaped.
"""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from typing import TypeAlias

__all__ = ["Html", "Part", "page", "tag"]

EMPTY = frozenset({"br", "input", "link", "meta"})


class Html(str):
    """Text that is HTML."""

    __slots__ = ()


Part: TypeAlias = str | Iterable[str | None] | None


def tag(element: str, /, *inside: Part, **attributes: str | bool | None) -> Html:
    """An element; what is None or False is left out, `for_` and `class_` are `for` and `class`, `_` is a dash.

    >>> tag("p", "1 < 2", tag("b", "so"), class_="x", hidden=True)
    '<p class="x" hidden>1 &lt; 2<b>so</b></p>'
    """
    opened = f"<{element}{''.join(_attribute(one, value) for one, value in attributes.items())}>"
    return Html(opened if element in EMPTY else f"{opened}{''.join(map(_text, inside))}</{element}>")


def page(language: str, head: Part, body: Part) -> str:
    """A whole page."""
    return f"<!doctype html>\n{tag('html', tag('head', head), tag('body', body), lang=language)}\n"


def _text(part: Part) -> str:
    if part is None:
        return ""
    if isinstance(part, Html):
        return part
    return escape(part) if isinstance(part, str) else "".join(map(_text, part))


def _attribute(name: str, value: str | bool | None) -> str:
    if value is None or value is False:
        return ""
    written = name.rstrip("_").replace("_", "-")
    return f" {written}" if value is True else f' {written}="{escape(value)}"'
