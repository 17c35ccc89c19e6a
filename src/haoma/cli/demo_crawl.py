"""The demo's crawler, in a process of its own: one look at every source for each line that it reads.

Rules held here:
- A line says how many days ago the look is; the answer is a line of JSON: what came of it.
- It ends with its input, so that it never outlives the demo.

Twisted's reactor runs once in a process, and the demo looks again after something was put right.
"""

from __future__ import annotations

import asyncio
import json
import os
import select
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from haoma.errors import Unavailable
from haoma.settings import Settings, load

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

    from haoma.app import Services
    from haoma.guard.crawl.worker import Totals

__all__ = ["Look", "crawler"]

Look = Callable[[int], Mapping[str, int]]
LOOK_S = 60


@contextmanager
def crawler(settings: Settings, folder: Path) -> Iterator[Look]:
    """A crawler on the store of these settings; what it yields looks once, some days ago, and tells what came of it."""
    plain = {name: value for name, value in os.environ.items() if not name.startswith("HAOMA_")}
    command = (sys.executable, "-m", "haoma.cli.demo_crawl")
    with subprocess.Popen(
        command,
        env=plain | settings.environment(),
        cwd=folder,
        text=True,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,  # Ctrl-C is for the demo, which then ends it
    ) as process:
        try:
            yield partial(_looked, process)
        finally:
            process.kill()  # between looks nothing is under way


def _looked(process: subprocess.Popen[str], days_ago: int) -> Mapping[str, int]:
    line = ""
    if process.stdin is not None and process.stdout is not None:
        with suppress(BrokenPipeError):
            process.stdin.write(f"{days_ago}\n")
            process.stdin.flush()
            line = process.stdout.readline() if select.select([process.stdout], [], [], LOOK_S)[0] else ""
    if not line:
        raise Unavailable("the crawler of the demo does not answer", hint="stderr tells why")
    return {str(name): int(count) for name, count in json.loads(line).items()}


def main() -> None:
    """Look whenever a line says so."""
    from haoma.guard.crawl.addresses import Allowed
    from haoma.guard.crawl.scrapy import run_scrapy, scrapy_settings

    settings = load()
    run_scrapy(scrapy_settings(Allowed.of_setting(settings.crawl_allow)), partial(_looks, settings), lambda: None)


async def _looks(settings: Settings, crawler: Crawler) -> None:
    from haoma.app import Services

    with Services(settings, create=False) as services:
        while line := await asyncio.to_thread(sys.stdin.readline):
            totals = await _look(services, crawler, timedelta(days=int(line)))
            sys.stdout.write(json.dumps({"snapshots": totals.snapshots, **totals.ended}) + "\n")
            sys.stdout.flush()


async def _look(services: Services, crawler: Crawler, ago: timedelta) -> Totals:
    from haoma.guard.crawl.run import look
    from haoma.guard.crawl.worker import Work

    crawl = services.crawl
    work = Work(crawl.store, crawl.log, lambda: services.now() - ago, crawl.lease, on_snapshot=crawl.on_snapshot)
    return await look(crawler, work, crawl.manner())


if __name__ == "__main__":
    main()
