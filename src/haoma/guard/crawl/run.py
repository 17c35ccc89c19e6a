"""A crawl in this process: the worker, its visitor, and Scrapy beneath them.

Rules held here:
- Who crawls says who it is and where it can be reached: without the setting `crawl_contact` nothing is fetched.
- The same name to everybody, always; the same address to a host, always.
"""

from __future__ import annotations

import ipaddress
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import haoma
from haoma.errors import BadInput
from haoma.guard.crawl.addresses import Allowed
from haoma.guard.crawl.gate import Gate
from haoma.guard.crawl.urls import normal
from haoma.guard.crawl.visiting import Pace, Visitor
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
    """Crawl until nothing is due, or, where not `once`, until a signal; in the main thread, once a process."""
    from haoma.guard.crawl.scrapy import ScrapyWeb, run_scrapy, scrapy_settings

    worker: list[Worker] = []

    async def run(crawler: Crawler) -> None:
        worker.append(Worker(work))
        web = ScrapyWeb(crawler, manner.agent, manner.allowed)
        gate = Gate(web, time.monotonic)
        visitor = Visitor(
            web, gate, Pace(time.monotonic), work.now, worker[0].stopped_host, worker[0].before, manner.binds
        )
        await worker[0].run(visitor)

    def stop() -> None:
        for one in worker:
            one.stop()

    run_scrapy(scrapy_settings(manner.allowed), run, stop)
    return worker[0].totals if worker else Totals()
