"""The crawl, with the registry that says which numbers are no person's, and what judges each page.

Rules held here:
- Who crawls is asked for when something is fetched: whoever only looks at what was seen needs no contact.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlalchemy as sa

    from haoma.app.services import Services
    from haoma.guard.crawl.model import Snapshot
    from haoma.guard.crawl.run import Manner
    from haoma.guard.crawl.service import Crawl

__all__ = ["crawl"]


def crawl(services: Services) -> Crawl:
    """Who looks for published numbers."""
    from haoma.guard.crawl.service import Crawl
    from haoma.guard.registry.read import known

    def is_hotline(uri: str) -> bool:
        with services.store.read() as tx:
            return bool(known(tx, uri))

    def judge(snapshot: Snapshot, page: bytes) -> None:
        services.looker.snapshot(snapshot, page)

    def recheck(tx: sa.Connection) -> None:
        from haoma.guard.judge.incidents import recheck_open

        recheck_open(tx, services.guard_desk)

    lease = timedelta(seconds=services.settings.crawl_lease_s)
    looked = (is_hotline, judge, recheck)
    return Crawl(services.store, services.ledger, services.now, lambda: _manner(services), lease, *looked)


def _manner(services: Services) -> Manner:
    from haoma.guard.crawl.run import Manner

    settings = services.settings
    return Manner.of_settings(
        settings.crawl_contact,
        settings.crawl_allow,
        settings.crawl_egress,
        settings.crawl_chromium,
        settings.crawl_keys or settings.store_dir / "feed-keys",
    )
