"""What the crawl needs of the web: one question, one answer, bounded in every way by whoever fills the port."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from haoma.guard.crawl.model import TaskKind

__all__ = ["Ask", "Got", "Web", "header"]

Headers = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Ask:
    """A GET of one address, or what a page sends there, which follows no redirect.

    With `render` a browser opens it and runs its scripts. `wait_for` is a CSS selector that a rendered page is waited
    for; `bind` the address of this machine to ask from; `most` how many requests a rendered page may make.
    """

    url: str
    headers: Headers = ()
    render: bool = False
    wait_for: str | None = None
    bind: str | None = None
    most: int = 100
    method: str = "GET"
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Got:
    """An answer; `status` 0 with a word in `trouble` (timeout, too-large, not-public, no-answer) where none came.

    `raw` is the body as sent, `body` without its content encoding. Of a rendered page `body` is the document as it then
    stood, `picture` a PNG of it, `requests` how many the page made, and `said_no` hosts that told a script of it no.
    """

    url: str
    status: int
    headers: Headers = ()
    body: bytes = b""
    raw: bytes = b""
    ip: str | None = None
    picture: bytes | None = None
    requests: int = 1
    said_no: Sequence[tuple[str, TaskKind]] = ()
    trouble: str | None = field(default=None)


class Web(Protocol):
    """Who fetches."""

    async def get(self, ask: Ask, /) -> Got:
        """Ask once; whatever goes wrong is in the answer."""


def header(headers: Headers, name: str) -> str | None:
    """The first header of a name; None where there is none.

    >>> header([("ETag", '"a"')], "etag")
    '"a"'
    """
    return next((value for key, value in headers if key.lower() == name), None)
