"""Pages a second of a crawl with robots gate, WARC and log, beside plain Scrapy in the same run.

Rules held here:
- A site of pages of 10 kB that lead to ten more each, on loopback, from a process of its own that does nothing else.
- The peer is a spider of Scrapy's own kind, with as many requests at once: it follows the same links and keeps
  nothing. haoma waits for robots.txt, keeps every page as a record of WARC and tells the log of it. Nothing is
  extracted.
- Wall time in a process of its own, from the first request until the last page is on the disk, best of three. Every
  page must be there once, or the run ends.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.figure import Figure, require
from haoma.guard.crawl import entries, sources
from haoma.guard.crawl.model import Kind, Source
from haoma.ledger.service import Ledger
from haoma.storage import open_store

__all__ = ["crawl"]

RUNS = 3
PEER = "plain Scrapy"
_SITE = """
import asyncio, sys
pages = int(sys.argv[1])
filling = "<p>" + "某某基金管理有限公司 客服热线 95588 " * 150 + "</p>"

def page(number):
    links = "".join(f"<a href=/p/{n}>{n}</a>" for n in range(number * 10 + 1, min(number * 10 + 11, pages)))
    return f"<html><title>{number}</title>{links}{filling}</html>".encode()

class Site(asyncio.Protocol):
    def connection_made(self, transport):
        self.transport, self.head = transport, b""
    def data_received(self, data):
        self.head += data
        while b"\\r\\n\\r\\n" in self.head:
            one, _, self.head = self.head.partition(b"\\r\\n\\r\\n")
            path = one.split(b" ", 2)[1]
            rules = path == b"/robots.txt"
            body = b"User-agent: *\\nDisallow: /no\\n" if rules else page(int(path.rpartition(b"/")[2]))
            kind = b"text/plain" if rules else b"text/html; charset=utf-8"
            self.transport.write(
                b"HTTP/1.1 200 OK\\r\\nContent-Type: %s\\r\\nContent-Length: %d\\r\\n\\r\\n%s" % (kind, len(body), body)
            )

async def main():
    server = await asyncio.get_running_loop().create_server(Site, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()

asyncio.run(main())
"""
_PLAIN = """
import json, sys, time
from scrapy import Spider
from scrapy.crawler import AsyncCrawlerProcess

class Plain(Spider):
    name = "plain"
    start_urls = [sys.argv[1]]
    pages = 0
    def parse(self, response):
        Plain.pages += 1
        for href in response.css("a::attr(href)").getall():
            yield response.follow(href)

process = AsyncCrawlerProcess({
    "CONCURRENT_REQUESTS": 24, "CONCURRENT_REQUESTS_PER_DOMAIN": 8, "DOWNLOAD_DELAY": 0, "LOG_ENABLED": False,
    "TELNETCONSOLE_ENABLED": False, "REMOTE_CONTROL_ENABLED": False,
})
process.crawl(Plain)
began = time.perf_counter()
process.start()
print(json.dumps({"pages": Plain.pages, "seconds": time.perf_counter() - began}))
"""
_HAOMA = """
import json, time
from haoma.app import Services
from haoma.settings import load

with Services(load()) as services:
    services.store
    began = time.perf_counter()
    totals = services.crawl.run()
    print(json.dumps({"pages": totals.snapshots, "seconds": time.perf_counter() - began}))
"""


def crawl(pages: int) -> Iterator[Figure]:
    """Pages a second over a site of so many."""
    with _site(pages) as url:
        ours = max(_haoma(url, pages) for _ in range(RUNS))
        theirs = max(_rate([sys.executable, "-c", _PLAIN, url], dict(os.environ), pages) for _ in range(RUNS))
    yield Figure("a site crawled: robots gate, WARC, log", "pages/s", ours, PEER, theirs)


@contextmanager
def _site(pages: int) -> Iterator[str]:
    with subprocess.Popen([sys.executable, "-c", _SITE, str(pages)], stdout=subprocess.PIPE, text=True) as served:
        try:
            port = (served.stdout.readline() if served.stdout else "").strip()
            require(port, "the site does not start")
            yield f"http://127.0.0.1:{port}/p/0"
        finally:
            served.kill()


def _haoma(url: str, pages: int) -> float:
    with TemporaryDirectory(dir=Path.cwd()) as place:
        database = f"sqlite:///{place}/haoma.db"
        now = datetime.now(UTC)
        source = Source(str(uuid.uuid4()), Kind.PAGE, url, "bench", "", budget_per_day=1_000_000, depth=20, delay_ms=0)
        with open_store(database) as store:
            log = Ledger(store, entries.ENTRY_TYPES, lambda: now)
            store.write(lambda tx: sources.add(tx, log, source, now))
        told = {"DATABASE": database, "STORE_DIR": place, "CRAWL_CONTACT": "https://www.example.com/crawler"}
        told["CRAWL_ALLOW"] = "127.0.0.1"
        env = os.environ | {f"HAOMA_{name}": value for name, value in told.items()}
        return _rate([sys.executable, "-c", _HAOMA], env, pages)


def _rate(command: Sequence[str], env: dict[str, str], pages: int) -> float:
    ended = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    require(ended.returncode == 0, ended.stderr)
    told = json.loads(ended.stdout)
    require(told["pages"] == pages, f"{told['pages']:,} pages of {pages:,} were seen")
    return float(pages / told["seconds"])
