"""A hotline on a page that nobody has marked: the numbers there are read as the crawl reads them.

Rules held here:
- What counts is what the page shows as the organisation's own: its hotline where that is among it, else its surest
  number for the same purpose.
- A page that cannot be read is a place that does not answer.
- A page that shows the hotline and leaves open whose it is cannot tell; one that shows it as somebody else's shows
  none of ours. A hotline that stands there as a fax is not there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from haoma.errors import Unavailable
from haoma.guard.crawl.addresses import Allowed
from haoma.guard.model import Belongs, Mention, Purpose, Role
from haoma.guard.probe.files import content_of
from haoma.guard.probe.http import fetch
from haoma.guard.probe.model import Asked
from haoma.guard.probe.page import rendered
from haoma.guard.probe.pointer import filled, in_url
from haoma.guard.reading import Bounds, Readers, Unreadable

__all__ = ["MentionsPlace", "shown_as_ours"]


RENDERED = "text/html; charset=utf-8"


@dataclass(frozen=True, slots=True)
class MentionsPlace:
    """What the page at a URL, or in a file, shows as the organisation's own; fills `Place`.

    `render` has its scripts run first, by `chromium` or the one on the path, which may ask `allowed` hosts inside; who
    reads it stays within `bounds`.
    """

    url: str = ""
    file: Path | None = None
    render: bool = False
    chromium: Path | None = None
    allowed: Allowed = field(default_factory=Allowed)
    bounds: Bounds = field(default_factory=Bounds)

    def read(self, asked: Asked) -> Sequence[str]:
        """See `Place.read`."""
        url = filled(self.url, asked, in_url)
        page, content_type = self._page(url, asked)
        with Readers(self.bounds, 1) as read:
            try:
                found = read(page, url=url or None, content_type=content_type, names=asked.names, rivals=asked.rivals)
            except Unreadable as error:
                raise Unavailable(str(error)) from None
        return shown_as_ours(found, asked)

    def _page(self, url: str, asked: Asked) -> tuple[bytes, str | None]:
        if self.render:
            return rendered(url, self.chromium, self.allowed).encode("utf-8", "replace"), RENDERED
        if self.file is not None:
            return content_of(self.file, asked), None
        got = fetch(url, "text/html")
        return got.body or b"", got.content_type


def shown_as_ours(mentions: Sequence[Mention], asked: Asked) -> list[str]:
    """The number that a page shows as the organisation's; raises Unavailable where it leaves that open."""
    seen = [one for one in mentions if not one.hidden]
    ours = [one for one in seen if one.organisation is Belongs.TARGET and _answers(one, asked)]
    if any(one.uri == asked.uri for one in ours):
        return [asked.uri]
    if any(one.uri == asked.uri and one.organisation is Belongs.UNSURE for one in seen):
        raise Unavailable("the page leaves open whose the hotline is", hint='name the node: kind = "page", selector')
    like = [one for one in ours if one.purpose in asked.purposes] or ours
    return [max(like, key=lambda one: one.confidence).text] if like else []


def _answers(one: Mention, asked: Asked) -> bool:
    return one.role is not Role.FAX or Purpose.FAX in asked.purposes
