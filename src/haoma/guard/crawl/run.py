"""A crawl in this process: the worker, its visitor, and Scrapy beneath them.

Rules held here:
- Who crawls says who it is and where it can be reached: without the setting `crawl_contact` nothing is fetched.
- The same name to everybody, always; the same address to a host, always.
"""

from __future__ import annotations

import ipaddress
import time
from contextlib import AsyncExitStack
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa

import haoma
from haoma.errors import BadInput, Unavailable
from haoma.guard.crawl import tables
from haoma.guard.crawl.addresses import Allowed
from haoma.guard.crawl.chromium import ChromiumWeb, chromium_settings, program
from haoma.guard.crawl.egress import Egress
from haoma.guard.crawl.gate import Gate
from haoma.guard.crawl.urls import normal
from haoma.guard.crawl.visiting import Pace, Visitor
from haoma.guard.crawl.web import Web
from haoma.guard.crawl.worker import Totals, Work, Worker

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

__all__ = ["Manner", "crawl"]


@dataclass(frozen=True, slots=True)
class Manner:
    """How the crawl behaves: where it can be reached, which hosts may lie inside, which addresses it asks from."""

    agent: str
    allowed: Allowed
    binds: tuple[str, ...] = ()
    chromium: Path | None = None

    @classmethod
    def of_settings(cls, contact: str, allow: str, egress: str, chromium: Path | None = None) -> Manner:
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
        return cls(f"haoma/{haoma.__version__} (+{contact})", Allowed.of_setting(allow), binds, chromium)


def crawl(work: Work, manner: Manner) -> Totals:
    """Crawl until nothing is due, or, where not `once`, until a signal; in the main thread, once a process.

    Raises Unavailable where a package or Chromium is missing that a source needs.
    """
    for name in ("lxml", "protego", "warcio"):
        if find_spec(name) is None:
            raise Unavailable(f"the crawl needs {name}", hint="pip install 'haoma[crawl]'")
    from haoma.guard.crawl.scrapy import ScrapyWeb, run_scrapy, scrapy_settings

    browser = program(manner.chromium) if _is_rendering(work) else None
    egress = Egress(manner.allowed) if browser is not None else None
    workers: list[Worker] = []

    async def run(crawler: Crawler) -> None:
        worker = Worker(work)
        workers.append(worker)
        web: Web = ScrapyWeb(crawler, manner.agent, manner.allowed)
        gate = Gate(web, time.monotonic)
        async with AsyncExitStack() as open_:
            if egress is not None:
                await open_.enter_async_context(egress)
                web = ChromiumWeb(crawler, web, gate, manner.agent, egress, worker.stopped_host)
            pace = Pace(time.monotonic)
            await worker.run(Visitor(web, gate, pace, work.now, worker.stopped_host, worker.before, manner.binds))

    def stop() -> None:
        for one in workers:
            one.stop()

    settings = scrapy_settings(manner.allowed)
    if browser is not None and egress is not None:
        settings |= chromium_settings(browser, egress)
    run_scrapy(settings, run, stop)
    return workers[0].totals if workers else Totals()


def _is_rendering(work: Work) -> bool:
    c = tables.sources.c
    wanted: list[sa.ColumnElement[bool]] = [c.render.is_(True), c.stopped_at.is_(None)]
    if work.only is not None:
        wanted.append(c.source_id == work.only)
    query = sa.select(sa.exists().where(*wanted))
    with work.store.read() as tx:
        return bool(tx.scalar(query))
