"""The crawl on PostgreSQL."""

from __future__ import annotations

from contracts.crawl import CrawlContract
from contracts.databases import OnServer


class TestOnPostgres(OnServer, CrawlContract):
    pass
