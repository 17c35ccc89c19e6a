from __future__ import annotations

from contracts.crawl import CrawlContract
from contracts.databases import OnFiles


class TestOnSqlite(OnFiles, CrawlContract):
    pass
