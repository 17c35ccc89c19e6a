"""A crawl in this process: the worker, its visitor, and Scrapy beneath them.

Rules held here:
- Who crawls says who it is and where it can be reached: without the setting `crawl_contact` nothing is fetched.
- The same name to everybody, always; the same address to a host, always.
"""

from __future__ import annotations

import ipaddress
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa

import haoma
from haoma.errors import BadInput, Unavailable
from haoma.guard.crawl import tables
from haoma.guard.crawl.addresses import Allowed
from haoma.guard.crawl.browser import chromium_settings, program
from haoma.guard.crawl.chromium import ChromiumWeb
from haoma.guard.crawl.egress import Egress
from haoma.guard.crawl.feed import FeedKeys
from haoma.guard.crawl.gate import Gate
from haoma.guard.crawl.urls import normal
from haoma.guard.crawl.visiting import Pace, Visitor
from haoma.guard.crawl.web import Web
from haoma.guard.crawl.worker import Totals, Work, Worker

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

__all__ = ["Manner", "crawl", "look"]


@dataclass(frozen=True, slots=True)
class Manner:
    """How the crawl behaves: where it can be reached, which hosts may lie inside, which addresses it asks from.

    `keys` is the folder with the keys of feeds.
    """

    agent: str
    allowed: Allowed
    binds: tuple[str, ...] = ()
    chromium: Path | None = None
    keys: Path | None = None

    @classmethod
    def of_settings(
        cls, contact: str, allow: str, egress: str, chromium: Path | None = None, keys: Path | None = None
    ) -> Manner:
        """Read the settings of the crawl; raises BadInput where one is wrong."""
        if normal(contact) is None:
            message = "the crawl does not say who it is" if not contact else "crawl_contact is no address of a page"
            raise BadInput(
                message, hint="crawl_contact: a page that tells who crawls, and how to be left alone: https://…"
            )
        binds = tuple(part.strip() for part in egress.split(",") if part.strip())
        for one in binds:
            try:
                ipaddress.ip_address(one)
            except ValueError:
                raise BadInput(
                    "crawl_egress names what is no address of this machine", hint="203.0.113.7, 203.0.113.8"
                ) from None
        return cls(f"haoma/{haoma.__version__} (+{contact})", Allowed.of_setting(allow), binds, chromium, keys)


def crawl(work: Work, manner: Manner) -> Totals:
    """Crawl until nothing is due, or, where not `once`, until a signal; in the main thread, once a process.

    Raises Unavailable where a package or Chromium is missing that a source needs.
    """
    for name in ("lxml", "protego", "warcio"):
        if find_spec(name) is None:
            raise Unavailable(f"the crawl needs {name}", hint="pip install 'haoma[crawl]'")
    from haoma.guard.crawl.scrapy import run_scrapy, scrapy_settings

    browser = program(manner.chromium) if _is_rendering(work) else None
    egress = Egress(manner.allowed) if browser is not None else None
    workers: list[Worker] = []

    async def run(crawler: Crawler) -> None:
        await look(crawler, work, manner, egress, workers.append)

    def stop() -> None:
        for one in workers:
            one.stop()

    settings = scrapy_settings(manner.allowed)
    if browser is not None and egress is not None:
        settings |= chromium_settings(browser, egress)
    run_scrapy(settings, run, stop)
    return workers[0].totals if workers else Totals()


async def look(
    crawler: Crawler,
    work: Work,
    manner: Manner,
    egress: Egress | None = None,
    begun: Callable[[Worker], None] = lambda _worker: None,
) -> Totals:
    """Have a worker work, over a Scrapy that runs; pages are rendered where there is an `egress` for them."""
    from haoma.guard.crawl.scrapy import ScrapyWeb

    worker, plain, pace = Worker(work), ScrapyWeb(crawler, manner.agent, manner.allowed), Pace(time.monotonic)
    begun(worker)
    gate, stopped = Gate(plain, time.monotonic), worker.stopped_host
    keys = FeedKeys(manner.keys, manner.allowed) if manner.keys else None

    def visitor(web: Web) -> Visitor:
        return Visitor(web, gate, pace, worker.now, stopped, worker.before, manner.binds, keys)

    if egress is None:
        return await worker.run(visitor(plain))
    async with egress:
        return await worker.run(visitor(ChromiumWeb(crawler, plain, gate, manner.agent, egress, stopped, pace)))


def _is_rendering(work: Work) -> bool:
    c = tables.sources.c
    wanted: list[sa.ColumnElement[bool]] = [c.render.is_(True), c.stopped_at.is_(None)]
    if work.only is not None:
        wanted.append(c.source_id == work.only)
    query = sa.select(sa.exists().where(*wanted))
    with work.store.read() as tx:
        return bool(tx.scalar(query))
