"""From a page to a judgement: what extraction finds on it, held to the registry.

Rules held here:
- Whose a number on a page may be is asked with every organisation of the registry as a rival.
- A snapshot of a source that nobody's numbers are expected at is judged for nobody.
- A browser's page is UTF-8, whatever the server said of the page that it was made of.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from haoma.guard.crawl import sources
from haoma.guard.crawl.model import Snapshot
from haoma.guard.judge.desk import Desk
from haoma.guard.judge.kept import seen_of
from haoma.guard.judge.model import Checked, Seen
from haoma.guard.judge.service import check
from haoma.guard.model import Mention, Names

__all__ = ["Extract", "Looker"]

RENDERED = "text/html; charset=utf-8"


class Extract(Protocol):
    """Finds numbers on a page, and whose they are."""

    def __call__(
        self,
        page: bytes,
        *,
        url: str | None = None,
        content_type: str | None = None,
        names: Names | None = None,
        rivals: Sequence[Names] = (),
    ) -> list[Mention]:
        """The mentions on a page; `names` are those of the organisation that is asked about."""


@dataclass(frozen=True, slots=True)
class Looker:
    """Judges pages at one desk."""

    desk: Desk
    extract: Extract

    def page(self, seen: Seen, page: bytes, content_type: str | None = None) -> Checked:
        """Judge a page as it was seen."""
        with self.desk.store.read() as tx:
            names = self.desk.registry.names(tx, seen.organisation)
            rivals = self.desk.registry.rivals(tx, seen.organisation)
        found = self.extract(page, url=seen.url, content_type=content_type, names=names, rivals=rivals)
        return check(self.desk, seen, found)

    def snapshot(self, snapshot: Snapshot, page: bytes) -> Checked:
        """Judge what the crawl saw, as a reader had it; what the crawl calls after each page."""
        with self.desk.store.read() as tx:
            source = sources.one(tx, snapshot.source)
        if source.organisation is None:
            return Checked(new=False)
        content_type = RENDERED if snapshot.rendered_digest else snapshot.content_type
        return self.page(seen_of(snapshot, source, source.organisation), page, content_type)
