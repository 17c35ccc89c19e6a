"""The texts at a place of a document: JSON Pointer (RFC 6901), with the hotline's names filled in.

Rules held here:
- `{uid}`, `{organisation}` and `{key}` are the only names; each is escaped as its place asks.
- What is there is a text, a whole number, a list of such, or nothing. Anything else is a place that cannot be read.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from urllib.parse import quote

from haoma.errors import Unavailable
from haoma.guard.probe.model import Asked

__all__ = ["at_pointer", "filled", "in_pointer", "in_url", "texts_of"]


def filled(text: str, asked: Asked, escape: Callable[[str], str] = str) -> str:
    """A text with the names of a hotline filled in."""
    for name, value in asked.fields().items():
        text = text.replace(f"{{{name}}}", escape(value))
    return text


def in_url(text: str) -> str:
    """A name as it stands in a URL."""
    return quote(text, safe="")


def in_pointer(text: str) -> str:
    """A name as it stands in a JSON Pointer (RFC 6901 §3).

    >>> in_pointer("a/b~c")
    'a~1b~0c'
    """
    return text.replace("~", "~0").replace("/", "~1")


def at_pointer(document: object, pointer: str) -> Sequence[str]:
    """What stands at a pointer, as texts; none where nothing does.

    >>> at_pointer({"hotlines": [{"phone": "95588"}]}, "/hotlines/0/phone")
    ['95588']
    """
    found = document
    for raw in pointer.split("/")[1:]:
        name = raw.replace("~1", "/").replace("~0", "~")
        if isinstance(found, dict):
            found = found.get(name)
        elif isinstance(found, list):
            found = found[int(name)] if name.isascii() and name.isdigit() and int(name[:6]) < len(found) else None
        else:
            return []
    return texts_of(found)


def texts_of(found: object, *, nested: bool = True) -> list[str]:
    """A value as texts, one in a list of lists at the deepest: raises Unavailable for what is none, or deeper."""
    if found is None:
        return []
    if isinstance(found, list) and (nested or not any(isinstance(one, list) for one in found)):
        return [text for one in found for text in texts_of(one, nested=False)]
    if isinstance(found, bool) or not isinstance(found, str | int):
        raise Unavailable("what stands there is neither a text nor a number", hint="point at the number itself")
    return [str(found)]
